package io.amalgam.method;

import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A method to merge several tensors into one. Stateless and thread-safe. A {@link MethodRegistry}
 * has the built-in methods and those that {@link java.util.ServiceLoader} finds.
 */
public interface MergeMethod {
    /** Name, parameters and description; the same at every call. */
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
     * Statistics that it reads beside the tensor of each model, the base not among them. Where a
     * tensor's statistic is in no model, the call has none of it; where only some models have it,
     * the merge is refused.
     */
    default List<TensorCall.Statistic> statistics() {
        return List.of();
    }

    /**
     * What merges tensors without arithmetic, integers and booleans, instead of demanding that they
     * are equal; its calls have no parameters, and it may only copy.
     */
    default Optional<MergeMethod> integers() {
        return Optional.empty();
    }

    /** A merge method threw an exception: a fault of the method, not of what it was given. */
    final class FailedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private FailedException(String method, String tensor, RuntimeException cause) {
            super("method '%s' failed on tensor '%s': %s".formatted(method, tensor, cause), cause);
        }

        /**
         * An exception with method and tensor in its message; those that say what they are about
         * themselves stay as they are.
         */
        public static RuntimeException of(String method, String tensor, RuntimeException cause) {
            boolean says =
                    cause instanceof UncheckedIOException
                            || cause.getClass().getName().startsWith("io.amalgam.");
            return says ? cause : new FailedException(method, tensor, cause);
        }
    }
}
