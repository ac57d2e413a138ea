package io.amalgam.internal.method.builtin;

import io.amalgam.internal.linalg.Dense;
import io.amalgam.internal.linalg.Matrix;
import io.amalgam.internal.linalg.Svd;
import io.amalgam.internal.method.matrix.MatrixLayout;
import io.amalgam.internal.method.matrix.MatrixMethod;
import io.amalgam.internal.method.matrix.MatrixParameters;
import io.amalgam.internal.method.matrix.TaskVectors;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.ParameterSpec;
import io.amalgam.method.ParameterSpec.Scope;
import io.amalgam.method.TensorCall;
import java.io.IOException;
import java.util.Arrays;

/**
 * Regression as with statistics of the tasks' inputs, which are estimated from the task vectors:
 * {@code d^T d} of the rows around their mean. Tasks of very different size are normalised first,
 * and the first directions of what is missing are added with one singular value.
 *
 * <p>Xu et al. 2026, "ACE-Merging: Data-Free Model Merging with Adaptive Covariance Estimation", <a
 * href="https://arxiv.org/abs/2603.02945">arXiv 2603.02945</a>.
 */
public final class Ace extends MatrixMethod {
    private static final double TINY = 1e-12;
    private static final double UNLIKE = 0.3;

    public Ace() {
        super(
                new MethodInfo(
                        "ace",
                        "solves for the change that suits covariances estimated from the task vectors",
                        "base + alpha * sum(c_i (c_i^T c_i + eps)) (sum(c_i^T c_i + eps) + C)^-1, c_i = w_i * d_i less its mean row, C the mean row of the sum",
                        MethodInfo.Base.REQUIRED,
                        1,
                        Integer.MAX_VALUE,
                        MatrixParameters.withSides(
                                ParameterSpec.number(
                                                "eps",
                                                Scope.SHARED,
                                                1e-2,
                                                "added to the diagonal of each estimate")
                                        .atLeast(0, "it keeps the system solvable"),
                                ParameterSpec.number(
                                                "spectral_fraction",
                                                Scope.SHARED,
                                                0.3,
                                                "share of the directions that are added where tasks are of unlike size")
                                        .within(0, 1, "it is a share")),
                        new MethodInfo.Paper(
                                "ACE-Merging: Data-Free Model Merging with Adaptive Covariance Estimation",
                                "https://arxiv.org/abs/2603.02945"),
                        "a matrix at a time in float64, up to seven times its size and eleven times its inputs squared; tasks read twice"));
    }

    @Override
    protected Matrix change(TaskVectors tasks, TensorCall call) throws IOException {
        // A tensor that a task left as it was says nothing of its inputs.
        int[] changed = new int[tasks.count()];
        double[] traces = new double[tasks.count()];
        int count = 0;
        for (int t = 0; t < tasks.count(); t++) {
            double trace = tasks.get(t).squares();
            if (trace > 0) {
                changed[count] = t;
                traces[count++] = trace;
            }
        }
        if (count == 0) {
            return Matrix.zeros(tasks.rows(), tasks.cols());
        }
        traces = Arrays.copyOf(traces, count);
        boolean unlike = areUnlike(traces);
        int n = tasks.cols();
        Matrix a = Matrix.zeros(n, n);
        Matrix b = Matrix.zeros(tasks.rows(), n);
        Matrix moments = Matrix.zeros(n, n);
        // Of the refinement: the sums of D_t S_t and of D_t.
        Matrix products = Matrix.zeros(unlike ? tasks.rows() : 0, n);
        Matrix sum = Matrix.zeros(unlike ? tasks.rows() : 0, n);
        for (int t = 0; t < traces.length; t++) {
            Matrix change = tasks.get(changed[t]);
            Matrix centred = centred(change);
            Matrix moment = Dense.transposedProduct(centred, centred);
            double eps = call.number("eps");
            if (unlike) {
                double size = moment.trace() + TINY;
                moment.scale(1 / size);
                eps /= size;
                products.add(1, Dense.product(change, moment));
                sum.add(1, change);
            }
            moments.add(1, moment);
            moment.addToDiagonal(eps);
            b.add(1, Dense.product(centred, moment));
            a.add(1, moment);
        }
        double divisor = tasks.cols() * (unlike ? mean(traces) + TINY : 1);
        Matrix solved = divided(b, withRow(a, columnSums(moments), divisor));
        if (!unlike) {
            return solved;
        }
        products.add(1, solved);
        products.add(-1.0 / traces.length, Dense.product(sum, a));
        int first = (int) (call.number("spectral_fraction") * tasks.smaller());
        if (first > 0) {
            Svd top = Dense.top(products, first);
            Matrix added = Dense.productTransposed(top.u(), top.v());
            solved.add(mean(top.s()), added);
        }
        return solved;
    }

    /** Whether the logarithms of the sizes vary by more than a share of their mean. */
    private static boolean areUnlike(double[] traces) {
        double[] logs = new double[traces.length];
        for (int t = 0; t < logs.length; t++) {
            logs[t] = Math.log(traces[t] + TINY);
        }
        double mean = mean(logs);
        double variance = 0;
        for (double log : logs) {
            variance += (log - mean) * (log - mean) / (logs.length - 1);
        }
        return variance / (mean * mean + TINY) > UNLIKE;
    }

    private static double mean(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum / values.length;
    }

    private static Matrix centred(Matrix matrix) {
        double[] sums = columnSums(matrix);
        Matrix centred = matrix.copy();
        for (int i = 0; i < matrix.rows(); i++) {
            for (int j = 0; j < sums.length; j++) {
                centred.set(i, j, matrix.get(i, j) - sums[j] / matrix.rows());
            }
        }
        return centred;
    }

    private static double[] columnSums(Matrix matrix) {
        double[] sums = new double[matrix.cols()];
        for (int i = 0; i < matrix.rows(); i++) {
            for (int j = 0; j < sums.length; j++) {
                sums[j] += matrix.get(i, j);
            }
        }
        return sums;
    }

    /** A copy with the same row added to each. */
    private static Matrix withRow(Matrix matrix, double[] row, double divisor) {
        Matrix sum = matrix.copy();
        for (int i = 0; i < matrix.rows(); i++) {
            for (int j = 0; j < row.length; j++) {
                sum.set(i, j, matrix.get(i, j) + row[j] / divisor);
            }
        }
        return sum;
    }

    /** {@code b a^-1}, by the pseudo-inverse if there is no inverse. */
    private static Matrix divided(Matrix b, Matrix a) {
        Matrix quotient = b.copy();
        return Dense.divide(quotient, a.copy()) ? quotient : Dense.pseudoDivided(b, a);
    }

    @Override
    protected long doubles(MatrixLayout layout, int tasks) {
        long square = (long) layout.cols() * layout.cols();
        long singular =
                7L * layout.elements()
                        + 4 * square
                        + Dense.svdDoubles(layout.cols(), layout.cols());
        return Math.max(8L * layout.elements() + 6 * square, singular);
    }
}
