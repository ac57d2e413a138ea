package io.amalgam.method;

import java.util.List;

/**
 * A method that keeps tensors from one merge to the next, such as a server's momentum. They are
 * stored in a separate file in the output directory, and read from the directory of the next
 * merge's base model; without such a file they are 0.
 *
 * <p>Calls of such a method have one further input per part of the state, after the models; these
 * are not counted as models. The new state is computed from the same inputs as the tensor.
 */
public interface StatefulMethod extends MergeMethod {
    /**
     * Names of the parts kept for each tensor. In the file they are {@code <tensor>.<part>},
     * float32, with the tensor's shape.
     */
    List<String> state();

    /** The step that computes the new state from the inputs of a tensor's call. */
    TensorStep bindState(TensorCall call, String part);

    /** Indices of the inputs that are neither base nor state. */
    default List<Integer> models(TensorCall call) {
        int end = call.inputs().size() - state().size();
        return call.models().stream().filter(input -> input < end).toList();
    }

    /** Index of the input with a part of the state. */
    default int stateInput(TensorCall call, String part) {
        return call.inputs().size() - state().size() + state().indexOf(part);
    }
}
