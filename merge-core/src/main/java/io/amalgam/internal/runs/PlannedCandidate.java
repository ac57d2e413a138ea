package io.amalgam.internal.runs;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.OutputFormat;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeListener;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.io.FileWrites;
import io.amalgam.internal.stages.PlannedModel;
import io.amalgam.internal.stages.StagePlaces;
import io.amalgam.internal.stages.StagedMerge;
import io.amalgam.internal.stages.StagedPlan;
import io.amalgam.plan.MergePlan;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A merge that is planned, and written only for judges that need files.
 *
 * @param scratch where it is written to; removed when this is closed
 */
public record PlannedCandidate(String name, Planner planner, Path scratch, EngineOptions engine)
        implements Candidate {
    /** Plans the merge; who asks closes the plan. */
    @FunctionalInterface
    public interface Planner {
        StagedPlan plan() throws IOException;
    }

    @Override
    public Path written(Cancellation cancellation) throws IOException {
        try (StagedPlan plan = planner.plan()) {
            write(plan, cancellation);
        }
        return scratch;
    }

    private void write(StagedPlan plan, Cancellation cancellation) throws IOException {
        if (plan.result().isEmpty()) {
            throw new BadInputException(
                    Problem.of("all documents of the recipe have names: it has no result"));
        }
        FileWrites.deleteTree(scratch);
        StagedMerge.run(
                plan,
                StagePlaces.beside(scratch),
                engine.overwrite(false).resume(false).report(false),
                MergeListener.NONE,
                cancellation);
    }

    @Override
    public Checkpoint opened(Cancellation cancellation) throws IOException {
        StagedPlan plan = planner.plan();
        if (PlannedModel.obstacle(plan).isEmpty()) {
            return PlannedModel.of(plan, name, engine.kernels());
        }
        OutputFormat format;
        try (plan) {
            write(plan, cancellation);
            format = plan.result().map(MergePlan::format).orElseThrow();
        }
        return format.reader().open(scratch, name);
    }

    @Override
    public void close() throws IOException {
        FileWrites.deleteTree(scratch);
    }
}
