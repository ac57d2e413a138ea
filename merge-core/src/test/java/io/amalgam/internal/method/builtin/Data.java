package io.amalgam.internal.method.builtin;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.internal.tensor.BFloat16;
import java.util.Random;

/** Values to merge, and comparisons of what comes out. */
public final class Data {
    /**
     * Around the lanes of a sum, a block, the largest tensor that is sorted, and a unit of work.
     */
    public static final int[] SIZES = {
        1, 2, 15, 16, 17, 1000, 32_767, 32_769, 65_535, 65_536, 65_537, 300_001
    };

    private Data() {}

    public static float[] normal(int n, long seed) {
        Random random = new Random(seed);
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    /** Near other values, as a fine-tuned model is near its base. */
    static float[] near(float[] base, double distance, long seed) {
        float[] noise = normal(base.length, seed);
        float[] values = new float[base.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (base[i] + distance * noise[i]);
        }
        return values;
    }

    /** Rounded to bfloat16: differences then take few values. */
    public static float[] bf16(float[] values) {
        float[] rounded = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            rounded[i] = BFloat16.toFloat(BFloat16.fromFloat(values[i]));
        }
        return rounded;
    }

    static double largest(double[] values) {
        double largest = 0;
        for (double value : values) {
            largest = Math.max(largest, Math.abs(value));
        }
        return largest;
    }

    /** Every element within a share of the largest magnitude. */
    public static void assertClose(float[] actual, double[] expected, double share) {
        assertThat(actual).hasSameSizeAs(expected);
        double allowed = share * largest(expected) + Float.MIN_VALUE;
        for (int i = 0; i < actual.length; i++) {
            double distance = Math.abs(actual[i] - expected[i]);
            if (!(distance <= allowed)) {
                assertThat((double) actual[i])
                        .as("element %d of %d", i, actual.length)
                        .isEqualTo(expected[i]);
            }
        }
    }

    static double[] doubles(float[] values) {
        double[] wide = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            wide[i] = values[i];
        }
        return wide;
    }
}
