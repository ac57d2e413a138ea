package io.amalgam.internal.method.builtin;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.method.common.WeightSums;
import io.amalgam.method.Block;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.ParameterSpec;
import io.amalgam.method.ParameterSpec.Scope;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import java.util.List;

/**
 * Weighted average of the models' weights: {@code sum w_i x_i / sum w_i}, or the plain sum without
 * normalisation. The sum is one fused multiply-add for each model in recipe order, in float32,
 * divided once.
 *
 * <p>Wortsman et al. 2022, "Model soups", <a href="https://arxiv.org/abs/2203.05482">arXiv
 * 2203.05482</a>.
 */
public final class Linear implements MergeMethod {
    private static final MethodInfo INFO =
            new MethodInfo(
                    "linear",
                    "weighted average of the models",
                    "sum(w_i * x_i) / sum(w_i), or without the division",
                    MethodInfo.Base.ORDINARY,
                    1,
                    Integer.MAX_VALUE,
                    List.of(
                            ParameterSpec.required(
                                    "weight", Scope.PER_MODEL, true, "the model's share"),
                            ParameterSpec.flag(
                                    "normalize", true, "divide by the sum of the weights")),
                    new MethodInfo.Paper("Model soups", "https://arxiv.org/abs/2203.05482"),
                    "one pass, nothing held");

    @Override
    public MethodInfo info() {
        return INFO;
    }

    @Override
    public TensorStep bind(TensorCall call) {
        int models = call.models().size();
        double[] shares = new double[models];
        float[] weights = new float[models];
        float sum = 0;
        for (int i = 0; i < models; i++) {
            shares[i] = call.number(i, "weight");
            weights[i] = (float) shares[i];
            sum += weights[i];
        }
        boolean normalize = call.flag("normalize");
        if (normalize && (sum == 0 || WeightSums.sum(shares) == 0)) {
            throw new BadInputException(
                    Problem.expected(
                                    "weights of tensor '" + call.output().name() + "'",
                                    "a sum other than 0",
                                    "0")
                            .ofTensor()
                            .hint("change the weights, or set 'normalize: false'"));
        }
        return new WeightedSum(weights, normalize ? sum : 1);
    }

    private record WeightedSum(float[] weights, float divisor) implements TensorStep.Combine {
        @Override
        public void combine(Block in, float[] out) {
            in.kernels()
                    .weightedSum(in.inputs(), weights, weights.length, divisor, out, in.length());
        }
    }
}
