package io.amalgam.internal.method.builtin;

import java.util.Arrays;

/**
 * Methods that work with angles, once more in the plainest way: in float64, over whole vectors, as
 * they are defined.
 */
final class SlowGeometry {
    private SlowGeometry() {}

    static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    static double norm(double[] a) {
        return Math.sqrt(dot(a, a));
    }

    /** {@code sum c_i x_i}. */
    static double[] sum(double[] c, double[]... x) {
        double[] out = new double[x[0].length];
        for (int m = 0; m < x.length; m++) {
            for (int i = 0; i < out.length; i++) {
                out[i] += c[m] * x[m][i];
            }
        }
        return out;
    }

    static double[] minus(double[] a, double[] b) {
        return sum(new double[] {1, -1}, a, b);
    }

    static double[] times(double[] a, double factor) {
        return sum(new double[] {factor}, a);
    }

    static double[][] minus(float[][] x, float[] base) {
        double[][] out = new double[x.length][];
        for (int m = 0; m < x.length; m++) {
            out[m] = Data.doubles(base == null ? x[m] : Slow.delta(x[m], base));
        }
        return out;
    }

    static double[] plus(double[] a, float[] base) {
        return base == null ? a : sum(new double[] {1, 1}, a, Data.doubles(base));
    }

    static double[] nuslerp(double[] a, double[] b, double t) {
        double[] u = times(a, 1 / Math.max(norm(a), 1e-7));
        double[] v = times(b, 1 / Math.max(norm(b), 1e-7));
        double theta = Math.acos(Math.max(-1, Math.min(1, dot(u, v))));
        double sine = Math.sin(theta);
        return Math.abs(sine) < 1e-7
                ? sum(new double[] {1 - t, t}, a, b)
                : sum(
                        new double[] {Math.sin((1 - t) * theta) / sine, Math.sin(t * theta) / sine},
                        a,
                        b);
    }

    static double[] multislerp(double[][] x, double[] weights, boolean normalize, double eps) {
        double[] w = weights.clone();
        double total = Arrays.stream(w).sum();
        double[] mean = new double[x[0].length];
        double[][] units = new double[x.length][];
        double scale = 0;
        for (int m = 0; m < w.length; m++) {
            w[m] = normalize ? w[m] / total : w[m];
            units[m] = times(x[m], 1 / (norm(x[m]) + eps));
            scale += w[m] * norm(x[m]);
        }
        mean = sum(w, units);
        if (norm(mean) < eps) {
            return sum(w, x);
        }
        mean = times(mean, 1 / norm(mean));
        double[] tangent = new double[mean.length];
        for (int m = 0; m < w.length; m++) {
            double[] across = minus(units[m], times(mean, dot(units[m], mean)));
            tangent = sum(new double[] {1, w[m]}, tangent, across);
        }
        double angle = norm(tangent) + eps;
        double[] out = sum(new double[] {Math.cos(angle), Math.sin(angle) / angle}, mean, tangent);
        return times(out, scale);
    }

    static double[] karcher(double[][] x, int iterations, double tol) {
        int n = x[0].length;
        double meanNorm = 0;
        double[][] units = new double[x.length][];
        int valid = 0;
        for (double[] vector : x) {
            double norm = norm(vector);
            meanNorm += norm / x.length;
            if (norm > tol) {
                units[valid++] = times(vector, 1 / norm);
            }
        }
        if (valid == 0) {
            return new double[n];
        }
        units = Arrays.copyOf(units, valid);
        double[] share = new double[valid];
        Arrays.fill(share, 1.0 / valid);
        double[] u = sum(share, units);
        u = norm(u) < tol ? units[0] : times(u, 1 / norm(u));
        for (int step = 0; step < iterations; step++) {
            double[] tangent = new double[n];
            for (double[] unit : units) {
                double d = Math.max(-1, Math.min(1, dot(u, unit)));
                double theta = Math.acos(d);
                if (theta >= tol && d > -1 + 1e-12) {
                    double pull = theta / Math.sin(theta) / valid;
                    tangent = sum(new double[] {1, pull, -pull * d}, tangent, unit, u);
                }
            }
            double speed = norm(tangent);
            if (speed < tol) {
                break;
            }
            u = sum(new double[] {Math.cos(speed), Math.sin(speed) / speed}, u, tangent);
            u = times(u, 1 / norm(u));
        }
        return times(u, meanNorm);
    }

    static double[] modelStock(float[][] x, float[] base) {
        double[][] deltas = minus(x, base);
        int models = x.length;
        double cosines = 0;
        int pairs = 0;
        for (int i = 0; i < models; i++) {
            for (int j = 0; j < i; j++) {
                double norms = norm(deltas[i]) * norm(deltas[j]);
                double cosine = dot(deltas[i], deltas[j]) / Math.max(norms, 1e-6);
                cosines += Math.max(-1, Math.min(1, cosine));
                pairs++;
            }
        }
        double c = cosines / pairs;
        double divisor = 1 + (models - 1) * c;
        double t = Math.abs(divisor) < 1e-6 ? 0 : models * c / divisor;
        double[] mean = new double[base.length];
        for (float[] model : x) {
            mean = sum(new double[] {1, 1.0 / models}, mean, Data.doubles(model));
        }
        return sum(new double[] {t, 1 - t}, mean, Data.doubles(base));
    }

    /** Elements {@code from, from + step, ...} of several vectors. */
    static float[] line(float[] x, int from, int step, int count) {
        float[] line = new float[count];
        for (int i = 0; i < count; i++) {
            line[i] = x[from + i * step];
        }
        return line;
    }

    /** A method of vectors, for each row of {@code columns} elements. */
    interface OfVectors {
        double[] merge(float[][] x);
    }

    static double[] byRow(float[][] x, int columns, OfVectors method) {
        return byLine(x, x[0].length / columns, columns, 1, columns, method);
    }

    static double[] byColumn(float[][] x, int columns, OfVectors method) {
        return byLine(x, columns, 1, columns, x[0].length / columns, method);
    }

    private static double[] byLine(
            float[][] x, int lines, int apart, int step, int count, OfVectors method) {
        double[] out = new double[x[0].length];
        for (int line = 0; line < lines; line++) {
            float[][] parts = new float[x.length][];
            for (int m = 0; m < x.length; m++) {
                parts[m] = line(x[m], line * apart, step, count);
            }
            double[] merged = method.merge(parts);
            for (int i = 0; i < count; i++) {
                out[line * apart + i * step] = merged[i];
            }
        }
        return out;
    }
}
