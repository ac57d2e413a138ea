package io.amalgam.method;

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
    Stage bind(TensorCall call);
}
