package io.amalgam;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.error.Suggestions;
import io.amalgam.internal.checkpoint.TensorReads;
import io.amalgam.internal.linalg.FloatMatrix;
import io.amalgam.internal.linalg.Matrix;
import io.amalgam.internal.linalg.RandomSvd;
import io.amalgam.internal.linalg.Svd;
import io.amalgam.internal.lora.Adapter;
import io.amalgam.internal.lora.LoraModule;
import io.amalgam.internal.lora.combine.LowRankSvd;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * An open LoRA adapter whose factors are read as ND4J arrays:
 *
 * <pre>{@code
 * try (LoraFile adapter = LoraFile.open(Path.of("adapters/style"))) {
 *     INDArray merged = adapter.module("fc1").addTo(weight, 0.7);
 * }
 * }</pre>
 *
 * <p>Thread-safe until closed.
 */
public final class LoraFile implements Closeable {
    private final Adapter adapter;

    private LoraFile(Adapter adapter) {
        this.adapter = adapter;
    }

    /**
     * Opens an adapter's directory or weights file, as written by PEFT, kohya's trainer, diffusers
     * or AI-Toolkit.
     *
     * @throws BadInputException if it is not an adapter
     */
    public static LoraFile open(Path path) throws IOException {
        return new LoraFile(ModelLoader.load().adapter(path, path.toString()));
    }

    /** Names of the adapted modules, in the order of the file. */
    public Set<String> modules() {
        return adapter.modules().keySet();
    }

    /**
     * The factors of a module as FLOAT arrays, with the scale multiplied into B. Convolutions are
     * flattened to matrices.
     *
     * @throws BadInputException if it has no such module
     * @throws IOException if it cannot be read
     */
    public LoraPair module(String name) throws IOException {
        LoraModule module = adapter.modules().get(name);
        if (module == null) {
            throw new BadInputException(
                    Problem.of("no module '" + name + "' in adapter '" + adapter.name() + "'")
                            .hint(
                                    Suggestions.didYouMean(
                                            name, modules(), "see modules() for all")));
        }
        float[] a = TensorReads.of(module.a());
        float[] b = TensorReads.of(module.b());
        for (int i = 0; i < b.length; i++) {
            b[i] = (float) (b[i] * module.scale());
        }
        return new LoraPair(
                ArrayTypes.array(a, module.rank(), module.in()),
                ArrayTypes.array(b, module.out(), module.rank()));
    }

    @Override
    public void close() throws IOException {
        adapter.close();
    }

    /**
     * A low-rank change {@code B A} of a matrix. Operations return new pairs.
     *
     * @param a {@code rank x in}, FLOAT
     * @param b {@code out x rank}, FLOAT
     */
    public record LoraPair(INDArray a, INDArray b) {
        /**
         * @throws BadInputException if they are not matrices of one rank
         */
        public LoraPair {
            if (a.rank() != 2 || b.rank() != 2 || a.size(0) != b.size(1)) {
                throw new BadInputException(
                        Problem.expected(
                                "factors",
                                "A of rank x in and B of out x rank",
                                ArrayTypes.shape(a) + " and " + ArrayTypes.shape(b)));
            }
        }

        /**
         * The best rank-{@code rank} approximation of {@code tuned - base}, two matrices of the
         * same shape, by a randomised SVD with a fixed seed.
         */
        public static LoraPair between(INDArray base, INDArray tuned, int rank) {
            INDArray change = tuned.castTo(base.dataType()).sub(base);
            int rows = (int) change.size(0);
            int cols = (int) change.size(1);
            FloatMatrix matrix = new FloatMatrix(rows, cols, ArrayTypes.floats(change));
            return of(RandomSvd.ofRank(matrix, rank, 0));
        }

        /**
         * The exact weighted sum of changes; its rank is the sum of their ranks.
         *
         * @throws BadInputException if there are no pairs, or not one weight for each
         */
        public static LoraPair sum(List<LoraPair> pairs, double... weights) {
            if (pairs.isEmpty() || pairs.size() != weights.length) {
                throw new BadInputException(
                        Problem.expected("weights", "one for each pair", weights.length));
            }
            INDArray[] as = new INDArray[weights.length];
            INDArray[] bs = new INDArray[weights.length];
            for (int i = 0; i < weights.length; i++) {
                as[i] = pairs.get(i).a;
                bs[i] = pairs.get(i).b.mul(weights[i]);
            }
            return new LoraPair(Nd4j.concat(0, as), Nd4j.concat(1, bs));
        }

        /**
         * The best approximation of a lower rank, exact up to rounding; the full matrix is not
         * formed.
         */
        public LoraPair truncate(int rank) {
            return of(LowRankSvd.of(matrix(b), matrix(a)).truncated(rank));
        }

        /** The rank: rows of A, columns of B. */
        public int rank() {
            return (int) a.size(0);
        }

        /** {@code B A}, FLOAT of {@code out x in}. */
        public INDArray delta() {
            return b.mmul(a);
        }

        /** {@code weight + factor B A}, in the weight's type. */
        public INDArray addTo(INDArray weight, double factor) {
            INDArray sum = weight.castTo(a.dataType()).add(delta().mul(factor));
            return sum.castTo(weight.dataType());
        }

        private static Matrix matrix(INDArray array) {
            return Matrix.of((int) array.size(0), (int) array.size(1), ArrayTypes.floats(array));
        }

        private static LoraPair of(Svd svd) {
            double[] roots = Arrays.stream(svd.s()).map(Math::sqrt).toArray();
            Matrix a = svd.v().scaledColumns(roots).transpose();
            Matrix b = svd.u().scaledColumns(roots);
            return new LoraPair(
                    ArrayTypes.array(a.floats(), a.rows(), a.cols()),
                    ArrayTypes.array(b.floats(), b.rows(), b.cols()));
        }
    }
}
