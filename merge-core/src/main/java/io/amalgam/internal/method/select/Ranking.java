package io.amalgam.internal.method.select;

import io.amalgam.method.Block;
import java.util.List;

/**
 * One float32 for each element of a tensor, a function of the inputs at that element, by whose
 * magnitude {@link TopMagnitudes} ranks elements. Fixed once made, used by many threads.
 */
public interface Ranking {
    /** The inputs the numbers are made of: others need not be read. */
    List<Integer> inputs();

    /**
     * Writes the block's numbers to {@code dst}, one of the block's {@link Block#scratch} arrays 0
     * and 1: an implementation that needs scratch takes others.
     */
    void values(Block in, float[] dst);

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
    }
}
