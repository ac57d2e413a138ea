package io.amalgam.internal.method.builtin;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.linalg.Dense;
import io.amalgam.internal.linalg.Matrix;
import io.amalgam.internal.method.matrix.Deviations;
import io.amalgam.internal.method.matrix.MatrixLayout;
import io.amalgam.internal.method.matrix.StatisticMethod;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.ParameterSpec;
import io.amalgam.method.ParameterSpec.Scope;
import io.amalgam.method.TensorCall;
import java.io.IOException;
import java.util.List;

/**
 * The matrix whose outputs differ least from those of the models, each on its own inputs: least
 * squares with the Gram matrices of the inputs. An input that no model ever has gets the average.
 *
 * <p>Jin et al. 2022, "Dataless Knowledge Fusion by Merging Weights of Language Models", <a
 * href="https://arxiv.org/abs/2212.09849">arXiv 2212.09849</a>.
 */
public final class RegMean extends StatisticMethod {
    public RegMean() {
        super(
                new MethodInfo(
                        "regmean",
                        "finds matrices whose outputs differ least from the models', each on its own inputs",
                        "(sum(w_i x_i G_i) + e mean(x_i)) (sum(w_i G_i) + e)^-1, G_i = inputs^T inputs / N, e = ridge * mean diagonal",
                        MethodInfo.Base.OPTIONAL,
                        1,
                        Integer.MAX_VALUE,
                        parameters(
                                offDiagonal(),
                                ParameterSpec.number(
                                                "ridge",
                                                Scope.SHARED,
                                                1e-6,
                                                "share of the mean diagonal that is added to it, with the average")
                                        .atLeast(0, "it keeps the system solvable")),
                        new MethodInfo.Paper(
                                "Dataless Knowledge Fusion by Merging Weights of Language Models",
                                "https://arxiv.org/abs/2212.09849"),
                        "a matrix at a time in float64, six times its size and five times its inputs squared"));
    }

    @Override
    public List<TensorCall.Statistic> statistics() {
        return List.of(ofInputs());
    }

    /** The equations for the difference to the mean: what the ridge adds is 0 there. */
    @Override
    protected Matrix change(Deviations models) throws IOException {
        Matrix products = Matrix.zeros(models.rows(), models.cols());
        Matrix sum = Matrix.zeros(models.cols(), models.cols());
        for (int m = 0; m < models.count(); m++) {
            Matrix gram = models.gram(m, INPUT, models.call().number("off_diagonal"));
            sum.add(models.weight(m), gram);
            products.add(models.weight(m), Dense.product(models.get(m), gram));
        }
        double trace = sum.trace();
        if (trace == 0) {
            return products;
        }
        sum.addToDiagonal(models.call().number("ridge") * trace / models.cols());
        if (!Dense.divideByPositive(products, sum)) {
            throw new BadInputException(
                    Problem.expected(
                                    "sum of the statistics 'input_gram' of tensor '"
                                            + models.call().output().name()
                                            + "'",
                                    "a matrix that can be inverted",
                                    "a singular one")
                            .hint("raise 'ridge'"));
        }
        return products;
    }

    @Override
    protected long doubles(MatrixLayout layout, int models) {
        long square = (long) layout.cols() * layout.cols();
        return 6L * layout.elements() + 5 * square;
    }
}
