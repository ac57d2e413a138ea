package io.amalgam.internal.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.kernel.Kernels;
import java.util.Arrays;
import java.util.Random;
import java.util.function.ToIntFunction;

/**
 * Arrays for one call of a kernel, a little longer than the call may touch, so that writing beyond
 * shows.
 */
public final class KernelInput {
    public static final int MODELS = 5;
    private static final int SPARE = 21;

    public final float[] a;
    public final float[] b;
    public final float[] c;
    public final float[] out;
    public final short[] shorts;
    public final double[] lanes;
    public final double[] p;
    public final double[] q;
    public final int[] inside;
    public final int[] counts;
    public final float[][] weighted;
    public final float[] weights;

    /** What the float arrays are filled with. */
    public enum Kind {
        /** Like the weights of a model. */
        ORDINARY(random -> Float.floatToRawIntBits((float) random.nextGaussian() * 0.02f)),
        /** Few different numbers: many equal magnitudes, zeros of both signs, sums that cancel. */
        TIES(
                random ->
                        Float.floatToRawIntBits(
                                (random.nextInt(9) - 4) * (random.nextBoolean() ? 0.25f : -0.25f))),
        /** Mostly infinities, NaN, subnormals, the ends of the range and of float16's. */
        SPECIAL(random -> special(random)),
        /** Numbers of all magnitudes. */
        FINITE_BITS(
                random -> {
                    int bits = random.nextInt();
                    return (bits & 0x7F800000) == 0x7F800000 ? bits & 0x80FFFFFF : bits;
                }),
        /** Any 32 bits. */
        ANY_BITS(Random::nextInt);

        private final ToIntFunction<Random> bits;

        Kind(ToIntFunction<Random> bits) {
            this.bits = bits;
        }

        boolean finite() {
            return this == ORDINARY || this == TIES || this == FINITE_BITS;
        }

        float[] floats(Random random, int n) {
            float[] values = new float[n];
            for (int i = 0; i < n; i++) {
                values[i] = Float.intBitsToFloat(bits.applyAsInt(random));
            }
            return values;
        }
    }

    private static final float[] SPECIAL = {
        0f,
        -0f,
        1f,
        -1f,
        Float.NaN,
        Float.POSITIVE_INFINITY,
        Float.NEGATIVE_INFINITY,
        Float.MIN_VALUE,
        -Float.MIN_VALUE,
        Float.MIN_NORMAL,
        -Float.MIN_NORMAL,
        Float.MAX_VALUE,
        -Float.MAX_VALUE,
        65504f,
        65520f,
        -65519.996f,
        0x1p-24f,
        0x1p-25f,
        -0x1.8p-25f,
        0x1p-14f,
        0x1.ffcp-15f,
        0x1.01p0f,
        0x1.03p0f,
        0x1.002p0f,
        0x1.006p0f
    };

    KernelInput(Kind kind, int n, long seed) {
        Random random = new Random(seed * 31 + n);
        int length = n + SPARE;
        a = kind.floats(random, length);
        b = kind.floats(random, length);
        c = kind.floats(random, length);
        out = kind.floats(random, length);
        weights = kind.floats(random, MODELS);
        weighted = new float[MODELS][];
        for (int m = 0; m < MODELS; m++) {
            weighted[m] = kind.floats(random, length);
        }
        shorts = new short[length];
        for (int i = 0; i < length; i++) {
            shorts[i] = (short) random.nextInt();
        }
        lanes = random.doubles(Kernels.LANES).toArray();
        p = random.doubles(length).toArray();
        q = p.clone();
        for (int i = 0; i < length; i++) {
            // Mostly near each other, as distributions of models are.
            q[i] *= i % 37 == 0 ? 1 + 9 * random.nextDouble() : 1 + 0.01 * random.nextGaussian();
        }
        inside = random.ints(n + SPARE, 0, 100).toArray();
        counts = random.ints(Kernels.PIVOTS + 1, 0, 100).toArray();
    }

    private KernelInput(KernelInput other) {
        a = other.a.clone();
        b = other.b.clone();
        c = other.c.clone();
        out = other.out.clone();
        shorts = other.shorts.clone();
        lanes = other.lanes.clone();
        p = other.p.clone();
        q = other.q.clone();
        inside = other.inside.clone();
        counts = other.counts.clone();
        weights = other.weights.clone();
        weighted = Arrays.stream(other.weighted).map(float[]::clone).toArray(float[][]::new);
    }

    public KernelInput copy() {
        return new KernelInput(this);
    }

    /** Every array the same bit for bit, where any NaN equals any other. */
    public void assertSameAs(KernelInput expected, String description) {
        assertThat(bits(a)).as("%s: a", description).isEqualTo(bits(expected.a));
        assertThat(bits(b)).as("%s: b", description).isEqualTo(bits(expected.b));
        assertThat(bits(c)).as("%s: c", description).isEqualTo(bits(expected.c));
        assertThat(bits(out)).as("%s: out", description).isEqualTo(bits(expected.out));
        assertThat(bits(weights)).as("%s: weights", description).isEqualTo(bits(expected.weights));
        for (int m = 0; m < MODELS; m++) {
            assertThat(bits(weighted[m]))
                    .as("%s: weighted", description)
                    .isEqualTo(bits(expected.weighted[m]));
        }
        assertThat(shorts).as("%s: shorts", description).isEqualTo(expected.shorts);
        assertThat(inside).as("%s: inside", description).isEqualTo(expected.inside);
        assertThat(counts).as("%s: counts", description).isEqualTo(expected.counts);
        assertThat(bits(lanes)).as("%s: lanes", description).isEqualTo(bits(expected.lanes));
        assertThat(bits(p)).as("%s: p", description).isEqualTo(bits(expected.p));
        assertThat(bits(q)).as("%s: q", description).isEqualTo(bits(expected.q));
    }

    private static long[] bits(double[] values) {
        return Arrays.stream(values).mapToLong(Double::doubleToLongBits).toArray();
    }

    /** The bits of each element, those of the one canonical NaN for every NaN. */
    private static int[] bits(float[] values) {
        int[] bits = new int[values.length];
        for (int i = 0; i < values.length; i++) {
            bits[i] = Float.floatToIntBits(values[i]);
        }
        return bits;
    }

    private static int special(Random random) {
        return random.nextInt(4) == 0
                ? Float.floatToRawIntBits((float) random.nextGaussian())
                : Float.floatToRawIntBits(SPECIAL[random.nextInt(SPECIAL.length)]);
    }
}
