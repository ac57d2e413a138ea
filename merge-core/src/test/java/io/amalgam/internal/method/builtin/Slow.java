package io.amalgam.internal.method.builtin;

import io.amalgam.kernel.CounterRandom;
import java.util.Arrays;

/**
 * The methods once more, in the plainest way: one loop after another over whole arrays, and a full
 * sort.
 */
public final class Slow {
    private Slow() {}

    static double[] linear(float[][] models, double[] weights, boolean normalize) {
        double[] out = new double[models[0].length];
        double sum = normalize ? Arrays.stream(weights).sum() : 1;
        for (int i = 0; i < out.length; i++) {
            for (int m = 0; m < models.length; m++) {
                out[i] += weights[m] * models[m][i];
            }
            out[i] /= sum;
        }
        return out;
    }

    static double[] slerp(float[] a, float[] b, double t) {
        double aa = 0;
        double bb = 0;
        for (int i = 0; i < a.length; i++) {
            aa += (double) a[i] * a[i];
            bb += (double) b[i] * b[i];
        }
        double normA = Math.sqrt(aa) > 1e-8 ? Math.sqrt(aa) : 1;
        double normB = Math.sqrt(bb) > 1e-8 ? Math.sqrt(bb) : 1;
        double d = 0;
        for (int i = 0; i < a.length; i++) {
            d += a[i] / normA * (b[i] / normB);
        }
        d = Math.max(-1, Math.min(1, d));
        double theta = Math.acos(d);
        boolean straight = Math.abs(d) > 0.9995;
        double ca = straight ? 1 - t : Math.sin((1 - t) * theta) / Math.sin(theta);
        double cb = straight ? t : Math.sin(t * theta) / Math.sin(theta);
        double[] out = new double[a.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = ca * a[i] + cb * b[i];
        }
        return out;
    }

    static float[] delta(float[] x, float[] base) {
        float[] delta = new float[x.length];
        for (int i = 0; i < x.length; i++) {
            delta[i] = x[i] - base[i];
        }
        return delta;
    }

    /** Keeps the largest magnitudes, of equal ones those at the lowest indices. */
    public static float[] top(float[] delta, double density) {
        if (density >= 1) {
            return delta.clone();
        }
        float[] kept = new float[delta.length];
        if (density <= 0) {
            return kept;
        }
        int k = Math.max(1, (int) (density * delta.length));
        long[] order = new long[delta.length];
        for (int i = 0; i < delta.length; i++) {
            long smallness = Integer.MAX_VALUE - Float.floatToRawIntBits(Math.abs(delta[i]));
            order[i] = smallness << 32 | i;
        }
        Arrays.sort(order);
        for (int rank = 0; rank < k; rank++) {
            int index = (int) order[rank];
            kept[index] = delta[index];
        }
        return kept;
    }

    /** Keeps each element with a probability. */
    static float[] random(float[] delta, double density, long seed, String tensor, int model) {
        long key = CounterRandom.key(seed, tensor, model);
        float[] kept = new float[delta.length];
        for (int i = 0; i < delta.length; i++) {
            kept[i] = density >= 1 || CounterRandom.uniform(key, i) < density ? delta[i] : 0;
        }
        return kept;
    }

    /** Gives a thinned vector its L1 norm back. */
    static float[] restored(float[] kept, float[] whole) {
        double before = 0;
        double after = 0;
        for (int i = 0; i < whole.length; i++) {
            before += Math.abs(whole[i]);
            after += Math.abs(kept[i]);
        }
        return before < 1e-7 || after < 1e-7
                ? kept.clone()
                : scaled(kept, (float) (before / after));
    }

    static float[] scaled(float[] x, float factor) {
        float[] scaled = new float[x.length];
        for (int i = 0; i < x.length; i++) {
            scaled[i] = x[i] * factor;
        }
        return scaled;
    }

