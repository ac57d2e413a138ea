package io.amalgam.method;

import java.util.List;
import java.util.Optional;

/**
 * A method that needs to know something of the whole model before it combines any tensor: which
 * model to trust, where the largest changes of all lie.
 *
 * <p>Where there is a survey, its stages are what computes the tensors. {@link #bind} then serves
 * to check a call, and to merge a tensor that is all there is: it is to give what the survey of
 * that one tensor would.
 */
public interface WholeModelMethod extends MergeMethod {
    /**
     * The passes over the model that these calls need; empty if their parameters ask for none, and
     * each tensor is merged by itself. Called while planning to check the calls, and again when the
     * model is merged; reads no data.
     *
     * @param calls every tensor the method merges, in the order they are written
     * @throws io.amalgam.error.BadInputException if the calls do not fit together
     */
    Optional<ModelPass> survey(List<TensorCall> calls);
}
