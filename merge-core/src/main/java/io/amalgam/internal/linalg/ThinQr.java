package io.amalgam.internal.linalg;

/**
 * The thin QR decomposition by Householder reflections: {@code matrix = q r}, {@code q} of {@code
 * min(rows, columns)} orthonormal columns, also where the matrix is of lower rank or zero.
 */
public record ThinQr(Matrix q, Matrix r) {

    /** Takes about {@code 4 rows columns^2} operations. */
    public static ThinQr of(Matrix matrix) {
        int m = matrix.rows();
        int n = matrix.cols();
        int p = Math.min(m, n);
        // Columns as rows: reflections then run over neighbouring elements.
        Matrix columns = matrix.transpose();
        double[] a = columns.values();
        double[][] reflectors = new double[p][];
        for (int j = 0; j < p; j++) {
            double[] v = reflector(a, j * m, j, m);
            reflectors[j] = v;
            for (int k = j; k < n; k++) {
                reflect(v, j, a, k * m, m);
            }
        }
        Matrix r = Matrix.zeros(p, n);
        for (int i = 0; i < p; i++) {
            for (int j = i; j < n; j++) {
                r.set(i, j, a[j * m + i]);
            }
        }
        Matrix q = Matrix.zeros(p, m);
        for (int k = 0; k < p; k++) {
            q.set(k, k, 1);
            for (int j = p - 1; j >= 0; j--) {
                reflect(reflectors[j], j, q.values(), k * m, m);
            }
        }
        return new ThinQr(q.transpose(), r);
    }

    /** The unit vector of the reflection that clears a column below its diagonal; zero if it is. */
    private static double[] reflector(double[] a, int at, int j, int m) {
        double largest = 0;
        for (int i = j; i < m; i++) {
            largest = Math.max(largest, Math.abs(a[at + i]));
        }
        double[] v = new double[m];
        if (largest == 0) {
            return v;
        }
        double squares = 0;
        for (int i = j; i < m; i++) {
            v[i] = a[at + i] / largest;
            squares += v[i] * v[i];
        }
        double norm = Math.sqrt(squares);
        double head = v[j];
        v[j] = head + Math.copySign(norm, head);
        double length = Math.sqrt(squares - head * head + v[j] * v[j]);
        for (int i = j; i < m; i++) {
            v[i] /= length;
        }
        return v;
    }

    private static void reflect(double[] v, int j, double[] a, int at, int m) {
        double twice = 2 * FixedOrderSums.dot(v, j, a, at + j, m - j);
        if (twice == 0) {
            return;
        }
        for (int i = j; i < m; i++) {
            a[at + i] -= twice * v[i];
        }
    }
}
