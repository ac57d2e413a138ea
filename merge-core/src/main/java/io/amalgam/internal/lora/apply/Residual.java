package io.amalgam.internal.lora.apply;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.TensorReads;
import io.amalgam.internal.linalg.FloatMatrix;
import io.amalgam.internal.linalg.LanczosSvd;
import io.amalgam.internal.linalg.Matrix;
import io.amalgam.internal.linalg.Svd;
import io.amalgam.internal.linalg.ThinQr;
import io.amalgam.internal.lora.FactorPair;
import io.amalgam.internal.lora.LoraModule;
import io.amalgam.internal.tensor.BFloat16;
import io.amalgam.internal.tensor.Half;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.DType;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The part that some initialisations remove from the base: PiSSA its largest singular values, OLoRA
 * the first part of its QR decomposition. Training goes on over the rest, which has the base's
 * type, so the rest is rounded to it here too. Decompositions are of float64, the factors float32.
 *
 * <p>Meng et al. 2024, "PiSSA", <a href="https://arxiv.org/abs/2404.02948">arXiv 2404.02948</a>;
 * Büyükakyüz 2024, "OLoRA", <a href="https://arxiv.org/abs/2406.01775">arXiv 2406.01775</a>.
 *
 * @param removed what is taken out
 * @param dtype of the base
 */
record Residual(FactorPair removed, DType dtype) {
    /** Vectors of the decomposition that are held for each value wanted: seldom more. */
    private static final int STEPS = 24;

    /**
     * Decomposes the base; nothing for a module that began with nothing.
     *
     * @throws BadInputException if the base has NaN or infinities in it
     */
    static @Nullable Residual of(TensorSource base, LoraModule module, Workspace workspace)
            throws IOException {
        if (module.start() == LoraModule.Start.NOTHING) {
            return null;
        }
        float[] values = TensorReads.of(base, workspace);
        int rows = Math.toIntExact(base.info().shape().dim(0));
        if (!workspace.kernels().allFinite(values, 0, values.length)) {
            throw new BadInputException(
                    Problem.expected(
                                    "tensor '" + base.info().name() + "' of the base",
                                    "finite numbers",
                                    "NaN or infinity")
                            .hint(
                                    "module '"
                                            + module.name()
                                            + "' began with its decomposition; the model is damaged"));
        }
        FloatMatrix matrix = new FloatMatrix(rows, values.length / rows, values);
        DType dtype = base.info().dtype();
        return module.start() == LoraModule.Start.PISSA
                ? new Residual(principal(matrix, module.rank()), dtype)
                : new Residual(orthonormal(matrix, module.rank(), module.scale()), dtype);
    }

    private static FactorPair principal(FloatMatrix matrix, int rank) {
        Svd svd = LanczosSvd.of(matrix, rank);
        return factors(svd.u().scaledColumns(svd.s()), svd.v().transpose());
    }

    /** The first columns of Q span those of the matrix; R is {@code Q^T W}. */
    private static FactorPair orthonormal(FloatMatrix matrix, int rank, double scale) {
        int first = Math.min(rank, Math.min(matrix.rows(), matrix.cols()));
        Matrix columns = Matrix.zeros(matrix.rows(), first);
        for (int i = 0; i < matrix.rows(); i++) {
            for (int k = 0; k < first; k++) {
                columns.set(i, k, matrix.values()[i * matrix.cols() + k]);
            }
        }
        Matrix q = ThinQr.of(columns).q();
        return factors(q.scaled(scale), matrix.transposedTimes(q).transpose());
    }

    private static FactorPair factors(Matrix left, Matrix right) {
        float[][] rows = new float[right.rows()][];
        float[] all = right.floats();
        for (int k = 0; k < rows.length; k++) {
            rows[k] = new float[right.cols() + LoraTensor.PAD];
            System.arraycopy(all, k * right.cols(), rows[k], 0, right.cols());
        }
        return new FactorPair(right.rows(), right.cols(), left.floats(), rows);
    }

    /** Bytes held while a matrix is decomposed. */
    static long bytes(long rows, long cols, int rank) {
        long smaller = Math.min(rows, cols);
        long vectors = Math.min(smaller, (long) STEPS * rank + 256);
        return rows * cols * Float.BYTES + 3 * vectors * (rows + cols) * Double.BYTES;
    }

    /** Whether training can begin so over a base of this type. */
    static boolean possible(DType dtype) {
        return dtype == DType.F32 || dtype == DType.F16 || dtype == DType.BF16;
    }

    float rounded(float value) {
        return switch (dtype) {
            case BF16 -> BFloat16.toFloat(BFloat16.fromFloat(value));
            case F16 -> Half.toFloat(Half.fromFloat(value));
            default -> value;
        };
    }
}
