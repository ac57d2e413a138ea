package io.amalgam.internal.stages;

import io.amalgam.error.Problem;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.MergePlan.Step;
import io.amalgam.plan.MergePlan.Use;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The plans of a recipe file, and where the results of its named documents are read from. */
public final class StagedPlan implements MergePlan.OfRecipe {
    private final List<Step> steps;
    private final Map<String, StageCheckpoint> results;
    private final @Nullable MergePlan result;

    StagedPlan(List<Step> steps, Map<String, StageCheckpoint> results, @Nullable MergePlan result) {
        this.steps = List.copyOf(steps);
        this.results = new LinkedHashMap<>(results);
        this.result = result;
    }

    /** One plan without stages; closing this closes it. */
    public static StagedPlan of(MergePlan plan) {
        return new StagedPlan(List.of(), Map.of(), plan);
    }

    @Override
    public List<Step> steps() {
        return steps;
    }

    @Override
    public Optional<MergePlan> result() {
        return Optional.ofNullable(result);
    }

    /** The stages that are written, in the order they run. */
    public List<Step> written() {
        return steps.stream().filter(step -> step.use() == Use.WRITTEN).toList();
    }

    @Override
    public List<Problem> warnings() {
        List<Problem> warnings = new ArrayList<>();
        for (Step step : steps) {
            warnings.addAll(step.plan().warnings());
            if (step.use() == Use.UNUSED) {
                warnings.add(
                        Problem.of("document '" + step.name() + "' is used by no other")
                                .at(step.plan().recipe().location())
                                .hint("it is not merged unless stages are kept"));
            }
        }
        result().ifPresent(plan -> warnings.addAll(plan.warnings()));
        return warnings;
    }

    /** Tensor bytes read once and written, of all documents. */
    public long bytes() {
        return Stream.concat(steps.stream().map(Step::plan), result().stream())
                .mapToLong(plan -> plan.inputBytes() + plan.outputBytes())
                .sum();
    }

    StageCheckpoint checkpoint(String name) {
        return Objects.requireNonNull(results.get(name));
    }

    @Override
    public void close() throws IOException {
        for (Step step : steps) {
            step.plan().close();
        }
        if (result != null) {
            result.close();
        }
        for (StageCheckpoint stage : results.values()) {
            stage.discard();
        }
    }
}
