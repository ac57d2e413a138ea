package io.amalgam.internal.method.builtin;

import io.amalgam.internal.method.vector.DeltaVectors;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.ParameterSpec;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import java.util.Arrays;
import java.util.List;

/**
 * The point between the base and the models' mean that the angles between their task vectors
 * suggest: {@code t * mean(x_i) + (1 - t) * base} with {@code t = N c / (1 + (N - 1) c)} and {@code
 * c} the mean cosine of all pairs of task vectors, of the tensor as one vector or of each row.
 *
 * <p>Computed as {@code base + t/N * sum(x_i - base)}. Products in float64; {@code t/N} rounded to
 * float32 once.
 *
 * <p>Jang et al. 2024, "Model Stock: All we need is just a few fine-tuned models", <a
 * href="https://arxiv.org/abs/2403.19522">arXiv 2403.19522</a>.
 */
public final class ModelStock implements MergeMethod {
    private static final double SMALLEST_NORMS = 1e-6;
    private static final double SMALLEST_DIVISOR = 1e-6;

    private static final MethodInfo INFO =
            new MethodInfo(
                    "model_stock",
                    "moves from the base towards the models' mean, as far as their task vectors agree",
                    "base + t * mean(d_i), t = N c / (1 + (N-1) c), c = mean cosine of pairs of d_i",
                    MethodInfo.Base.REQUIRED,
                    2,
                    Integer.MAX_VALUE,
                    List.of(
                            ParameterSpec.flag(
                                    "filter_wise",
                                    false,
                                    "a t for each row along the last axis, not one for each tensor")),
                    new MethodInfo.Paper(
                            "Model Stock: All we need is just a few fine-tuned models",
                            "https://arxiv.org/abs/2403.19522"),
                    "two passes, the inner products of all pairs held; one pass for rows");

    @Override
    public MethodInfo info() {
        return INFO;
    }

    @Override
    public TensorStep bind(TensorCall call) {
        List<Integer> others = call.models();
        DeltaVectors vectors = new DeltaVectors(others, call.base());
        return call.flag("filter_wise")
                ? vectors.rows(call, ModelStock::shares)
                : vectors.whole(ModelStock::shares);
    }

    private static double[] shares(double[][] gram) {
        int models = gram.length;
        double sum = 0;
        for (int i = 0; i < models; i++) {
            for (int j = i + 1; j < models; j++) {
                double norms = Math.sqrt(gram[i][i]) * Math.sqrt(gram[j][j]);
                double cosine = gram[i][j] / Math.max(norms, SMALLEST_NORMS);
                sum += Math.max(-1, Math.min(1, cosine));
            }
        }
        double cosine = 2 * sum / (models * (models - 1.0));
        double divisor = 1 + (models - 1) * cosine;
        double t = Math.abs(divisor) < SMALLEST_DIVISOR ? 0 : models * cosine / divisor;
        double[] shares = new double[models];
        Arrays.fill(shares, t / models);
        return shares;
    }
}
