package io.amalgam.internal.plan;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.layers.NonLayerTensors;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.MergeMethod.FailedException;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.StatefulMethod;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import io.amalgam.plan.PlanOptions;
import io.amalgam.plan.TensorTask;
import io.amalgam.recipe.Location;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.Recipe;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Turns slots into tasks: looks at shapes and types, counts inputs, resolves parameters, and lets
 * the method check the call.
 */
final class TaskBuilder {
    private final Recipe recipe;
    private final MergeMethod method;
    private final MethodInfo info;
    private final PlanOptions options;
    private final ParameterResolver parameters;
    private final RecipeCheck check;
    private final boolean complete;
    private final VocabularyPlan vocabulary;
    private final Statistics statistics;
    private final Problems problems;
    private int leftOut;

    /**
     * @param complete whether every model could be opened; if not, no task is made, and only what
     *     is true whatever the others hold is reported
     * @param vocabulary what turns stored tensors into those with the output's rows
     */
    TaskBuilder(
            Recipe recipe,
            MergeMethod method,
            PlanOptions options,
            ParameterResolver parameters,
            RecipeCheck check,
            boolean complete,
            VocabularyPlan vocabulary,
            Problems problems) {
        this.recipe = recipe;
        this.method = method;
        this.info = method.info();
        this.options = options;
        this.parameters = parameters;
        this.check = check;
        this.complete = complete;
        this.vocabulary = vocabulary;
        this.statistics = new Statistics(method, problems);
        this.problems = problems;
    }

    /** Tensors that only some models have and that were left out as the options say. */
    int leftOut() {
        return leftOut;
    }

    /** What looks wrong with the statistics that the method reads. */
    List<Problem> statisticWarnings() {
        return statistics.warnings();
    }

    /** The task of a slot; empty if it is left out or something is wrong with it. */
    Optional<TensorTask> build(OutputTensor slot) {
        List<OutputTensor.Part> present =
                slot.parts().stream().filter(p -> p.tensor().isPresent()).toList();
        if (present.size() < slot.parts().size() && !NonLayerTensors.isBuffer(slot.name())) {
            switch (options.tensors()) {
                case SAME -> {
                    reportMissing(slot);
                    return Optional.empty();
                }
                case INTERSECTION -> {
                    leftOut++;
                    return Optional.empty();
                }
                case UNION -> {}
            }
        }
        List<TensorSource> sources = vocabulary.sources(slot, present);
        if (!sameShapes(slot, present, sources)) {
            return Optional.empty();
        }
        Optional<DType> common = commonType(slot, present, sources);
        if (common.isEmpty()) {
            return Optional.empty();
        }
        TensorInfo output =
                new TensorInfo(slot.name(), common.get(), sources.get(0).info().shape());
        if (!common.get().arithmetic()) {
            return Optional.of(
                    new TensorTask(
                            output,
                            sources,
                            method.integers(),
                            plainCall(output, present),
                            slot.position()));
        }
        if (!complete) {
            // For the filters' sake: counts and the method's own checks need every model.
            inputs(slot, present, base(slot, present));
            parameters.shared(slot);
            return Optional.empty();
        }
        DType written = recipe.outDtype().or(recipe::dtype).orElse(common.get());
        return merge(slot, present, sources, output.withDType(written));
    }

    private Optional<TensorTask> merge(
            OutputTensor slot,
            List<OutputTensor.Part> present,
            List<TensorSource> sources,
            TensorInfo output) {
        int base = base(slot, present);
        if (present.size() == 1 && slot.parts().size() > 1) {
            // The only survivor of a union is taken as it is.
            return Optional.of(
                    new TensorTask(
                            output,
                            sources,
                            Optional.of(SURVIVOR),
                            plainCall(output, present),
                            slot.position()));
        }
        int others = present.size() - (base >= 0 ? 1 : 0);
        if (base < 0 && needsBase(slot)) {
            reportNoBase(slot);
            return Optional.empty();
        }
        boolean right =
                present.size() == slot.parts().size()
                        ? check.count(base >= 0, others)
                        : check.countOfTensor(slot.name(), base >= 0, others);
        if (!right) {
            return Optional.empty();
        }
        int before = problems.added();
        List<TensorCall.Input> inputs = inputs(slot, present, base);
        Map<String, Object> shared = parameters.shared(slot);
        List<TensorSource> read = new ArrayList<>(sources);
        statistics.add(output, present, base, inputs, read);
        if (problems.added() > before) {
            return Optional.empty();
        }
        TensorCall call =
                new TensorCall(output, inputs, base, shared, options.seed(), slot.position());
        try {
            if (method instanceof StatefulMethod stateful) {
                checkStateful(stateful, call);
            } else {
                checkRows(output, bound(method, call));
            }
        } catch (BadInputException e) {
            e.problems().forEach(p -> report(p.at(ParameterPlaces.of(p, slot, recipe))));
            return Optional.empty();
        } catch (RuntimeException e) {
            throw FailedException.of(method.info().name(), slot.name(), e);
        }
        return Optional.of(
                new TensorTask(output, read, Optional.of(method), call, slot.position()));
    }

