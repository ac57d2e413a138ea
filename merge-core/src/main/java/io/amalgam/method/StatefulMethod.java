package io.amalgam.method;

import java.util.List;

/**
 * A method that keeps tensors of its own from one merge to the next: a server's momentum. They lie
 * beside the model it writes, in a file of their own, and are read from beside the base model of
 * the next merge; where there is none they are 0.
 *
 * <p>The calls of such a method have, after the models, one input for each part of the state, which
 * are not among the models counted. New state is computed from the same inputs as the tensor.
 */
public interface StatefulMethod extends MergeMethod {
    /** Names of what is kept for each tensor, as in the file: {@code <tensor>.<part>}, float32. */
    List<String> state();

    /** The stage that computes new state from the inputs of a tensor's call. */
    TensorStep bindState(TensorCall call, String part);

    /** The inputs of a call that are neither its base nor state. */
    default List<Integer> models(TensorCall call) {
        int end = call.inputs().size() - state().size();
        return call.models().stream().filter(input -> input < end).toList();
    }

    /** The input that holds a part of the state. */
    default int stateInput(TensorCall call, String part) {
        return call.inputs().size() - state().size() + state().indexOf(part);
    }
}
