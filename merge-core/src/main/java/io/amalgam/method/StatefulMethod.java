package io.amalgam.method;

import java.util.List;

/**
 * A method that keeps tensors from one merge to the next, such as a server's momentum. They are
 * stored in a separate file in the output directory, and read from the directory of the next
 * merge's base model; without such a file they are 0.
 *
 * <p>The calls of such a method have one input of {@link TensorCall.Role#STATE} for each part; see
 * {@link TensorCall#state}. New state is computed from the same inputs as the tensor.
 *
 * <p>Stateless itself and thread-safe, like every {@link MergeMethod}.
 */
public interface StatefulMethod extends MergeMethod {
    /**
     * Names of the parts kept for each tensor. In the file they are {@code <tensor>.<part>},
     * float32, with the tensor's shape.
     */
    List<String> state();

    /** The step that computes the new state from the inputs of a tensor's call. */
    TensorStep bindState(TensorCall call, String part);
}
