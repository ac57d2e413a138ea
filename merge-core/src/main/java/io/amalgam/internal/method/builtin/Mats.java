package io.amalgam.internal.method.builtin;

import io.amalgam.internal.linalg.Dense;
import io.amalgam.internal.linalg.Matrix;
import io.amalgam.internal.method.matrix.Deviations;
import io.amalgam.internal.method.matrix.MatrixLayout;
import io.amalgam.internal.method.matrix.StatisticMethod;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.ParameterSpec;
import io.amalgam.method.TensorCall;
import java.io.IOException;
import java.util.List;

/**
 * Matching in task subspaces: the matrix that weighs each model's directions by its
 * Kronecker-factored Fisher information, approached from the average by some steps of conjugate
 * gradients. Without statistics of outputs the equations are those of {@link RegMean}.
 *
 * <p>The number of steps is a parameter, not an accuracy: run to the end the result is worse. Sums
 * run in a fixed order; programs that sum otherwise drift apart after about ten steps.
 *
 * <p>Tam et al. 2023, "Merging by Matching Models in Task Parameter Subspaces", <a
 * href="https://arxiv.org/abs/2312.04339">arXiv 2312.04339</a>.
 */
public final class Mats extends StatisticMethod {
    private static final double CONVERGED = 1e-5;

    public Mats() {
        super(
                new MethodInfo(
                        "mats",
                        "matches the models in the directions each depends on, by conjugate gradients",
                        "X of sum(w_i O_i X G_i) = sum(w_i O_i x_i G_i), some steps from the mean; G_i = inputs^T inputs / N, O_i = gradients^T gradients / N",
                        MethodInfo.Base.OPTIONAL,
                        1,
                        Integer.MAX_VALUE,
                        parameters(
                                ParameterSpec.integer("steps", 10, "of conjugate gradients")
                                        .within(0, 1_000_000, "it counts steps"),
                                offDiagonal()),
                        new MethodInfo.Paper(
                                "Merging by Matching Models in Task Parameter Subspaces",
                                "https://arxiv.org/abs/2312.04339"),
                        "a matrix at a time in float64, ten times its size, and the squares of its inputs and outputs for each model"));
    }

    @Override
    public List<TensorCall.Statistic> statistics() {
        return List.of(ofInputs(), ofOutputs());
    }

    @Override
    protected Matrix change(Deviations models) throws IOException {
        double offDiagonal = models.call().number("off_diagonal");
        Blocks blocks = new Blocks(models.count());
        Matrix residual = Matrix.zeros(models.rows(), models.cols());
        for (int m = 0; m < models.count(); m++) {
            blocks.inputs[m] = models.gram(m, INPUT, offDiagonal).scaled(models.weight(m));
            blocks.outputs[m] =
                    models.has(OUTPUT) ? models.gram(m, OUTPUT, offDiagonal) : Matrix.zeros(0, 0);
            residual.add(1, blocks.one(m, models.get(m)));
        }
        Matrix right = blocks.all(models.mean());
        right.add(1, residual);
        double enough = CONVERGED * Math.sqrt(right.squares());
        Matrix x = Matrix.zeros(models.rows(), models.cols());
        Matrix direction = residual.copy();
        double squares = residual.squares();
        for (int step = 0; step < models.call().number("steps"); step++) {
            if (Math.sqrt(squares) <= enough) {
                break;
            }
            Matrix image = blocks.all(direction);
            double curvature = direction.dot(image);
            if (!(curvature > 0)) {
                break;
            }
            double length = squares / curvature;
            x.add(length, direction);
            residual.add(-length, image);
            double next = residual.squares();
            direction = direction.scaled(next / squares);
            direction.add(1, residual);
            squares = next;
        }
        return x;
    }

    /** The models' factors: {@code O_i X G_i}. */
    private static final class Blocks {
        private final Matrix[] inputs;
        private final Matrix[] outputs;

        Blocks(int models) {
            this.inputs = new Matrix[models];
            this.outputs = new Matrix[models];
        }

        Matrix one(int model, Matrix x) {
            Matrix right = Dense.product(x, inputs[model]);
            return outputs[model].rows() == 0 ? right : Dense.product(outputs[model], right);
        }

        Matrix all(Matrix x) {
            Matrix sum = Matrix.zeros(x.rows(), x.cols());
            for (int m = 0; m < inputs.length; m++) {
                sum.add(1, one(m, x));
            }
            return sum;
        }
    }

    @Override
    protected long doubles(MatrixLayout layout, int models) {
        long squares = (long) layout.cols() * layout.cols() + (long) layout.rows() * layout.rows();
        return 11L * layout.elements() + (models + 2L) * squares;
    }
}
