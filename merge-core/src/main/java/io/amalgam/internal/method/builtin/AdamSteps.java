package io.amalgam.internal.method.builtin;

import io.amalgam.internal.linalg.Matrix;

/**
 * Adam with its usual constants, from zero: Kingma and Ba 2014, <a
 * href="https://arxiv.org/abs/1412.6980">arXiv 1412.6980</a>.
 */
final class AdamSteps {
    private static final double BETA1 = 0.9;
    private static final double BETA2 = 0.999;
    private static final double EPS = 1e-8;

    private final double rate;
    private final Matrix moved;
    private final Matrix first;
    private final Matrix second;
    private int steps;

    AdamSteps(int rows, int cols, double rate) {
        this.rate = rate;
        this.moved = Matrix.zeros(rows, cols);
        this.first = Matrix.zeros(rows, cols);
        this.second = Matrix.zeros(rows, cols);
    }

    /** The sum of all steps. */
    Matrix moved() {
        return moved;
    }

    void step(Matrix gradient) {
        steps++;
        double size = rate / (1 - StrictMath.pow(BETA1, steps));
        double root = Math.sqrt(1 - StrictMath.pow(BETA2, steps));
        for (int i = 0; i < moved.rows(); i++) {
            for (int j = 0; j < moved.cols(); j++) {
                double g = gradient.get(i, j);
                double m = first.get(i, j) + (g - first.get(i, j)) * (1 - BETA1);
                double v = second.get(i, j) * BETA2 + (1 - BETA2) * g * g;
                first.set(i, j, m);
                second.set(i, j, v);
                moved.set(i, j, moved.get(i, j) - size * m / (Math.sqrt(v) / root + EPS));
            }
        }
    }
}
