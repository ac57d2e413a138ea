package io.amalgam.internal.stages;

import io.amalgam.error.Problem;
import io.amalgam.plan.MergePlan;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The plans of a recipe file: those of its named documents, each after those it uses, and the plan
 * of the document without a name. Holds the opened models; closing it closes them.
 */
public final class StagedPlan implements Closeable {
    /** What becomes of a stage's result. */
    public enum Kind {
        /** It is computed, block by block, while the one merge that uses it reads it. */
        READ_THROUGH,
        /** It is written to a folder and read from there. */
        WRITTEN,
        /** Nothing uses it and it is not kept: it is not computed. */
        UNUSED
    }

    /**
     * A named document.
     *
     * @param uses names of the stages whose results are its models
     */
    public record Step(String name, Kind kind, MergePlan plan, List<String> uses) {
        public Step {
            uses = List.copyOf(uses);
        }
    }

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

    /** The stages, in the order they run. */
    public List<Step> steps() {
        return steps;
    }

    /** The plan of the document without a name; empty where all are named. */
    public Optional<MergePlan> result() {
        return Optional.ofNullable(result);
    }

    /** The stages that are written, in the order they run. */
    public List<Step> written() {
        return steps.stream().filter(step -> step.kind() == Kind.WRITTEN).toList();
    }

    /** What looks wrong in any of the documents but does not stop the merge. */
    public List<Problem> warnings() {
        List<Problem> warnings = new ArrayList<>();
        for (Step step : steps) {
            warnings.addAll(step.plan().warnings());
            if (step.kind() == Kind.UNUSED) {
                warnings.add(
                        Problem.of("document '" + step.name() + "' is used by no other")
                                .at(step.plan().recipe().location())
                                .hint("it is not merged unless stages are kept"));
            }
        }
        result().ifPresent(plan -> warnings.addAll(plan.warnings()));
        return warnings;
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