    /** Adds weighted vectors to the base, without a vote. */
    static double[] sum(
            float[] base, float[][] deltas, double[] weights, boolean normalize, double lambda) {
        double[] out = new double[base.length];
        double total = Arrays.stream(weights).sum();
        double divisor = normalize && Math.abs(total) >= 1e-8 ? total : 1;
        for (int i = 0; i < out.length; i++) {
            double sum = 0;
            for (int m = 0; m < deltas.length; m++) {
                sum += weights[m] * deltas[m][i];
            }
            out[i] = base[i] + lambda * (sum / divisor);
        }
        return out;
    }

    /**
     * Adds what agrees with the majority. In float32, as a sum near 0 decides which way an element
     * goes.
     */
    public static float[] vote(
            float[] base, float[][] deltas, double[] weights, boolean normalize, double lambda) {
        float[] out = new float[base.length];
        for (int i = 0; i < out.length; i++) {
            float all = 0;
            for (int m = 0; m < deltas.length; m++) {
                all += (float) weights[m] * deltas[m][i];
            }
            float majority = all >= 0 ? 1 : -1;
            float sum = 0;
            float divisor = 0;
            for (int m = 0; m < deltas.length; m++) {
                float value = (float) weights[m] * deltas[m][i];
                if (Math.signum(value) == majority) {
                    sum += value;
                    divisor += (float) weights[m];
                }
            }
            float merged = normalize ? sum / (divisor == 0 ? 1 : divisor) : sum;
            out[i] = base[i] + (float) lambda * merged;
        }
        return out;
    }

    /** Indices from the smallest magnitude; of equal ones the higher index is the smaller. */
    private static int[] ascending(float[] delta) {
        long[] order = new long[delta.length];
        for (int i = 0; i < order.length; i++) {
            long magnitude = Float.floatToRawIntBits(Math.abs(delta[i]));
            order[i] = magnitude << 32 | Integer.MAX_VALUE - i;
        }
        Arrays.sort(order);
        int[] indices = new int[order.length];
        for (int at = 0; at < order.length; at++) {
            indices[at] = Integer.MAX_VALUE - (int) order[at];
        }
        return indices;
    }

    /** Keeps what is neither among the smallest nor among the very largest. */
    static float[] middle(float[] delta, double density, double gamma) {
        if (density >= 1) {
            return delta.clone();
        }
        int n = delta.length;
        int target = (int) (density * n);
        int top = (int) (gamma * n);
        int bottom = Math.max(0, n - target - top);
        float[] kept = new float[n];
        int[] order = ascending(delta);
        for (int at = bottom; at < bottom + target; at++) {
            kept[order[at]] = delta[order[at]];
        }
        return kept;
    }

    /**
     * DELLA's mask for one row.
     *
     * @param first index of the row's first element in the tensor, and the step to the next
     * @param divide whether what is kept is divided by its probability
     */
    static void ranked(
            float[] delta,
            int first,
            int step,
            int m,
            double density,
            double epsilon,
            long key,
            boolean divide,
            float[] kept) {
        for (int j = 0; j < m; j++) {
            int index = first + j * step;
            int rank = 0;
            for (int i = 0; i < m; i++) {
                float other = Math.abs(delta[first + i * step]);
                float own = Math.abs(delta[index]);
                rank += other < own || (other == own && i < j) ? 1 : 0;
            }
            double p =
                    m == 1 ? density : density - epsilon + 2 * epsilon * ((double) rank / (m - 1));
            float value = divide ? delta[index] / (float) p : delta[index];
            kept[index] = CounterRandom.uniform(key, index) < p ? value : 0;
        }
    }

    /** Vectors brought to the mean of the norms that are not 0. */
    static float[] equalizing(float[][] deltas) {
        double[] norms = new double[deltas.length];
        for (int m = 0; m < norms.length; m++) {
            double sum = 0;
            for (float value : deltas[m]) {
                sum += (double) value * value;
            }
            norms[m] = Math.sqrt(sum);
        }
        double mean = Arrays.stream(norms).filter(norm -> norm > 0).average().orElse(0);
        float[] factors = new float[norms.length];
        for (int m = 0; m < norms.length; m++) {
            factors[m] = norms[m] > 0 ? (float) (mean / norms[m]) : 1;
        }
        return factors;
    }
}
