package io.amalgam.internal.method.select;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.method.Block;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KeptMaskTest {
    private static final int ELEMENTS = 9_000;
    private static final int UNIT = 3_200;
    private static final int BLOCK = 320;

    private final float[] x = random(1);
    private final float[] base = random(2);
    private final DeltaMask mask = DeltaMask.random(3, 0.5);

    /** Quantised output has units of its own: the blocks need not be those of the pass before. */
    @ParameterizedTest
    @CsvSource({"320, 0", "1280, 0", "1280, 1920", "8000, 640", "8, 0", "9000, 0"})
    void keepsTheSameInBlocksOfAnotherPass(int length, int first) {
        KeptMask kept = new KeptMask(parts(), 0, 8);
        for (int from = first; from < ELEMENTS; from += length) {
            Block in = block(from, Math.min(length, ELEMENTS - from));
            float[] expected = new float[in.length()];
            float[] found = new float[in.length()];
            mask.delta(in, in.input(0), in.input(1), expected);
            kept.delta(in, in.input(0), in.input(1), found);
            assertThat(found).isEqualTo(expected);
        }
    }

    private List<KeptMask.Part> parts() {
        List<KeptMask.Part> parts = new ArrayList<>();
        for (int unit = 0; unit < ELEMENTS; unit += UNIT) {
            KeptMask.Part part = new KeptMask.Part(unit, 1);
            int end = Math.min(ELEMENTS, unit + UNIT);
            for (int from = unit; from < end; from += BLOCK) {
                Block in = block(from, Math.min(BLOCK, end - from));
                float[] delta = new float[in.length()];
                mask.delta(in, in.input(0), in.input(1), delta);
                part.add(0, in, delta);
            }
            parts.add(part);
        }
        return parts;
    }

    private Block block(int from, int length) {
        Block in = new Block(ScalarKernels.INSTANCE, 2, length);
        in.moveTo(from, length);
        System.arraycopy(x, from, in.input(0), 0, length);
        System.arraycopy(base, from, in.input(1), 0, length);
        return in;
    }

    private static float[] random(int seed) {
        float[] values = new float[ELEMENTS];
        Random random = new Random(seed);
        for (int i = 0; i < ELEMENTS; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
