package io.amalgam.internal.formats.quantising;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.internal.encoding.Quantiser;
import io.amalgam.tensor.TensorInfo;
import java.util.List;
import java.util.Optional;

/** What weights are quantised to, with what a configuration says of it. */
interface WeightType {
    /** As recipes name it. */
    String name();

    /** Whether weights of such a name and shape are quantised at all. */
    default boolean takes(TensorInfo dense) {
        return dense.shape().rank() == 2;
    }

    /** Whether it has a form for experts in one tensor [expert, out, in]. */
    default boolean takesExperts(TensorInfo fused) {
        return false;
    }

    /** Whether its name and settings leave other weights than these dense on purpose. */
    default boolean isOfExperts() {
        return false;
    }

    /**
     * What encodes a weight that it takes; empty if its shape does not fit the format, which leaves
     * it dense.
     *
     * @param dense its last dimension is that of the inputs
     */
    Optional<Quantiser> quantiser(TensorInfo dense);

    /**
     * The settings of a model.
     *
     * @param left modules with weights that stay dense
     */
    ObjectNode settings(List<String> left);
}