    /** Rows that a method looks at whole must fit in an array. */
    private static void checkRows(TensorInfo output, TensorStep first) {
        TensorStep step =
                first instanceof TensorStep.Reduce<?> reduce ? reduce.longestRows() : first;
        long row = 1;
        if (step instanceof TensorStep.Reduce<?> reduce) {
            row = reduce.rowLength();
        } else if (step instanceof TensorStep.Combine combine) {
            row = combine.rowLength();
        }
        if (row > LONGEST_ROW) {
            throw new BadInputException(
                    Problem.expected(
                                    "rows of tensor '" + output.name() + "'",
                                    "at most " + LONGEST_ROW + " elements",
                                    row)
                            .hint("the method looks at whole rows: choose another for this model")
                            .ofTensor());
        }
    }

    /** The state's inputs come later, but the call must be whole to be checked. */
    private static void checkStateful(StatefulMethod method, TensorCall call) {
        List<TensorCall.Input> inputs = new ArrayList<>(call.inputs());
        method.state().forEach(part -> inputs.add(TensorCall.Input.state("", part)));
        bound(method, call.withInputs(inputs));
    }

    private static TensorStep bound(MergeMethod method, TensorCall call) {
        return Objects.requireNonNull(method.bind(call), "no step was returned");
    }

    private List<TensorCall.Input> inputs(
            OutputTensor slot, List<OutputTensor.Part> present, int base) {
        List<TensorCall.Input> inputs = new ArrayList<>();
        for (int i = 0; i < present.size(); i++) {
            Map<String, Object> values = parameters.perModel(slot, present.get(i), i == base);
            inputs.add(new TensorCall.Input(present.get(i).model().name, values));
        }
        return inputs;
    }

    /** What a method says of one tensor is counted, what it says of a parameter is not. */
    private void report(Problem problem) {
        String key = problem.expected() + problem.found();
        if (problem.kind() == Problem.Kind.TENSOR) {
            problems.add(key, problem);
        } else {
            problems.addOnce(problem.what() + key, problem);
        }
    }

    /** What every Java can make an array of. */
    private static final long LONGEST_ROW = Integer.MAX_VALUE - 8;

    private static final MergeMethod SURVIVOR =
            new io.amalgam.internal.method.builtin.Passthrough();

    private TensorCall plainCall(TensorInfo output, List<OutputTensor.Part> present) {
        List<TensorCall.Input> inputs =
                present.stream().map(p -> new TensorCall.Input(p.model().name, Map.of())).toList();
        return new TensorCall(output, inputs, -1, Map.of(), options.seed());
    }

    /** Index of the base's tensor; -1 where the method takes none, or it lacks the tensor. */
    private int base(OutputTensor slot, List<OutputTensor.Part> present) {
        return info.base() == MethodInfo.Base.ORDINARY
                ? -1
                : baseFor(slot).map(ref -> indexOf(ref, present)).orElse(-1);
    }

    /** A base that is named has a meaning; to do without it would give something else. */
    private boolean needsBase(OutputTensor slot) {
        return switch (info.base()) {
            case REQUIRED -> true;
            case OPTIONAL -> baseFor(slot).isPresent();
            case ORDINARY -> false;
        };
    }

    private Optional<ModelRef> baseFor(OutputTensor slot) {
        return slot.base().or(recipe::baseModel);
    }

    private static int indexOf(ModelRef ref, List<OutputTensor.Part> parts) {
        for (int i = 0; i < parts.size(); i++) {
            if (parts.get(i).model().ref.equals(ref)) {
                return i;
            }
        }
        return -1;
    }

