package io.amalgam.method;

import io.amalgam.kernel.Kernels;
import java.util.Arrays;
import java.util.List;

/**
 * One float32 for each element of a tensor, a function of the inputs at that element, by whose
 * magnitude {@link TopMagnitudes} ranks elements. Fixed once made, used by many threads.
 */
interface Ranking {
    /** The inputs the numbers are made of: others need not be read. */
    List<Integer> inputs();

    /**
     * Writes the block's numbers to {@code dst}, one of the block's {@link Block#scratch} arrays 0
     * and 1: an implementation that needs scratch takes others.
     */
    void values(Block in, float[] dst);

    /** As {@link Kernels#countBracket}, of the numbers' magnitudes. */
    default int countBracket(
            Block in, int low, int high, int shift, int[] histogram, int[] pivots, int[] counts) {
        float[] values = in.scratch(0);
        float[] zeros = in.scratch(1);
        int n = in.length();
        values(in, values);
        Arrays.fill(zeros, 0, n, 0f);
        return in.kernels()
                .countBracket(values, zeros, low, high, shift, histogram, pivots, counts, n);
    }

    /** The task vector {@code x - base}, rounded to float32. */
    record Delta(int input, int base) implements Ranking {
        @Override
        public List<Integer> inputs() {
            return List.of(input, base);
        }

        @Override
        public void values(Block in, float[] dst) {
            in.kernels().subtract(in.input(input), in.input(base), dst, in.length());
        }

        @Override
        public int countBracket(
                Block in,
                int low,
                int high,
                int shift,
                int[] histogram,
                int[] pivots,
                int[] counts) {
            return in.kernels()
                    .countBracket(
                            in.input(input),
                            in.input(base),
                            low,
                            high,
                            shift,
                            histogram,
                            pivots,
                            counts,
                            in.length());
        }
    }
}
