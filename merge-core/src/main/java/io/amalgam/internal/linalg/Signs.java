package io.amalgam.internal.linalg;

/**
 * Fixes what a decomposition leaves open: each pair of singular vectors may change sign together.
 * The element of largest magnitude of the left one, the first of equals, is made positive.
 */
final class Signs {
    private Signs() {}

    /** Changes the vectors in place. */
    static Svd fixed(Svd svd) {
        double[] signs = new double[svd.s().length];
        for (int j = 0; j < signs.length; j++) {
            double largest = 0;
            for (int i = 0; i < svd.u().rows(); i++) {
                double value = svd.u().get(i, j);
                if (Math.abs(value) > Math.abs(largest)) {
                    largest = value;
                }
            }
            signs[j] = largest < 0 ? -1 : 1;
        }
        svd.u().scaleColumns(signs);
        svd.v().scaleColumns(signs);
        return svd;
    }
}
