package io.amalgam.internal.method.builtin;

import io.amalgam.method.MergeMethod;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.ParameterSpec;
import io.amalgam.method.ParameterSpec.Scope;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import java.util.List;
import java.util.Optional;

/**
 * One model's tensor as it is, or times a scale (0 is a scale). What layer stacking is made of: the
 * recipe's slices say which tensor goes where.
 */
public final class Passthrough implements MergeMethod {
    private static final MethodInfo INFO =
            new MethodInfo(
                    "passthrough",
                    "one model's tensor unchanged, for stacking layers",
                    "x, or scale * x",
                    MethodInfo.Base.ORDINARY,
                    1,
                    1,
                    List.of(
                            ParameterSpec.optional(
                                    "scale",
                                    Scope.PER_MODEL,
                                    true,
                                    "factor; unset leaves bytes as they are")),
                    new MethodInfo.Paper(
                            "mergekit (layer stacking, \"frankenmerges\")",
                            "https://arxiv.org/abs/2403.13257"),
                    "one pass, nothing held; bytes are copied where no type changes");

    @Override
    public MethodInfo info() {
        return INFO;
    }

    @Override
    public TensorStep bind(TensorCall call) {
        Optional<Double> scale = call.optionalNumber(0, "scale");
        if (scale.isEmpty() || scale.get() == 1) {
            return new TensorStep.Copy(0);
        }
        float factor = scale.get().floatValue();
        return (TensorStep.Combine)
                (in, out) -> in.kernels().scale(in.input(0), factor, out, in.length());
    }
}
