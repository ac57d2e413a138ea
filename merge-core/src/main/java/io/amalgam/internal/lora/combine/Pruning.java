package io.amalgam.internal.lora.combine;

import io.amalgam.kernel.CounterRandom;
import java.util.Arrays;

/** The pruning of each tensor by PEFT's methods before the sum. Arrays are changed in place. */
final class Pruning {
    private Pruning() {}

    /** Keeps the largest magnitudes, a share of them rounded down; of equal ones the first. */
    static void byMagnitude(float[] x, double density) {
        int kept = (int) (density * x.length);
        if (kept >= x.length) {
            return;
        }
        float[] magnitudes = new float[x.length];
        for (int i = 0; i < x.length; i++) {
            magnitudes[i] = Math.abs(x[i]);
        }
        Arrays.sort(magnitudes);
        float cut = kept == 0 ? Float.POSITIVE_INFINITY : magnitudes[x.length - kept];
        int above = x.length - kept;
        while (above < x.length && magnitudes[above] == cut) {
            above++;
        }
        int equal = kept - (x.length - above);
        for (int i = 0; i < x.length; i++) {
            float magnitude = Math.abs(x[i]);
            boolean keep = magnitude > cut || (magnitude == cut && equal-- > 0);
            if (!keep) {
                x[i] = 0;
            }
        }
    }

    /** Keeps each element with the probability {@code density}, and divides it by that. */
    static void atRandom(float[] x, double density, long key) {
        for (int i = 0; i < x.length; i++) {
            boolean keep = CounterRandom.uniform(key, i) < density;
            x[i] = keep ? (float) (x[i] / density) : 0;
        }
    }

    /** The sum of all, each times its weight. */
    static float[] sum(float[][] parts, double[] weights) {
        float[] sum = new float[parts[0].length];
        for (int t = 0; t < parts.length; t++) {
            float weight = (float) weights[t];
            for (int i = 0; i < sum.length; i++) {
                sum[i] += weight * parts[t][i];
            }
        }
        return sum;
    }

    /**
     * The mean of what agrees with the elected sign. The sign is that of the sum of the parts,
     * their weights not in it, or of the sum of their signs; 0 counts as positive.
     */
    static float[] elected(float[][] parts, double[] weights, boolean frequency) {
        float[] merged = new float[parts[0].length];
        for (int i = 0; i < merged.length; i++) {
            float total = 0;
            for (float[] part : parts) {
                total += frequency ? Math.signum(part[i]) : part[i];
            }
            float sign = total >= 0 ? 1 : -1;
            float sum = 0;
            int agreeing = 0;
            for (int t = 0; t < parts.length; t++) {
                if (Math.signum(parts[t][i]) == sign) {
                    sum += (float) weights[t] * parts[t][i];
                    agreeing++;
                }
            }
            merged[i] = sum / Math.max(agreeing, 1);
        }
        return merged;
    }
}
