package io.amalgam.internal.method.builtin;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.internal.linalg.Dense;
import io.amalgam.internal.linalg.Matrix;
import io.amalgam.internal.linalg.MatrixMemory;
import io.amalgam.method.TensorStep;
import io.amalgam.tensor.Shape;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What methods for matrices say they hold, against what they hold. */
class MatrixMemoryTest {
    /** The rest of the process, while it runs. */
    private static final long NOISE = 300_000;

    /** Of full rank, where fewer matrices are needed than are declared, and of half of it. */
    private static final List<String> CASES =
            List.of(
                    "iso_c 280 200 false 3",
                    "iso_c 280 200 true 1.1",
                    "iso_c 150 500 false 2",
                    "tsv_m 280 200 false 1.5",
                    "tsv_m 200 280 true 1.5",
                    "iso_cts 280 200 false 1.5",
                    "wudi 280 200 false 2",
                    "ace 200 200 false 2.3",
                    "svc 280 200 false 1.5",
                    "regmean 200 200 false 1.5",
                    "mats 200 200 false 2");

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

    private static float[] random(int count, long seed) {
        Random random = new Random(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static Held held(TensorStep step, int rows, int cols, float[][] inputs)
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
        MatrixMemory.watch(null);
        long declared = whole.bytesHeld() - Dense.libraryBytes(Math.min(rows, cols));
        return new Held(declared, counted.most, counted.outside);
    }

    /** What a step declares, the most it held, and what it still holds outside of the heap. */
    private record Held(long declared, long most, long left) {}

    private static Held deltas(String method, int rows, int cols, boolean low) throws IOException {
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
        return held(call.bind(), rows, cols, inputs);
    }

    private static Held statistics(String method, int rows, int cols) throws IOException {
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
        return held(call.bind(), rows, cols, inputs);
    }

    /**
     * Prints what each case holds.
     *
     * @param args cases
     */
    public static void main(String[] args) throws IOException {
        for (String one : args) {
            String[] words = one.split(" ");
            String method = words[0];
            int rows = Integer.parseInt(words[1]);
            int cols = Integer.parseInt(words[2]);
            boolean gram = method.equals("regmean") || method.equals("mats");
            Held held =
                    gram
                            ? statistics(method, rows, cols)
                            : deltas(method, rows, cols, Boolean.parseBoolean(words[3]));
            System.out.printf("held %d %d %d%n", held.declared, held.most, held.left);
        }
    }

    /** In a process of its own: in this one other tests leave garbage, and drop it. */
    @Test
    void stepsHoldWhatTheySay() throws IOException {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                // The serial collector leaves some garbage where it is.
                                "-XX:+UseG1GC",
                                "-Xmx256m",
                                "-cp",
                                System.getProperty("java.class.path"),
                                MatrixMemoryTest.class.getName()));
        command.addAll(CASES);
        Process child =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        List<String> lines;
        try (BufferedReader out = child.inputReader()) {
            lines = out.lines().filter(line -> line.startsWith("held ")).toList();
        }
        assertThat(lines).hasSameSizeAs(CASES);
        for (int i = 0; i < lines.size(); i++) {
            String[] found = lines.get(i).split(" ");
            long declared = Long.parseLong(found[1]);
            long most = Long.parseLong(found[2]);
            double loose = Double.parseDouble(CASES.get(i).split(" ")[4]);
            assertThat(most).as(CASES.get(i)).isLessThan(declared + NOISE);
            assertThat(loose * most).as(CASES.get(i)).isGreaterThan(declared);
            assertThat(found[3]).as(CASES.get(i)).isEqualTo("0");
        }
    }
}
