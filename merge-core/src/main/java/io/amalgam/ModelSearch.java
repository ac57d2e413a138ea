package io.amalgam;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.PathOrName;
import io.amalgam.internal.checkpoint.RemoteModels;
import io.amalgam.internal.checkpoint.RemoteModels.Named;
import io.amalgam.internal.checkpoint.WrittenPath;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.ModelRef.AdapterRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * Where the models and adapters of a recipe are: at a path, or fetched by name.
 *
 * @param searched folders that relative paths are resolved against, in order
 * @param remote models with names
 */
record ModelSearch(List<Path> searched, RemoteModels remote) {
    private static final String LOCAL =
            "models are local paths, looked for from the working directory and the recipe's folder; download it first";

    ModelSearch {
        searched = List.copyOf(searched);
    }

    /** What a reference leads to without fetching anything. */
    Optional<Path> present(String written, Optional<String> revision) {
        return existing(written).or(() -> remote.present(written, revision));
    }

    /** Where a path exists: in the first folder that has it. */
    Optional<Path> existing(String written) {
        return searched.stream()
                .filter(folder -> exists(folder, written))
                .map(folder -> resolve(folder, written))
                .findFirst();
    }

    /** False for what is no path at all, as on Windows one with a colon inside. */
    private static boolean exists(Path folder, String path) {
        try {
            return Files.exists(folder.resolve(WrittenPath.expanded(path)).normalize());
        } catch (InvalidPathException e) {
            return false;
        }
    }

    /**
     * Where a model or adapter is; a name without a path is fetched.
     *
     * @param kind what messages call it
     * @param model the reference that names it
     * @throws BadInputException if it is nowhere
     */
    Path find(String kind, String written, Optional<String> revision, ModelRef model)
            throws IOException {
        for (Path folder : searched) {
            Path path = resolve(folder, written);
            if (Files.exists(path)) {
                return path;
            }
        }
        if (remote.takes(written)) {
            return fetched(kind, written, revision, model);
        }
        List<String> tried =
                searched.stream().map(f -> "'" + resolve(f, written) + "'").distinct().toList();
        String name = model.lora().isEmpty() ? model.toString() : written;
        if (revision.isPresent()) {
            throw new BadInputException(revisionOfNothing(written, revision.get(), model));
        }
        boolean literal =
                model.lora().isPresent()
                        && searched.stream()
                                .anyMatch(f -> Files.exists(resolve(f, model.toString())));
        throw new BadInputException(
                Problem.expected(
                                kind + " '" + name + "'",
                                "an existing path",
                                "nothing at " + String.join(" or ", tried))
                        .at(model.location())
                        .hint(
                                literal
                                        ? model.literalForm()
                                        : WrittenPath.modelOrNearest(tried(written), LOCAL)));
    }

    /** Takes note of what will be fetched, before the first is. */
    void announce(Collection<ModelRef> models) throws IOException {
        List<Named> names = new ArrayList<>();
        for (ModelRef model : models) {
            name("model", model.path(), model.revision()).ifPresent(names::add);
            for (AdapterRef adapter : model.adapters()) {
                if (adapter.suffix().isEmpty() || existing(adapter.literalPath()).isEmpty()) {
                    name("adapter", adapter.path(), adapter.revision()).ifPresent(names::add);
                }
            }
        }
        if (!names.isEmpty()) {
            remote.announce(names);
        }
    }

    /** What {@link #find} would fetch. */
    private Optional<Named> name(String kind, String written, Optional<String> revision) {
        return existing(written).isEmpty()
                        && new PathOrName(remote, kind)
                                .isAskedFor(written, revision, tried(written))
                ? Optional.of(new Named(written, revision))
                : Optional.empty();
    }

    private List<Path> tried(String written) {
        return searched.stream().map(f -> resolve(f, written)).toList();
    }

    private Path fetched(String kind, String name, Optional<String> revision, ModelRef model)
            throws IOException {
        try {
            return new PathOrName(remote, kind).fetch(name, revision, tried(name));
        } catch (BadInputException e) {
            BadInputException placed =
                    new BadInputException(
                            e.problems().stream().map(p -> p.at(model.location())).toList(),
                            e.warnings());
            placed.initCause(e);
            throw placed;
        }
    }

    private static Problem revisionOfNothing(String path, String revision, ModelRef model) {
        return Problem.of(
                        "revision '%s' of '%s' cannot be fetched: models are read from local paths only"
                                .formatted(revision, path))
                .at(model.location())
                .hint("download that revision and give its path; " + model.literalForm());
    }

    private static Path resolve(Path folder, String path) {
        try {
            return folder.resolve(WrittenPath.expanded(path)).normalize();
        } catch (InvalidPathException e) {
            throw new BadInputException(
                    Problem.expected("model path", "a path of this system", "'" + path + "'"), e);
        }
    }
}
