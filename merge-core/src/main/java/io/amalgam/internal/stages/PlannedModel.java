package io.amalgam.internal.stages;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.ForwardingCheckpoint;
import io.amalgam.kernel.Kernels;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.TensorTask;
import java.io.IOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A merge that is never written, as a model: what a recipe file's plan would write, with its values
 * rounded to the types it would have. Tensors of element-wise merges are computed block by block as
 * they are read; others are computed whole, and held while they are read. Closing it closes the
 * plan.
 */
public final class PlannedModel extends ForwardingCheckpoint {
    private final StagedPlan plans;
    private final StageCheckpoint result;
    private final Map<String, TensorSource> tensors = new LinkedHashMap<>();
    private final WholeTensors whole;

    private PlannedModel(StagedPlan plans, StageCheckpoint result, Kernels kernels) {
        super(result);
        this.plans = plans;
        this.result = result;
        this.whole = new WholeTensors(kernels);
        for (TensorTask task : result.plan().modelTasks()) {
            StageTensor blocks = new StageTensor(result, task);
            tensors.put(
                    task.output().name(),
                    blocks.elementWise() ? blocks : whole.of(task, result.label()));
        }
    }

    /**
     * @param plans closed with the model, or if there is none
     * @param name what the user calls the recipe
     * @throws BadInputException if the result cannot be had without writing something first
     */
    public static PlannedModel of(StagedPlan plans, String name, Kernels kernels)
            throws IOException {
        try {
            return new PlannedModel(plans, result(plans, name), kernels);
        } catch (IOException | RuntimeException | Error e) {
            try (plans) {
                throw e;
            }
        }
    }

    private static StageCheckpoint result(StagedPlan plans, String name) throws IOException {
        Optional<Problem> obstacle = obstacle(plans);
        if (obstacle.isPresent()) {
            throw new BadInputException(
                    obstacle.get().hint("merge '" + name + "' first, and give the result"));
        }
        MergePlan plan = plans.result().orElseThrow();
        StageCheckpoint result =
                new StageCheckpoint(
                        name,
                        plan,
                        model -> {
                            throw new IllegalStateException("nothing of it is written");
                        });
        result.computeWhileRead();
        result.makeCompanions();
        return result;
    }

    /** Why the result cannot be had without writing something first; nothing where it can. */
    public static Optional<Problem> obstacle(StagedPlan plans) {
        if (plans.result().isEmpty()) {
            return Optional.of(
                    Problem.of("all documents of the recipe have names: it has no result"));
        }
        for (MergePlan.Step step : plans.written()) {
            // Whole tensors are read once, so that nothing speaks against computing their blocks.
            StageCheckpoint stage = plans.checkpoint(step.name());
            if (!stage.elementWise()) {
                return Optional.of(
                        Problem.of(
                                "document '"
                                        + step.name()
                                        + "' cannot be computed while it is read"));
            }
            stage.computeWhileRead();
        }
        MergePlan plan = plans.result().get();
        if (plan.wholeModel().isPresent()) {
            return Optional.of(
                    Problem.of(
                            "method '"
                                    + plan.recipe().method()
                                    + "' looks at the whole model before its first tensor"));
        }
        return plan.tasks().stream().anyMatch(task -> task.quantiser().isPresent())
                ? Optional.of(Problem.of("the recipe quantises its result"))
                : Optional.empty();
    }

    /** What computed tensors hold with their inputs, in bytes, beside buffers. */
    @Override
    public long sharedBytes() {
        return super.sharedBytes() + whole.bytesHeld();
    }

    @Override
    public Map<String, ? extends TensorSource> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    @Override
    public Optional<Map<String, TensorSource>> serverState() {
        return Optional.empty();
    }

    @Override
    public void close() throws IOException {
        try (plans) {
            result.discard();
        }
    }
}
