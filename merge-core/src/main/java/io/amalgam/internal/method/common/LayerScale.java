package io.amalgam.internal.method.common;

import io.amalgam.method.ParameterSpec;
import io.amalgam.method.ParameterSpec.Scope;
import io.amalgam.method.TensorCall;
import java.util.List;

/**
 * LiNeS: what is added to the base is scaled by {@code alpha + beta * l / (L - 1)} in layer {@code
 * l} of {@code L}, so that early layers, which hold what all tasks share, change less. Tensors
 * outside of layers count as the first layer: they are scaled by {@code alpha}.
 *
 * <p>Wang et al., "LiNeS: Post-training Layer Scaling Prevents Forgetting and Enhances Model
 * Merging", <a href="https://arxiv.org/abs/2410.17146">arXiv 2410.17146</a>.
 */
public final class LayerScale {
    private LayerScale() {}

    public static List<ParameterSpec> parameters() {
        return List.of(
                ParameterSpec.number(
                        "lines_alpha",
                        Scope.SHARED,
                        1,
                        "factor of what is added in the first layer and outside of layers (LiNeS)"),
                ParameterSpec.number(
                        "lines_beta",
                        Scope.SHARED,
                        0,
                        "how much the factor grows from the first to the last layer (LiNeS)"));
    }

    /** The factor for a tensor; 1 where the parameters are not set. */
    public static double factor(TensorCall call) {
        return call.number("lines_alpha") + call.number("lines_beta") * call.position();
    }
}
