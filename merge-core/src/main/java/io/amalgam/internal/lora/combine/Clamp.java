package io.amalgam.internal.lora.combine;

import io.amalgam.internal.linalg.Matrix;
import java.util.Arrays;

/** PEFT's {@code svd_clamp}: outliers of new factors are cut at a quantile of both. */
final class Clamp {
    private Clamp() {}

    /** The quantile of all elements of both, between neighbours in proportion. */
    static double quantile(double share, Matrix b, Matrix a) {
        float[] left = b.floats();
        float[] right = a.floats();
        float[] all = Arrays.copyOf(left, left.length + right.length);
        System.arraycopy(right, 0, all, left.length, right.length);
        Arrays.sort(all);
        double place = share * (all.length - 1);
        int below = (int) place;
        int above = Math.min(below + 1, all.length - 1);
        return all[below] + (place - below) * ((double) all[above] - all[below]);
    }

    /** Elements beyond the limit on either side become the limit. */
    static Matrix clamped(Matrix matrix, double limit) {
        Matrix cut = Matrix.zeros(matrix.rows(), matrix.cols());
        for (int i = 0; i < matrix.rows(); i++) {
            for (int j = 0; j < matrix.cols(); j++) {
                cut.set(i, j, Math.max(-limit, Math.min(limit, matrix.get(i, j))));
            }
        }
        return cut;
    }
}