    private void reportMissing(OutputTensor slot) {
        Location firstWithout =
                slot.parts().stream()
                        .filter(p -> p.tensor().isEmpty())
                        .map(p -> p.model().ref.location())
                        .findFirst()
                        .orElse(Location.NONE);
        List<String> without =
                slot.parts().stream()
                        .filter(p -> p.tensor().isEmpty())
                        .map(p -> "'" + p.model().ref + "'")
                        .toList();
        List<String> with =
                slot.parts().stream()
                        .filter(p -> p.tensor().isPresent())
                        .map(p -> "'" + p.model().ref + "'")
                        .toList();
        problems.add(
                "missing " + without + with,
                Problem.of(
                                "tensor '"
                                        + slot.name()
                                        + "' is missing in "
                                        + String.join(", ", without)
                                        + " but present in "
                                        + String.join(", ", with))
                        .at(firstWithout)
                        .hint(
                                "merge models of one architecture, or give TensorSet.UNION to merge each tensor among the models that have it, or TensorSet.INTERSECTION to leave such tensors out"));
    }

    private boolean sameShapes(
            OutputTensor slot, List<OutputTensor.Part> present, List<TensorSource> sources) {
        TensorSource first = sources.get(0);
        for (int i = 1; i < sources.size(); i++) {
            TensorInfo other = sources.get(i).info();
            if (!other.shape().equals(first.info().shape())) {
                boolean tokens = vocabulariesDiffer(slot, first.info().shape(), other.shape());
                if (tokens && vocabulary.failed()) {
                    return false;
                }
                problems.add(
                        "shape "
                                + present.get(i).model().ref
                                + first.info().shape()
                                + other.shape()
                                + tokens,
                        Problem.expected(
                                        "shape of tensor '"
                                                + slot.name()
                                                + "' in '"
                                                + present.get(i).model().ref
                                                + "'",
                                        first.info().shape()
                                                + " as in '"
                                                + present.get(0).model().ref
                                                + "'",
                                        other.shape())
                                .at(present.get(i).model().ref.location())
                                .hint(
                                        tokens
                                                ? "the vocabularies differ: "
                                                        + first.info().shape().dim(0)
                                                        + " and "
                                                        + other.shape().dim(0)
                                                        + " rows; add 'tokenizer: {source: union}' to the recipe, or 'tokenizer: {source: base}' to keep the tokens of the base or first model"
                                                : "models of different sizes cannot be merged"));
                return false;
            }
        }
        return true;
    }

    /** Whether only the number of rows differs, in a tensor that has one for each token. */
    private static boolean vocabulariesDiffer(OutputTensor slot, Shape a, Shape b) {
        boolean byToken =
                NonLayerTensors.isHead(slot.name()) || NonLayerTensors.isEmbedding(slot.name());
        return byToken && a.rank() == 2 && b.rank() == 2 && a.dim(1) == b.dim(1);
    }

    private Optional<DType> commonType(
            OutputTensor slot, List<OutputTensor.Part> present, List<TensorSource> sources) {
        DType common = sources.get(0).info().dtype();
        for (int i = 1; i < sources.size(); i++) {
            DType other = sources.get(i).info().dtype();
            if (other == common) {
                continue;
            }
            if (!other.arithmetic() || !common.arithmetic()) {
                problems.add(
                        "type " + present.get(i).model().ref + common + other,
                        Problem.expected(
                                        "type of tensor '"
                                                + slot.name()
                                                + "' in '"
                                                + present.get(i).model().ref
                                                + "'",
                                        common + " as in '" + present.get(0).model().ref + "'",
                                        other)
                                .at(present.get(i).model().ref.location())
                                .hint("a quantised model must be dequantised before it is merged"));
                return Optional.empty();
            }
            common = DType.promote(common, other);
        }
        return Optional.of(common);
    }

    /** That there is no base at all, or not in the slice, the recipe's check has said. */
    private void reportNoBase(OutputTensor slot) {
        baseFor(slot)
                .filter(base -> indexOf(base, slot.parts()) >= 0)
                .ifPresent(base -> problems.add("base lacks", baseLacks(base, slot)));
    }

    private Problem baseLacks(ModelRef base, OutputTensor slot) {
        return Problem.of("base model '" + base + "' has no tensor '" + slot.name() + "'")
                .at(recipe.methodLocation())
                .hint("the base must have every tensor '" + info.name() + "' merges");
    }
}
