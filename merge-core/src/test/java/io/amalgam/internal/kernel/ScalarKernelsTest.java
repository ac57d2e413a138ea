package io.amalgam.internal.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.kernel.CounterRandom;
import io.amalgam.kernel.Kernels;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/**
 * The specification itself, against a slow reference that shares no code with it and a few results
 * worked out by hand.
 */
class ScalarKernelsTest extends KernelsContract {
    @Override
    Kernels subject() {
        return ScalarKernels.INSTANCE;
    }

    @Override
    Kernels specification() {
        return new ReferenceKernels();
    }

    @Test
    void isNamed() {
        assertThat(subject().name()).isEqualTo("scalar");
    }

    @Test
    void theFusedStepRoundsOnce() {
        float x = 1 + 0x1p-12f;
        float[] acc = {-1};
        subject().weightedSum(new float[][] {acc, {x}}, new float[] {1, x}, 2, 1, acc, 1);
        // (1 + 2^-12)^2 - 1 with the last bit that a rounded product would have lost.
        assertThat(acc[0]).isEqualTo(0x1p-11f + 0x1p-24f);
    }

    @Test
    void consensusByHand() {
        float[][] weighted = {{1, -4, 1, 0, 2}, {3, 1, -1, -0f, -2}, {-2, -2, 0, 0, Float.NaN}};
        float[] out = new float[5];
        float[] base = {10, 10, 10, 10, 10};
        subject().consensus(weighted, new float[] {0.5f, 1.5f, 2}, 3, base, true, 0.5f, out, 5);
        // (1+3)/(0.5+1.5); (-4-2)/(0.5+2); a tie is positive: 1/0.5; nobody: 0/1; a NaN sum is not
        // positive: -2/1.5.
        assertThat(out)
                .containsExactly(11f, 10 + 0.5f * (-6f / 2.5f), 11f, 10f, 10 + 0.5f * (-2f / 1.5f));
    }

    @Test
    void bracketByHand() {
        float[] x = {1, 2, 3, 4, -3, 0.5f};
        int two = Float.floatToRawIntBits(2);
        int three = Float.floatToRawIntBits(3);
        int[] inside = new int[6];
        int[] none = {-1, -1, -1, -1};
        int[] counts = new int[5];
        float[] zero = new float[6];
        assertThat(subject().countBracket(x, zero, two, three, inside, none, counts, 6))
                .isEqualTo(1);
        assertThat(inside).containsExactly(two, three, three, 0, 0, 0);
        assertThat(counts).containsExactly(0, 0, 0, 0, 3);

        int[] pivots = {-1, three, -1, -1};
        subject().countBracket(x, zero, two, three, inside, pivots, counts, 6);
        assertThat(inside[0]).isEqualTo(two);
        assertThat(counts).containsExactly(0, 2, 0, 0, 1);
    }

    @Test
    void aDroppedElementIsPositiveZero() {
        float[] x = {-1, -2, -3};
        subject().randomDelta(x, new float[3], 1, 0, 0, 1, 1, x, 2);
        assertThat(x).containsExactly(0f, 0f, -3f);
        float[] dst = new float[1];
        subject().trimmedDelta(new float[] {-1}, new float[1], Float.floatToRawIntBits(2), dst, 1);
        assertThat(dst).containsExactly(0f);
    }

    @Test
    void theShareKeptIsTheOneAskedFor() {
        int n = 100_000;
        float[] x = new float[n];
        Arrays.fill(x, 1);
        long key = CounterRandom.key(3, "w", 0);
        subject().randomDelta(x, new float[n], key, 0, (long) (0.3 * (1L << 32)), 1, 1, x, n);
        int kept = 0;
        for (float value : x) {
            kept += value == 1 ? 1 : 0;
        }
        // Fixed by the key; five standard deviations either way.
        assertThat(kept).isBetween(30_000 - 725, 30_000 + 725);
    }
}
