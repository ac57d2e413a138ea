package io.amalgam.internal.compare;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.engine.TensorScan;
import io.amalgam.internal.layers.TensorKind;
import io.amalgam.internal.linalg.Dense;
import io.amalgam.internal.linalg.Matrix;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Effective ranks of what models changed in the matrices of a reference. Of each change the Gram
 * matrix of the shorter side is summed panel by panel in float64, in one order, and its eigenvalues
 * are the squares of the singular values.
 */
public final class TaskVectorRanks {
    private static final int PANEL = 1 << 20;
    private static final int BLOCK = 1 << 14;

    private final EngineOptions options;
    private final Workspace workspace;

    private TaskVectorRanks(EngineOptions options) {
        this.options = options;
        this.workspace = new Workspace(options.kernels(), BLOCK);
    }

    /**
     * Of one matrix.
     *
     * @param most the shorter side, which no rank exceeds
     * @param models the rank of each model's change; empty if it has NaN or infinite elements
     */
    public record Ranks(String name, TensorKind kind, long most, List<OptionalDouble> models) {
        public Ranks {
            models = List.copyOf(models);
        }
    }

    /**
     * Reads the matrices that all models have.
     *
     * @throws BadInputException if one does not fit the memory
     */
    public static List<Ranks> of(
            Compared base,
            List<Compared> models,
            EffectiveRank kind,
            EngineOptions options,
            TensorScan.Progress progress,
            Cancellation cancellation)
            throws IOException {
        List<TensorTable.Row> rows =
                TensorTable.of(base, models).rows().stream()
                        .filter(row -> row.info().shape().rank() == 2)
                        .filter(row -> row.info().elements() > 0)
                        .toList();
        rows.forEach(row -> requireRoom(row.info(), options.memory()));
        long all = rows.stream().mapToLong(row -> row.info().elements()).sum();
        TaskVectorRanks ranks = new TaskVectorRanks(options);
        List<Ranks> found = new ArrayList<>();
        long done = 0;
        for (TensorTable.Row row : rows) {
            List<OptionalDouble> each = new ArrayList<>();
            for (TensorSource model : row.sources().subList(1, row.sources().size())) {
                cancellation.throwIfRequested();
                each.add(ranks.rank(row.sources().get(0), model, kind));
            }
            TensorInfo info = row.info();
            long most = Math.min(info.shape().dim(0), info.shape().dim(1));
            found.add(new Ranks(row.name(), TensorKind.of(row.name()), most, each));
            done += info.elements();
            progress.read(done, all);
        }
        return found;
    }

    private static void requireRoom(TensorInfo info, long memory) {
        long needed = bytesHeld(info.shape().dim(0), info.shape().dim(1));
        if (needed > memory) {
            throw new BadInputException(
                    Problem.expected(
                                    "memory for the rank of tensor '" + info.name() + "'",
                                    "at least " + needed + " bytes",
                                    memory)
                            .hint("raise EngineOptions.memory, or compare without ranks"));
        }
    }

    /** The Gram matrix and its decomposition; panels, and a wide matrix as a whole. */
    static long bytesHeld(long rows, long cols) {
        long shorter = Math.min(rows, cols);
        long panel = rows >= cols ? Math.min(rows * cols, Math.max(PANEL, cols)) : rows * cols;
        return Dense.eigenvaluesBytes(shorter)
                + shorter * shorter * Double.BYTES
                + panel * (2L * Float.BYTES + 2L * Double.BYTES);
    }

    private OptionalDouble rank(TensorSource base, TensorSource model, EffectiveRank kind)
            throws IOException {
        int rows = Math.toIntExact(base.info().shape().dim(0));
        int cols = Math.toIntExact(base.info().shape().dim(1));
        boolean tall = rows >= cols;
        int panel = tall ? Math.max(1, PANEL / cols) : rows;
        int shorter = Math.min(rows, cols);
        Matrix gram = Matrix.zeros(shorter, shorter);
        for (int from = 0; from < rows; from += panel) {
            int count = Math.min(panel, rows - from);
            float[] changed = read(model, (long) from * cols, count * cols);
            float[] before = read(base, (long) from * cols, count * cols);
            options.kernels().subtract(changed, before, changed, changed.length);
            if (!options.kernels().allFinite(changed, 0, changed.length)) {
                return OptionalDouble.empty();
            }
            Matrix change = Matrix.of(count, cols, changed);
            gram.add(
                    1,
                    tall
                            ? Dense.transposedProduct(change, change)
                            : Dense.productTransposed(change, change));
        }
        return OptionalDouble.of(kind.of(Dense.eigenvalues(gram)));
    }

    private float[] read(TensorSource source, long from, int count) throws IOException {
        float[] values = new float[count];
        for (int done = 0; done < count; done += BLOCK) {
            source.read(from + done, Math.min(BLOCK, count - done), values, done, workspace);
        }
        return values;
    }
}
