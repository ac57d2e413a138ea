package io.amalgam.plan;

import io.amalgam.method.ModelPass;
import io.amalgam.method.TensorCall;
import io.amalgam.method.WholeModelMethod;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A plan's passes over the whole model.
 *
 * @param tasks positions in the plan of the tensors read, in the order of the pass
 * @param survey the first pass, or its end
 */
public record PlannedModelPass(List<Integer> tasks, ModelPass survey) {
    public PlannedModelPass {
        tasks = List.copyOf(tasks);
    }

    /**
     * The passes that these tasks need; empty if each tensor is computed separately.
     *
     * @throws io.amalgam.error.BadInputException if the method refuses them together
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

    /** Maximum number of passes over all tensors before any is combined. */
    public int passes() {
        return survey instanceof ModelPass.Pass<?> pass ? pass.passes() : 0;
    }

    /** Maximum bytes of one worker's state. */
    public long stateBytes() {
        return survey instanceof ModelPass.Pass<?> pass ? pass.stateBytes() : 0;
    }
}
