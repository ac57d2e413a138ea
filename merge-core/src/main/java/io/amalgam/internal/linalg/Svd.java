package io.amalgam.internal.linalg;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A singular value decomposition, {@code matrix = u diag(s) v^T}, largest value first. Columns of
 * {@code u} and {@code v} that belong to a value of zero may be zero.
 */
public record Svd(Matrix u, double[] s, Matrix v) {
    private static final int SWEEPS = 80;
    private static final double ORTHOGONAL = 1e-15;

    /**
     * All singular values, by one-sided Jacobi rotations: exact to rounding, for small cores (a few
     * hundred columns), of the smaller of both dimensions many. Tall or wide matrices are reduced
     * by QR first.
     *
     * @param matrix of finite numbers
     */
    public static Svd of(Matrix matrix) {
        if (matrix.rows() < matrix.cols()) {
            Svd flipped = of(matrix.transpose());
            return new Svd(flipped.v, flipped.s, flipped.u);
        }
        if (matrix.rows() > matrix.cols()) {
            ThinQr qr = ThinQr.of(matrix);
            Svd core = jacobi(qr.r());
            return new Svd(qr.q().times(core.u), core.s, core.v);
        }
        return jacobi(matrix);
    }

    /** The largest {@code rank} values, or all if there are fewer. */
    public Svd truncated(int rank) {
        int kept = Math.min(rank, s.length);
        if (kept == s.length) {
            return this;
        }
        return new Svd(u.columns(0, kept), Arrays.copyOf(s, kept), v.columns(0, kept));
    }

    /** The triplets of several decompositions, side by side in their order. */
    public static Svd beside(List<Svd> parts) {
        int count = parts.stream().mapToInt(part -> part.s.length).sum();
        double[] s = new double[count];
        int at = 0;
        for (Svd part : parts) {
            System.arraycopy(part.s, 0, s, at, part.s.length);
            at += part.s.length;
        }
        return new Svd(
                Matrix.beside(parts.stream().map(Svd::u).toList()),
                s,
                Matrix.beside(parts.stream().map(Svd::v).toList()));
    }

    /** How many values are more than a share of the largest. */
    public int rank(double relative) {
        return rank(relative, s);
    }

    static int rank(double relative, double... s) {
        int rank = 0;
        while (rank < s.length && s[rank] > 0 && s[rank] > relative * s[0]) {
            rank++;
        }
        return rank;
    }

    /** The sum of the squared values. */
    public double energy() {
        double sum = 0;
        for (double value : s) {
            sum += value * value;
        }
        return sum;
    }

    private static Svd jacobi(Matrix square) {
        int n = square.cols();
        // Columns as rows, to run over neighbouring elements.
        double[] a = square.transpose().values();
        double[] v = new double[n * n];
        for (int i = 0; i < n; i++) {
            v[i * n + i] = 1;
        }
        double smallest = Double.MIN_NORMAL;
        boolean rotated = true;
        for (int sweep = 0; sweep < SWEEPS && rotated; sweep++) {
            rotated = false;
            for (int p = 0; p < n - 1; p++) {
                for (int q = p + 1; q < n; q++) {
                    double alpha = FixedOrderSums.dot(a, p * n, a, p * n, n);
                    double beta = FixedOrderSums.dot(a, q * n, a, q * n, n);
                    double gamma = FixedOrderSums.dot(a, p * n, a, q * n, n);
                    double limit = ORTHOGONAL * Math.sqrt(alpha) * Math.sqrt(beta);
                    if (Math.abs(gamma) <= Math.max(limit, smallest)) {
                        continue;
                    }
                    rotated = true;
                    double zeta = (beta - alpha) / (2 * gamma);
                    double t =
                            Math.copySign(1, zeta) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
                    double c = 1 / Math.sqrt(1 + t * t);
                    rotate(a, p * n, q * n, n, c, c * t);
                    rotate(v, p * n, q * n, n, c, c * t);
                }
            }
        }
        return sorted(a, v, n);
    }

    private static void rotate(double[] x, int p, int q, int n, double c, double s) {
        for (int i = 0; i < n; i++) {
            double left = x[p + i];
            double right = x[q + i];
            x[p + i] = c * left - s * right;
            x[q + i] = s * left + c * right;
        }
    }

    private static Svd sorted(double[] a, double[] v, int n) {
        double[] norms = new double[n];
        for (int j = 0; j < n; j++) {
            norms[j] = Math.sqrt(FixedOrderSums.dot(a, j * n, a, j * n, n));
        }
        int[] order =
                IntStream.range(0, n)
                        .boxed()
                        .sorted(Comparator.comparingDouble(j -> -norms[j]))
                        .mapToInt(j -> j)
                        .toArray();
        Matrix u = Matrix.zeros(n, n);
        Matrix right = Matrix.zeros(n, n);
        double[] s = new double[n];
        for (int k = 0; k < n; k++) {
            int j = order[k];
            s[k] = norms[j];
            for (int i = 0; i < n; i++) {
                u.set(i, k, norms[j] == 0 ? 0 : a[j * n + i] / norms[j]);
                right.set(i, k, v[j * n + i]);
            }
        }
        return new Svd(u, s, right);
    }
}
