package io.amalgam.internal.method.builtin;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.method.common.WeightSums;
import io.amalgam.internal.method.vector.DeltaVectors;
import io.amalgam.internal.method.vector.Gram;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.ParameterSpec;
import io.amalgam.method.ParameterSpec.Scope;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import java.util.List;

/**
 * The weighted mean direction of any number of models, with their weighted mean norm; with a base,
 * of their differences to it. mergekit adds a tangent at the mean direction, {@code sum w_i (u_i -
 * (u_i . m) m)}, which is 0 by the definition of {@code m}: what remains of it is the cosine of
 * {@code eps}.
 *
 * <p>Where directions cancel, the weighted sum of the models. Products in float64; coefficients
 * rounded to float32 once. Defined by mergekit; Goddard et al. 2024, <a
 * href="https://arxiv.org/abs/2403.13257">arXiv 2403.13257</a>.
 */
public final class MultiSlerp implements MergeMethod {
    /** Below this share of the summed lengths a direction is rounding error. */
    private static final double CANCELLED = 1e-7;

    private static final MethodInfo INFO =
            new MethodInfo(
                    "multislerp",
                    "weighted mean direction and mean norm of any number of models, or of their differences to a base",
                    "sum(w_i |x_i|) * m / |m|, m = sum(w_i x_i / |x_i|)",
                    MethodInfo.Base.OPTIONAL,
                    1,
                    Integer.MAX_VALUE,
                    List.of(
                            ParameterSpec.required(
                                    "weight", Scope.PER_MODEL, false, "the model's share"),
                            ParameterSpec.flag(
                                    "normalize_weights",
                                    true,
                                    "divide the weights by their sum first"),
                            ParameterSpec.number(
                                            "eps",
                                            Scope.SHARED,
                                            1e-8,
                                            "added to norms; mean directions shorter than this count as none")
                                    .atLeast(0, "0.00000001 is usual")),
                    new MethodInfo.Paper(
                            "Arcee's MergeKit: A Toolkit for Merging Large Language Models",
                            "https://arxiv.org/abs/2403.13257"),
                    "two passes, the inner products of all pairs held");

    @Override
    public MethodInfo info() {
        return INFO;
    }

    @Override
    public TensorStep bind(TensorCall call) {
        List<Integer> others = call.models();
        if (others.size() == 1) {
            return new TensorStep.Copy(others.get(0));
        }
        double[] weights = new double[others.size()];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = call.number(others.get(i), "weight");
        }
        if (call.flag("normalize_weights")) {
            double sum = WeightSums.sum(weights);
            if (sum == 0) {
                throw new BadInputException(
                        Problem.expected(
                                        "weights of tensor '" + call.output().name() + "'",
                                        "a sum other than 0",
                                        "0")
                                .ofTensor()
                                .hint("change the weights, or set 'normalize_weights: false'"));
            }
            for (int i = 0; i < weights.length; i++) {
                weights[i] /= sum;
            }
        }
        double eps = call.number("eps");
        return new DeltaVectors(others, call.base()).whole(gram -> mean(gram, weights, eps));
    }

    private static double[] mean(double[][] gram, double[] weights, double eps) {
        double[] directions = new double[weights.length];
        double lengths = 0;
        double norm = 0;
        for (int i = 0; i < weights.length; i++) {
            double ownNorm = Math.sqrt(gram[i][i]);
            // A vector of 0 has no direction, whatever eps.
            directions[i] = ownNorm == 0 ? 0 : weights[i] / (ownNorm + eps);
            lengths += Math.abs(directions[i]) * ownNorm;
            norm += weights[i] * ownNorm;
        }
        double length = Gram.norm(gram, directions);
        if (length < Math.max(eps, CANCELLED * lengths) || length == 0) {
            return weights;
        }
        double scale = norm * StrictMath.cos(eps) / length;
        for (int i = 0; i < directions.length; i++) {
            directions[i] *= scale;
        }
        return directions;
    }
}
