package io.amalgam.internal.method.builtin;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.method.vector.DeltaVectors;
import io.amalgam.internal.method.vector.Gram;
import io.amalgam.internal.method.vector.Weiszfeld;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.ParameterSpec;
import io.amalgam.method.ParameterSpec.Scope;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import java.util.ArrayList;
import java.util.List;

/**
 * The point with the least weighted sum of distances to the models, each tensor one vector: a mean
 * that a few models far away cannot pull far. Computed as {@code x_1 + sum c_i (x_i - x_1)};
 * differences in float32, products and iteration in float64, coefficients rounded to float32 once.
 *
 * <p>Pillutla et al. 2019, "Robust Aggregation for Federated Learning", <a
 * href="https://arxiv.org/abs/1912.13445">arXiv 1912.13445</a>; the iteration after Vardi and Zhang
 * 2000, <a href="https://doi.org/10.1073/pnas.97.4.1423">doi:10.1073/pnas.97.4.1423</a>.
 */
public final class GeometricMedian implements MergeMethod {
    private static final MethodInfo INFO =
            new MethodInfo(
                    "geometric_median",
                    "the point nearest to all models together; models far from the others count little",
                    "argmin_y sum(w_i |x_i - y|)",
                    MethodInfo.Base.ORDINARY,
                    1,
                    Integer.MAX_VALUE,
                    List.of(
                            ParameterSpec.number(
                                    "weight",
                                    Scope.PER_MODEL,
                                    1,
                                    "the model's share, not negative"),
                            ParameterSpec.integer("max_iter", 1000, "most iterations")
                                    .within(0, 1e6, "1000 is plenty"),
                            ParameterSpec.number(
                                            "tol",
                                            Scope.SHARED,
                                            1e-9,
                                            "ends at a step smaller than this share of the mean distance")
                                    .atLeast(0, "0.000000001 is usual")),
                    new MethodInfo.Paper(
                            "Robust Aggregation for Federated Learning",
                            "https://arxiv.org/abs/1912.13445"),
                    "two passes, the inner products of all pairs held");

    @Override
    public MethodInfo info() {
        return INFO;
    }

    @Override
    public TensorStep bind(TensorCall call) {
        int models = call.models().size();
        double[] weights = new double[models];
        double sum = 0;
        for (int i = 0; i < models; i++) {
            weights[i] = call.number(i, "weight");
            sum += weights[i];
            if (weights[i] < 0) {
                throw new BadInputException(
                        Problem.expected(
                                        "parameter 'weight' of model '"
                                                + call.inputs().get(i).model()
                                                + "'",
                                        "a number not below 0",
                                        weights[i])
                                .hint("a model is left out by a weight of 0"));
            }
        }
        if (sum == 0) {
            throw new BadInputException(
                    Problem.expected(
                                    "weights of tensor '" + call.output().name() + "'",
                                    "a sum other than 0",
                                    "0")
                            .ofTensor()
                            .hint("change the weights"));
        }
        if (models == 1) {
            return new TensorStep.Copy(0);
        }
        List<Integer> others = new ArrayList<>();
        for (int i = 1; i < models; i++) {
            others.add(i);
        }
        DeltaVectors vectors = new DeltaVectors(others, 0);
        int iterations = (int) call.number("max_iter");
        double tol = call.number("tol");
        return new Gram(vectors, gram -> median(vectors, gram, weights, iterations, tol));
    }

    private static TensorStep median(
            DeltaVectors vectors, double[][] gram, double[] weights, int iterations, double tol) {
        // The first model is the origin: its products are 0.
        double[][] all = new double[weights.length][weights.length];
        for (int i = 1; i < all.length; i++) {
            System.arraycopy(gram[i - 1], 0, all[i], 1, all.length - 1);
        }
        double[] at = new Weiszfeld(all, weights).median(iterations, tol);
        for (int i = 0; i < at.length; i++) {
            if (at[i] == 1) {
                return new TensorStep.Copy(i);
            }
        }
        return vectors.combination(java.util.Arrays.copyOfRange(at, 1, at.length));
    }
}
