package io.amalgam.internal.method.builtin;

import io.amalgam.method.MergeMethod;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.ParameterSpec;
import io.amalgam.method.ParameterSpec.Scope;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import java.util.List;

/**
 * Moves the base's elements to another model's where the two are near each other: {@code base + w
 * (x - base)} with {@code w = t / |base - x|} between 0 and 1. Per element in float32, each step
 * rounded.
 *
 * <p>Defined by mergekit; Goddard et al. 2024, <a href="https://arxiv.org/abs/2403.13257">arXiv
 * 2403.13257</a>.
 */
public final class NearSwap implements MergeMethod {
    private static final float NEAREST = 1e-6f;

    private static final MethodInfo INFO =
            new MethodInfo(
                    "nearswap",
                    "takes the other model's elements where they are near the base's",
                    "w x + (1 - w) base, w = t / max(|base - x|, 1e-6), at least 0, at most 1",
                    MethodInfo.Base.REQUIRED,
                    1,
                    1,
                    List.of(
                            ParameterSpec.required(
                                    "t",
                                    Scope.SHARED,
                                    false,
                                    "distance up to which elements are swapped")),
                    new MethodInfo.Paper(
                            "Arcee's MergeKit: A Toolkit for Merging Large Language Models",
                            "https://arxiv.org/abs/2403.13257"),
                    "one pass, nothing held");

    @Override
    public MethodInfo info() {
        return INFO;
    }

    @Override
    public TensorStep bind(TensorCall call) {
        int base = call.base();
        int other = call.models().get(0);
        float t = (float) call.number("t");
        return (TensorStep.Combine)
                (in, out) -> swap(in.input(base), in.input(other), t, out, in.length());
    }

    private static void swap(float[] base, float[] x, float t, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            float w = t / Math.max(Math.abs(base[i] - x[i]), NEAREST);
            w = Math.min(1, Math.max(0, w));
            out[i] = w * x[i] + (1 - w) * base[i];
        }
    }
}
