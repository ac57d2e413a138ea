package io.amalgam.internal.linalg;

import io.amalgam.kernel.CounterRandom;

/**
 * The largest singular values of a large matrix from its products with a thin random one, with
 * power steps: near the best approximation of that rank, and much cheaper than all values. Seeded:
 * the same matrix gives the same answer.
 *
 * <p>Halko, Martinsson, Tropp 2011, "Finding structure with randomness", <a
 * href="https://arxiv.org/abs/0909.4061">arXiv 0909.4061</a>, with QR after every product.
 */
public final class RandomSvd {
    private static final int POWER_STEPS = 3;
    private static final int OVERSAMPLING = 16;
    private static final int FIRST_SKETCH = 32;

    private RandomSvd() {}

    /**
     * The largest {@code rank} values, or all if there are fewer.
     *
     * @param matrix of finite numbers
     */
    public static Svd ofRank(FloatMatrix matrix, int rank, long seed) {
        return sketch(matrix, rank + OVERSAMPLING, seed).truncated(rank);
    }

    /**
     * As few values as hold a share of the sum of all squares, at most {@code maxRank}.
     *
     * @param share 0 to 1
     */
    public static Svd ofEnergy(FloatMatrix matrix, double share, int maxRank, long seed) {
        double wanted = share * matrix.squares();
        int width = Math.min(FIRST_SKETCH, maxRank);
        while (true) {
            Svd svd = sketch(matrix, width + OVERSAMPLING, seed);
            int rank = rankFor(svd, wanted);
            if (rank <= width || width >= maxRank) {
                return svd.truncated(Math.min(rank, maxRank));
            }
            width = Math.min(2 * width, maxRank);
        }
    }

    /** The fewest values whose squares sum up to {@code wanted}; one more than all if none do. */
    private static int rankFor(Svd svd, double wanted) {
        double sum = 0;
        for (int rank = 0; rank < svd.s().length; rank++) {
            if (sum >= wanted) {
                return rank;
            }
            sum += svd.s()[rank] * svd.s()[rank];
        }
        // Of a matrix that is known whole the rest is rounding.
        return sum >= wanted * (1 - 1e-12) ? svd.s().length : svd.s().length + 1;
    }

    private static Svd sketch(FloatMatrix matrix, int width, long seed) {
        int smaller = Math.min(matrix.rows(), matrix.cols());
        if (width >= smaller) {
            return Svd.of(matrix.widened());
        }
        Matrix range = ThinQr.of(matrix.times(signs(matrix.cols(), width, seed))).q();
        for (int step = 0; step < POWER_STEPS; step++) {
            Matrix rows = ThinQr.of(matrix.transposedTimes(range)).q();
            range = ThinQr.of(matrix.times(rows)).q();
        }
        Svd core = Svd.of(matrix.transposedTimes(range));
        return new Svd(range.times(core.v()), core.s(), core.u());
    }

    /** Random signs: as good a sketch as normal deviates. */
    private static Matrix signs(int rows, int cols, long seed) {
        Matrix signs = Matrix.zeros(rows, cols);
        long key = CounterRandom.key(seed, "sketch", 0);
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < cols; j++) {
                signs.set(i, j, CounterRandom.word(key, (long) i * cols + j) < 0 ? -1 : 1);
            }
        }
        return signs;
    }
}
