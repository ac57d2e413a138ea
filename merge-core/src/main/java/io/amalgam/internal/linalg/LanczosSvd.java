package io.amalgam.internal.linalg;

import io.amalgam.kernel.CounterRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The largest singular values of a large matrix to float64's rounding, without the others: Lanczos
 * bidiagonalisation with full reorthogonalisation, continued until what is left over is negligible.
 * Deterministic.
 *
 * <p>Golub and Kahan 1965, "Calculating the Singular Values and Pseudo-Inverse of a Matrix", <a
 * href="https://doi.org/10.1137/0702016">doi:10.1137/0702016</a>. Holds the matrix and twice the
 * steps it took in vectors: a few hundred for the first 16 values of a matrix of 4096 columns.
 */
public final class LanczosSvd {
    /** Up to so many rows or columns all values are computed. */
    private static final int SMALL = 96;

    private static final double CONVERGED = 1e-10;
    private static final double NOTHING = 1e-14;

    private LanczosSvd() {}

    /**
     * The largest {@code rank} values, or all if there are fewer.
     *
     * @param matrix of finite numbers
     */
    public static Svd of(FloatMatrix matrix, int rank) {
        int smaller = Math.min(matrix.rows(), matrix.cols());
        return smaller <= SMALL || 2 * rank >= smaller
                ? Svd.of(matrix.widened()).truncated(rank)
                : lanczos(matrix, rank);
    }

    private static Svd lanczos(FloatMatrix matrix, int rank) {
        int most = Math.min(matrix.rows(), matrix.cols());
        List<double[]> lefts = new ArrayList<>();
        List<double[]> rights = new ArrayList<>();
        double[] alphas = new double[most];
        double[] betas = new double[most + 1];
        double[] v = start(matrix.cols(), 0);
        double[] u = new double[matrix.rows()];
        int next = Math.min(most, 2 * rank + 8);
        double largest = 0;
        boolean fresh = false;
        for (int k = 0; k < most; k++) {
            rights.add(v);
            u = new double[matrix.rows()];
            matrix.times(v, u);
            orthogonalise(u, lefts);
            alphas[k] = normalise(u);
            lefts.add(u);
            v = new double[matrix.cols()];
            matrix.transposedTimes(u, v);
            orthogonalise(v, rights);
            betas[k + 1] = normalise(v);
            largest = Math.max(largest, Math.max(alphas[k], betas[k + 1]));
            boolean nothingLeft = fresh && alphas[k] <= NOTHING * largest;
            fresh = betas[k + 1] <= NOTHING * largest;
            if (nothingLeft || largest == 0 || (k + 1 >= next && !fresh) || k + 1 == most) {
                Svd core = Svd.of(bidiagonal(alphas, betas, k + 1));
                boolean all = nothingLeft || largest == 0 || k + 1 == most;
                if (all || converged(core, betas[k + 1], rank)) {
                    Svd kept = core.truncated(rank);
                    return new Svd(
                            columns(lefts).times(kept.u()),
                            kept.s(),
                            columns(rights).times(kept.v()));
                }
                next = Math.min(most, k + 1 + Math.max(rank, next / 4));
            }
            if (fresh) {
                // All that this start reaches is found; equal values may hide behind it.
                betas[k + 1] = 0;
                v = start(matrix.cols(), k + 1);
                orthogonalise(v, rights);
                normalise(v);
            }
        }
        throw new IllegalStateException("a matrix of " + most + " rows or columns has an end");
    }

    /** A fixed vector with a part in every direction. */
    private static double[] start(int length, int number) {
        double[] v = new double[length];
        long key = CounterRandom.key(0, "lanczos", number);
        for (int i = 0; i < length; i++) {
            v[i] = CounterRandom.uniform(key, i) - 0.5;
        }
        normalise(v);
        return v;
    }

    /** What is missing of {@code A^T u = s v} is {@code beta} times u's last component. */
    private static boolean converged(Svd core, double beta, int rank) {
        int last = core.u().rows() - 1;
        for (int i = 0; i < rank; i++) {
            if (Math.abs(beta * core.u().get(last, i)) > CONVERGED * core.s()[0]) {
                return false;
            }
        }
        return true;
    }

    private static Matrix bidiagonal(double[] alphas, double[] betas, int n) {
        Matrix b = Matrix.zeros(n, n);
        for (int i = 0; i < n; i++) {
            b.set(i, i, alphas[i]);
            if (i + 1 < n) {
                b.set(i, i + 1, betas[i + 1]);
            }
        }
        return b;
    }

    /** Twice is enough. */
    private static void orthogonalise(double[] x, List<double[]> basis) {
        for (int pass = 0; pass < 2; pass++) {
            for (double[] y : basis) {
                double part = FixedOrderSums.dot(x, 0, y, 0, x.length);
                for (int i = 0; i < x.length; i++) {
                    x[i] -= part * y[i];
                }
            }
        }
    }

    private static double normalise(double[] x) {
        double norm = Math.sqrt(FixedOrderSums.dot(x, 0, x, 0, x.length));
        if (norm == 0) {
            Arrays.fill(x, 0);
            return 0;
        }
        for (int i = 0; i < x.length; i++) {
            x[i] /= norm;
        }
        return norm;
    }

    private static Matrix columns(List<double[]> vectors) {
        double[][] rows = vectors.toArray(double[][]::new);
        Matrix matrix = Matrix.zeros(rows[0].length, rows.length);
        for (int j = 0; j < rows.length; j++) {
            for (int i = 0; i < rows[j].length; i++) {
                matrix.set(i, j, rows[j][i]);
            }
        }
        return matrix;
    }
}
