package io.amalgam.internal.method.vector;

import io.amalgam.internal.method.common.LaneSums;
import io.amalgam.kernel.Kernels;
import io.amalgam.method.Block;
import io.amalgam.method.TensorStep;
import java.util.Arrays;
import java.util.function.Function;

/**
 * All inner products of some vectors with each other in one pass: norms on the diagonal, in
 * float64. With them, any interpolation along arcs is a linear combination whose coefficients are
 * known.
 */
public final class Gram implements TensorStep.Reduce<double[][]> {
    private final DeltaVectors vectors;
    private final Function<double[][], TensorStep> then;

    /**
     * @param vectors the vectors whose products are wanted; results are indexed in their order
     * @param then the next stage from the symmetric matrix of products
     */
    public Gram(DeltaVectors vectors, Function<double[][], TensorStep> then) {
        this.vectors = vectors;
        this.then = then;
    }

    /** Of inputs as they are. */
    public Gram(int[] inputs, Function<double[][], TensorStep> then) {
        this(
                new DeltaVectors(Arrays.stream(inputs).boxed().toList(), DeltaVectors.NO_ORIGIN),
                then);
    }

    /** One row of lanes for each pair {@code i <= j}, row by row. */
    @Override
    public double[][] newState() {
        return lanes(vectors.count());
    }

    @Override
    public long bytesKept(long units) {
        return LaneSums.bytes(vectors.count() * (vectors.count() + 1) / 2, units);
    }

    @Override
    public void fold(double[][] state, Block in) {
        in.kernels().gram(vectors.in(in), vectors.count(), state, in.length());
    }

    @Override
    public double[][] merge(double[][] earlier, double[][] later) {
        return LaneSums.add(earlier, later);
    }

    @Override
    public boolean reads(int input) {
        return vectors.reads(input);
    }

    @Override
    public TensorStep next(double[][] total) {
        double[][] gram = new double[vectors.count()][vectors.count()];
        finish(total, gram);
        return then.apply(gram);
    }

    /** Lanes for the products of so many vectors. */
    static double[][] lanes(int vectors) {
        return new double[vectors * (vectors + 1) / 2][Kernels.LANES];
    }

    /** The symmetric matrix that lanes add up to. */
    static void finish(double[][] lanes, double[][] gram) {
        int pair = 0;
        for (int i = 0; i < gram.length; i++) {
            for (int j = i; j < gram.length; j++) {
                gram[i][j] = Kernels.total(lanes[pair++]);
                gram[j][i] = gram[i][j];
            }
        }
    }

    /** The inner product of vector {@code i} with {@code sum a_j v_j}. */
    public static double product(double[][] gram, int i, double[] a) {
        double sum = 0;
        for (int j = 0; j < a.length; j++) {
            sum += gram[i][j] * a[j];
        }
        return sum;
    }

    /** The norm of {@code sum a_i v_i}. */
    public static double norm(double[][] gram, double[] a) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * product(gram, i, a);
        }
        return Math.sqrt(Math.max(0, sum));
    }
}
