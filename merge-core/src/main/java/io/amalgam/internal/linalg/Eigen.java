package io.amalgam.internal.linalg;

/**
 * Some eigenvalues of a symmetric matrix, largest first.
 *
 * @param vectors one row for each
 */
record Eigen(double[] values, Matrix vectors) {
    /**
     * @param ascending the values wanted are the first ones, smallest first
     */
    static Eigen largestFirst(double[] ascending, Matrix vectors) {
        int count = vectors.rows();
        int n = vectors.cols();
        double[] values = new double[count];
        Matrix ordered = Matrix.zeros(count, n);
        for (int i = 0; i < count; i++) {
            values[i] = ascending[count - 1 - i];
            System.arraycopy(vectors.values(), (count - 1 - i) * n, ordered.values(), i * n, n);
        }
        return new Eigen(values, ordered);
    }
}
