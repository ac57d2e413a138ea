package io.amalgam.method;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A method to merge several tensors into one. Stateless and thread-safe. Built-in methods are
 * listed in {@link MethodRegistry}; others are found with {@link java.util.ServiceLoader}.
 */
public interface MergeMethod {
    MethodInfo info();

    /**
     * The first step to compute one output tensor. Called during planning to check the call, and
     * again when the tensor is computed; reads no data.
     *
     * @throws io.amalgam.error.BadInputException if the parameters are invalid for this tensor; a
     *     problem {@link io.amalgam.error.Problem#ofTensor() of the tensor} is reported once with
     *     the number of similar tensors, any other once for the recipe
     */
    TensorStep bind(TensorCall call);

    /**
     * Per-model parameters that default to a value in the model: for each parameter the keys of
     * {@code config.json}, else of the weights' metadata; the first existing key counts.
     */
    default Map<String, List<String>> modelKeys() {
        return Map.of();
    }

    /**
     * The method for integer and boolean tensors; if empty, they must be equal. Its calls have no
     * parameters, and it may only copy.
     */
    default Optional<MergeMethod> integers() {
        return Optional.empty();
    }
}
