package io.amalgam.cli.inspect;

import io.amalgam.ModelLoader;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.Rescaled;
import io.amalgam.internal.compare.Compared;
import io.amalgam.recipe.Location;
import io.amalgam.recipe.ModelRef;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The models that a command compares, opened as those of recipes are. */
final class ComparedModels implements Closeable {
    private static final Path HERE = Path.of("");

    private final List<Compared> all = new ArrayList<>();

    /**
     * @param names the reference's first
     * @throws io.amalgam.error.BadInputException if one cannot be opened
     */
    static ComparedModels open(ModelLoader formats, List<String> names) throws IOException {
        ComparedModels opened = new ComparedModels();
        formats.models(List.of(HERE))
                .announce(names.stream().map(ComparedModels::reference).toList());
        try {
            for (String name : names) {
                opened.all.add(new Compared(name, open(formats, name)));
            }
            return opened;
        } catch (IOException | RuntimeException e) {
            opened.close();
            throw e;
        }
    }

    /** Where a path exists as it stands, {@code +} and {@code @} mean nothing in it. */
    private static ModelRef reference(String name) {
        return Files.exists(Path.of(name))
                ? ModelRef.of(name)
                : ModelRef.parse(name, Location.NONE);
    }

    private static Checkpoint open(ModelLoader formats, String name) throws IOException {
        ModelRef written = reference(name);
        return written.adapters().isEmpty()
                ? formats.open(formats.place(Path.of(name)), name)
                : formats.models(List.of(HERE)).open(written);
    }

    Compared base() {
        return all.get(0);
    }

    List<Compared> models() {
        return all.subList(1, all.size());
    }

    /** What is to be known of them before their numbers are believed. */
    List<Problem> warnings() {
        List<Problem> warnings = new ArrayList<>();
        for (Compared one : all) {
            Checkpoint model = one.model();
            warnings.addAll(model.warnings());
            if (Rescaled.problem(one.name(), model).isPresent()) {
                warnings.add(
                        Problem.of(
                                        "model '"
                                                + one.name()
                                                + "' has scales moved between its tensors: single tensors differ from other models' though the network does the same")
                                .hint("compare the model it was made from"));
            }
            model.quantisation()
                    .filter(how -> !how.readable())
                    .ifPresent(
                            how ->
                                    warnings.add(
                                            Problem.of(
                                                            "model '"
                                                                    + one.name()
                                                                    + "' is quantised with "
                                                                    + how.name()
                                                                    + ", which is not read: its codes are compared as they are stored")
                                                    .hint("compare the model it was made from")));
        }
        return warnings;
    }

    @Override
    public void close() throws IOException {
        for (Compared one : all) {
            one.model().close();
        }
    }
}
