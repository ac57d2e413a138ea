package io.amalgam.method;

import java.util.List;
import java.util.Optional;

/**
 * A method that reads the whole model before it combines any tensor: to choose a model, or to find
 * the largest changes of all tensors.
 *
 * <p>If there are such passes, their steps compute the tensors. {@link #bind} then checks calls and
 * merges single tensors: its result must equal that of the passes over this one tensor.
 *
 * <p>Stateless and thread-safe, like every {@link MergeMethod}.
 */
public interface WholeModelMethod extends MergeMethod {
    /**
     * The passes over the model for these calls; empty if their parameters need none, and each
     * tensor is merged separately. Called during planning to check the calls, and again when the
     * model is merged; reads no data.
     *
     * @param calls all tensors that the method merges, in output order
     * @throws io.amalgam.error.BadInputException if the calls are inconsistent
     */
    Optional<ModelPass> survey(List<TensorCall> calls);
}
