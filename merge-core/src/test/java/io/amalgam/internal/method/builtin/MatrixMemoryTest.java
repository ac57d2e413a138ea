package io.amalgam.internal.method.builtin;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.internal.linalg.Dense;
import io.amalgam.internal.linalg.Matrix;
import io.amalgam.internal.linalg.MatrixMemory;
import io.amalgam.method.TensorStep;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What methods for matrices say they hold, against what they hold. */
@Isolated("counts the matrices of the process")
class MatrixMemoryTest {
    /** The rest of the process, while it runs. */
    private static final long NOISE = 300_000;

    /** Counts matrices outside of the heap, and what is in use of the heap after a collection. */
    private static final class Counted implements MatrixMemory.Watcher {
        private final long before = inUse(true);
        private long outside;
        private long most;

        private static long inUse(boolean collected) {
            if (collected) {
                System.gc();
            }
            Runtime java = Runtime.getRuntime();
            return java.totalMemory() - java.freeMemory();
        }

        @Override
        public void heap(long bytes) {
            look(bytes);
        }

        @Override
        public void outside(long bytes) {
            outside += bytes;
            look(0);
        }

        private void look(long coming) {
            // With what is garbage already less than the most: no need to collect it.
            if (outside + coming + inUse(false) - before > most) {
                most = Math.max(most, outside + coming + inUse(true) - before);
            }
        }
    }

    @AfterEach
    void nobodyWatches() {
        MatrixMemory.watch(null);
    }

    private static float[] random(int count, long seed) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static void assertHeld(
            TensorStep step, int rows, int cols, float[][] inputs, double loose)
            throws IOException {
        TensorStep.FullTensor whole = (TensorStep.FullTensor) step;
        TensorStep.Reader reader =
                new TensorStep.Reader() {
                    @Override
                    public int capacity() {
                        return 1 << 12;
                    }

                    @Override
                    public void read(int input, long from, int count, float[] dst, int at) {
                        System.arraycopy(inputs[input], (int) from, dst, at, count);
                    }
                };
        Counted counted = new Counted();
        MatrixMemory.watch(counted);
        whole.run(reader, (from, src, count) -> {});
        long declared = whole.bytesHeld() - Dense.libraryBytes(Math.min(rows, cols));
        assertThat(counted.most).isLessThan(declared + NOISE);
        assertThat(loose * counted.most).isGreaterThan(declared);
        assertThat(counted.outside).isZero();
    }

    /** Of full rank, where fewer matrices are needed than are declared, and of half of it. */
    @ParameterizedTest
    @CsvSource({
        "iso_c, 280, 200, false, 3",
        "iso_c, 280, 200, true, 1.1",
        "iso_c, 150, 500, false, 2",
        "tsv_m, 280, 200, false, 1.5",
        "tsv_m, 200, 280, true, 1.5",
        "iso_cts, 280, 200, false, 1.5",
        "wudi, 280, 200, false, 2",
        "ace, 200, 200, false, 2.3",
        "svc, 280, 200, false, 1.5"
    })
    void stepsHoldWhatTheySay(String method, int rows, int cols, boolean low, double loose)
            throws IOException {
        float[][] inputs = new float[4][];
        MethodCall call = MethodCall.of(method).base(new float[rows * cols]).shape(rows, cols);
        inputs[0] = new float[rows * cols];
        for (int m = 1; m < inputs.length; m++) {
            inputs[m] = random(rows * cols, m);
            if (low) {
                // Half of the rows.
                Arrays.fill(inputs[m], 0, rows * cols / 2, 0);
            }
            call.model(
                    inputs[m], method.equals("svc") && m == 1 ? Map.of("merged", true) : Map.of());
        }
        assertHeld(call.bind(), rows, cols, inputs, loose);
    }

    @ParameterizedTest
    @CsvSource({"regmean, 200, 200, 1.5", "mats, 200, 200, 2"})
    void stepsWithStatisticsToo(String method, int rows, int cols, double loose)
            throws IOException {
        MethodCall call = MethodCall.of(method).shape(rows, cols);
        float[][] inputs = new float[6][];
        for (int m = 0; m < 3; m++) {
            inputs[m] = random(rows * cols, m);
            call.model(inputs[m], Map.of());
        }
        for (int m = 0; m < 3; m++) {
            Matrix data = Matrix.of(rows, cols, random(rows * cols, m + 3));
            inputs[m + 3] = data.transpose().times(data).floats();
            call.statistic("input_gram", m, Shape.of(cols, cols), inputs[m + 3]);
        }
        assertHeld(call.bind(), rows, cols, inputs, loose);
    }
}
