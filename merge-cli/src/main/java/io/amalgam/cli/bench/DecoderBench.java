package io.amalgam.cli.bench;

import io.amalgam.Amalgam;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Kernels;
import io.amalgam.kernel.Workspace;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The time that a thread takes to read quantised matrices as float32, by its own clock, so that
 * other work on the machine matters little.
 */
final class DecoderBench {
    private static final int BLOCK = 1 << 14;
    private static final ThreadMXBean CLOCK = ManagementFactory.getThreadMXBean();

    private DecoderBench() {}

    /**
     * Nanoseconds an element takes, the best of some rounds.
     *
     * @param fast with the kernels that merges use
     */
    record Row(String format, double scalar, double fast) {}

    /** Measures all formats; bfloat16 comes first. */
    static List<Row> run(Path folder, int rounds) throws IOException {
        Kernels fast = Amalgam.engine().kernels();
        List<Row> rows = new ArrayList<>();
        List<Path> models = new ArrayList<>(QuantisedMatrices.write(folder));
        models.addAll(GgufMatrices.write(folder));
        for (Path model : models) {
            String name = model.getFileName().toString();
            try (Checkpoint read = Amalgam.load().formats().open(model, name)) {
                TensorSource matrix = read.tensors().values().iterator().next();
                double scalar = best(matrix, ScalarKernels.INSTANCE, rounds);
                rows.add(new Row(name, scalar, best(matrix, fast, rounds)));
            }
        }
        return rows;
    }

    private static double best(TensorSource matrix, Kernels kernels, int rounds)
            throws IOException {
        Workspace workspace = new Workspace(kernels, BLOCK);
        float[] values = new float[BLOCK];
        long elements = matrix.info().elements();
        double best = Double.MAX_VALUE;
        // The first rounds are those of the compiler.
        for (int round = -2; round < rounds; round++) {
            long begin = CLOCK.getCurrentThreadCpuTime();
            for (long from = 0; from < elements; from += BLOCK) {
                matrix.read(from, (int) Math.min(BLOCK, elements - from), values, 0, workspace);
            }
            double taken = (CLOCK.getCurrentThreadCpuTime() - begin) / (double) elements;
            best = round < 0 ? best : Math.min(best, taken);
        }
        return best;
    }
}
