package io.amalgam.internal.linalg;

/** Small systems of linear equations {@code X A = B}, one row of B at a time. */
final class Systems {
    private Systems() {}

    /**
     * By Cholesky; {@code a} gets the lower factor, {@code b} the solution. False if {@code a} is
     * not positive definite.
     */
    static boolean solvePositive(Matrix a, Matrix b) {
        int n = a.rows();
        double[] l = a.values();
        for (int j = 0; j < n; j++) {
            double pivot = l[j * n + j] - FixedOrderSums.dot(l, j * n, l, j * n, j);
            if (!(pivot > 0)) {
                return false;
            }
            double root = Math.sqrt(pivot);
            l[j * n + j] = root;
            for (int i = j + 1; i < n; i++) {
                double rest = l[i * n + j] - FixedOrderSums.dot(l, i * n, l, j * n, j);
                l[i * n + j] = rest / root;
            }
        }
        double[] x = b.values();
        for (int row = 0; row < b.rows(); row++) {
            int at = row * n;
            for (int i = 0; i < n; i++) {
                x[at + i] = (x[at + i] - FixedOrderSums.dot(l, i * n, x, at, i)) / l[i * n + i];
            }
            for (int i = n - 1; i >= 0; i--) {
                double value = x[at + i] / l[i * n + i];
                x[at + i] = value;
                for (int k = 0; k < i; k++) {
                    x[at + k] -= l[i * n + k] * value;
                }
            }
        }
        return true;
    }

    /**
     * By elimination with exchanges; {@code a} is destroyed, {@code b} gets the solution. False if
     * {@code a} is singular.
     */
    static boolean solve(Matrix a, Matrix b) {
        int n = a.rows();
        // X A = B is A^T X^T = B^T.
        double[] lu = a.transpose().values();
        double[] x = b.values();
        for (int j = 0; j < n; j++) {
            int pivot = j;
            for (int i = j + 1; i < n; i++) {
                if (Math.abs(lu[i * n + j]) > Math.abs(lu[pivot * n + j])) {
                    pivot = i;
                }
            }
            if (lu[pivot * n + j] == 0) {
                return false;
            }
            for (int k = 0; k < n && pivot != j; k++) {
                swap(lu, j * n + k, pivot * n + k);
            }
            for (int row = 0; row < b.rows() && pivot != j; row++) {
                swap(x, row * n + j, row * n + pivot);
            }
            for (int i = j + 1; i < n; i++) {
                double factor = lu[i * n + j] / lu[j * n + j];
                lu[i * n + j] = factor;
                for (int k = j + 1; k < n; k++) {
                    lu[i * n + k] -= factor * lu[j * n + k];
                }
            }
        }
        for (int row = 0; row < b.rows(); row++) {
            int at = row * n;
            for (int i = 0; i < n; i++) {
                x[at + i] -= FixedOrderSums.dot(lu, i * n, x, at, i);
            }
            for (int i = n - 1; i >= 0; i--) {
                double rest = FixedOrderSums.dot(lu, i * n + i + 1, x, at + i + 1, n - i - 1);
                x[at + i] = (x[at + i] - rest) / lu[i * n + i];
            }
        }
        return true;
    }

    private static void swap(double[] values, int i, int j) {
        double value = values[i];
        values[i] = values[j];
        values[j] = value;
    }
}
