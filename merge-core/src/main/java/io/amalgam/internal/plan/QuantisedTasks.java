package io.amalgam.internal.plan;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.ConfigChanges;
import io.amalgam.checkpoint.OutputFormat;
import io.amalgam.checkpoint.OutputFormat.Weight;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.error.Suggestions;
import io.amalgam.internal.checkpoint.NotWritten;
import io.amalgam.internal.encoding.Quantiser;
import io.amalgam.method.TensorStep;
import io.amalgam.method.WholeModelMethod;
import io.amalgam.plan.TensorTask;
import io.amalgam.recipe.Location;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.Recipe.QuantisedType;
import io.amalgam.tensor.DType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * The tasks of a model whose weights are to be quantised.
 *
 * @param settings what the output's configuration says of it; empty where nothing is quantised
 * @param warnings what is not as it was asked for
 */
record QuantisedTasks(
        List<TensorTask> tasks, Optional<ObjectNode> settings, List<Problem> warnings) {
    private static final List<String> DENSE = List.of("bfloat16", "float16", "float32", "float64");

    /**
     * Gives the tasks their quantisers.
     *
     * @param type what to quantise to, where that is wanted
     * @param donor whose configuration the output gets
     * @param models all that are read
     */
    static QuantisedTasks of(
            List<TensorTask> tasks,
            Optional<QuantisedType> type,
            Checkpoint donor,
            Map<ModelRef, Checkpoint> models,
            OutputFormat format,
            Problems problems) {
        if (format.isFile()
                && tasks.stream().anyMatch(t -> t.method().orElse(null) instanceof StatePart)) {
            problems.add(
                    Problem.of(
                                    "the method keeps a state for its next merge, which a single file has no place for")
                            .hint("write a directory, and convert it"));
            return new QuantisedTasks(tasks, Optional.empty(), List.of());
        }
        Optional<QuantisedType> wanted =
                type.or(() -> format.ownType().map(own -> new QuantisedType(own, Location.NONE)));
        if (wanted.isEmpty()) {
            return new QuantisedTasks(tasks, Optional.empty(), List.of());
        }
        String name = wanted.get().name();
        if (type.isPresent() && !format.quantisedTypes().contains(name)) {
            problems.add(unknown(name, format).at(wanted.get().location()));
            return new QuantisedTasks(tasks, Optional.empty(), List.of());
        }
        List<Weight> weights = new ArrayList<>();
        for (TensorTask task : tasks) {
            boolean weight = task.output().dtype().arithmetic() && task.output().elements() > 0;
            if (weight && !(task.method().orElse(null) instanceof StatePart)) {
                weights.add(new Weight(task.output(), copied(task)));
            }
        }
        Map<String, Checkpoint> named = new LinkedHashMap<>();
        models.forEach((ref, model) -> named.put(ref.toString(), model));
        try {
            OutputFormat.QuantisedWeights made = format.quantise(name, weights, donor, named);
            return new QuantisedTasks(
                    quantised(tasks, made.quantisers()), made.settings(), made.warnings());
        } catch (BadInputException e) {
            e.problems().forEach(problem -> problems.add(place(problem, wanted.get())));
            return new QuantisedTasks(tasks, Optional.empty(), List.of());
        }
    }

    private static Problem place(Problem problem, QuantisedType type) {
        return type.location().equals(Location.NONE) || !problem.where().isEmpty()
                ? problem
                : problem.at(type.location());
    }

    /** The input that a tensor is, if it is one unchanged. */
    private static Optional<TensorSource> copied(TensorTask task) {
        boolean plain = task.method().filter(m -> !(m instanceof WholeModelMethod)).isPresent();
        return plain && task.firstStage() instanceof TensorStep.Copy copy
                ? Optional.of(task.sources().get(copy.input()))
                : Optional.empty();
    }

    private static List<TensorTask> quantised(
            List<TensorTask> tasks, Map<String, Quantiser> quantisers) {
        List<TensorTask> all = new ArrayList<>();
        for (TensorTask task : tasks) {
            Quantiser quantiser = quantisers.get(task.output().name());
            boolean state = task.method().orElse(null) instanceof StatePart;
            if (state || quantiser != NotWritten.INSTANCE) {
                all.add(quantiser == null || state ? task : task.quantised(quantiser));
            }
        }
        return all;
    }

    private static Problem unknown(String name, OutputFormat format) {
        List<String> known = new ArrayList<>(DENSE);
        known.addAll(format.quantisedTypes());
        boolean block =
                List.of(DType.values()).stream()
                        .filter(type -> type.arithmetic() && !type.safetensors())
                        .anyMatch(type -> type.name().toLowerCase(Locale.ROOT).equals(name));
        return Problem.expected(
                        "'out_dtype'", "one of " + String.join(", ", known), "'" + name + "'")
                .hint(
                        block || name.matches("i?q\\d.*|tq\\d.*")
                                ? "types of GGUF are written to an output that ends in '.gguf' only"
                                : Suggestions.didYouMean(
                                        name,
                                        known,
                                        "leave it out to write the type of the inputs"));
    }

    /** The changes to the donor's configuration, with what it says of the quantisation. */
    ConfigChanges in(ConfigChanges changes) {
        return settings.map(changes::withQuantisation).orElse(changes);
    }
}
