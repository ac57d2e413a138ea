package io.amalgam.plan;

import io.amalgam.method.ModelPass;
import io.amalgam.method.TensorCall;
import io.amalgam.method.WholeModelMethod;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The survey of a plan's tensors.
 *
 * @param tasks positions in the plan of the tensors looked at, in the survey's order
 * @param survey its first pass, or all there is to know
 */
public record PlannedModelPass(List<Integer> tasks, ModelPass survey) {
    public PlannedModelPass {
        tasks = List.copyOf(tasks);
    }

    /**
     * The survey these tasks need; empty if each is computed by itself.
     *
     * @throws io.amalgam.error.BadInputException if the method cannot look at them together
     */
    public static Optional<PlannedModelPass> of(List<TensorTask> tasks) {
        List<Integer> surveyed = new ArrayList<>();
        List<TensorCall> calls = new ArrayList<>();
        WholeModelMethod method = null;
        for (int i = 0; i < tasks.size(); i++) {
            if (tasks.get(i).method().orElse(null) instanceof WholeModelMethod found) {
                // A plan has one method, beside those that only copy.
                method = found;
                surveyed.add(i);
                calls.add(tasks.get(i).call());
            }
        }
        return method == null
                ? Optional.empty()
                : method.survey(calls).map(survey -> new PlannedModelPass(surveyed, survey));
    }

    /** How often all tensors are read before any is combined, at most. */
    public int passes() {
        return survey instanceof ModelPass.Pass<?> pass ? pass.passes() : 0;
    }

    /** The most bytes one worker's state takes. */
    public long stateBytes() {
        return survey instanceof ModelPass.Pass<?> pass ? pass.stateBytes() : 0;
    }
}
