package io.amalgam.method;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A way to make one tensor out of several. Stateless and safe for use by many threads. Built-in
 * methods are listed in {@link MethodRegistry}; others are found with {@link
 * java.util.ServiceLoader}.
 */
public interface MergeMethod {
    MethodInfo info();

    /**
     * The first stage of computing one output tensor. Called while planning to check the call, and
     * again when the tensor is computed; reads no data.
     *
     * @throws io.amalgam.error.BadInputException if the parameters make no sense for this tensor; a
     *     problem that is {@link io.amalgam.error.Problem#ofTensor() of the tensor} is reported
     *     once with the number of tensors alike, any other once for the recipe
     */
    TensorStep bind(TensorCall call);

    /**
     * Per-model parameters that a model says itself where the recipe does not: by name the keys,
     * the first that is there counts, of its {@code config.json}, else of its weights' metadata.
     */
    default Map<String, List<String>> modelKeys() {
        return Map.of();
    }

    /**
     * What merges tensors without arithmetic, integers and booleans, instead of demanding that they
     * are equal; its calls have no parameters, and it may only copy.
     */
    default Optional<MergeMethod> integers() {
        return Optional.empty();
    }
}
