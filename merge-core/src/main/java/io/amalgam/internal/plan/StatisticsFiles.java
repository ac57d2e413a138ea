package io.amalgam.internal.plan;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.method.MergeMethod;
import io.amalgam.plan.ModelSource;
import io.amalgam.recipe.ModelEntry;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The files with statistics of a recipe's models: those it names, or else {@link #BESIDE} in a
 * model's folder. They are opened if the method reads any.
 */
record StatisticsFiles(Map<ModelRef, ModelRef> named, boolean read) {
    /** What the file in a model's own folder is called. */
    static final String BESIDE = "amalgam-statistics.safetensors";

    static StatisticsFiles of(Recipe recipe, Optional<MergeMethod> method, Problems problems) {
        Map<ModelRef, ModelRef> named = new LinkedHashMap<>();
        for (ModelEntry entry : entries(recipe)) {
            entry.statistics().ifPresent(file -> add(named, entry, file, problems));
        }
        return new StatisticsFiles(named, method.map(m -> !m.statistics().isEmpty()).orElse(false));
    }

    private static List<ModelEntry> entries(Recipe recipe) {
        List<ModelEntry> all = new ArrayList<>(recipe.models());
        recipe.modules().forEach(module -> all.addAll(module.models()));
        return all;
    }

    private static void add(
            Map<ModelRef, ModelRef> named, ModelEntry entry, ModelRef file, Problems problems) {
        ModelRef other = named.putIfAbsent(entry.model(), file);
        if (other != null && !other.equals(file)) {
            problems.add(
                    Problem.expected(
                                    "statistics of model '" + entry.model() + "'",
                                    "one file",
                                    "'" + other + "' and '" + file + "'")
                            .at(file.location()));
        }
    }

    /** That the recipe names files that nothing reads. */
    static Optional<Problem> unused(Recipe recipe, MergeMethod method) {
        return method.statistics().isEmpty()
                ? entries(recipe).stream()
                        .flatMap(entry -> entry.statistics().stream())
                        .findFirst()
                        .map(
                                file ->
                                        Problem.of(
                                                        "'statistics' has no effect with '"
                                                                + method.info().name()
                                                                + "'")
                                                .at(file.location()))
                : Optional.empty();
    }

    /** Opens a model, with its statistics if the method reads them. */
    Checkpoint open(ModelRef ref, ModelSource source) throws IOException {
        if (!read) {
            return source.open(ref);
        }
        ModelRef own = named.get(ref);
        if (own != null && ref.alignment().isPresent()) {
            throw ofAnother(ref, own);
        }
        Checkpoint model = source.open(ref);
        try {
            Path beside = model.path().resolve(BESIDE);
            ModelRef file = own;
            if (file == null && Files.isRegularFile(beside)) {
                file = ModelRef.of(beside.toAbsolutePath().toString());
            }
            if (file == null) {
                return model;
            }
            if (ref.alignment().isPresent()) {
                throw ofAnother(ref, file);
            }
            return with(model, ref, file, source);
        } catch (IOException | RuntimeException e) {
            model.close();
            throw e;
        }
    }

    /** Units of an aligned model are in another order than those that were measured. */
    private static BadInputException ofAnother(ModelRef ref, ModelRef file) {
        return new BadInputException(
                Problem.expected(
                                "statistics '" + file + "' of '" + ref + "'",
                                "those of the aligned model",
                                "those of the model before 'align'")
                        .at(file.location())
                        .hint(
                                "write the aligned model with 'amalgam align', and compute its statistics"));
    }

    private static Checkpoint with(
            Checkpoint model, ModelRef ref, ModelRef file, ModelSource source) throws IOException {
        Checkpoint statistics;
        try {
            statistics = source.open(file);
        } catch (BadInputException e) {
            throw new BadInputException(
                    e.problems().stream()
                            .map(p -> p.withWhat(p.what().replaceFirst("^model '", "statistics '")))
                            .map(p -> p.where().isEmpty() ? p.at(file.location()) : p)
                            .toList());
        }
        try {
            return new MeasuredCheckpoint(model, statistics, ref, file);
        } catch (RuntimeException e) {
            statistics.close();
            throw e;
        }
    }
}
