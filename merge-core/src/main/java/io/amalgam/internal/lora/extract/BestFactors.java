package io.amalgam.internal.lora.extract;

import io.amalgam.internal.linalg.FloatMatrix;
import io.amalgam.internal.linalg.Matrix;
import io.amalgam.internal.linalg.RandomSvd;
import io.amalgam.internal.linalg.Svd;
import java.util.Arrays;
import java.util.Optional;

/**
 * The best factors of a change, {@code U sqrt(S)} and {@code sqrt(S) V^T}.
 *
 * @param left {@code rows x rank}
 * @param right {@code rank x cols}
 * @param energy the share of the change's squared norm that they hold
 * @param squares the change's squared norm
 */
record BestFactors(Matrix left, Matrix right, double energy, double squares) {

    /** The largest rank that is asked for and makes factors smaller than the matrix. */
    static int most(ExtractOptions options, int rows, int cols) {
        int worth = (int) ((long) rows * cols / ((long) rows + cols));
        return Math.min(options.rank().orElse(worth), Math.min(rows, cols));
    }

    /** Empty where they are not as good as asked for. */
    static Optional<BestFactors> of(FloatMatrix matrix, ExtractOptions options, int most) {
        if (most < 1) {
            return Optional.empty();
        }
        Svd svd =
                options.energy().isPresent()
                        ? RandomSvd.ofEnergy(matrix, options.energy().get(), most, 0)
                        : RandomSvd.ofRank(matrix, most, 0);
        double squares = matrix.squares();
        double energy = svd.energy() / squares;
        if (options.rank().isEmpty()
                && options.energy().isPresent()
                && energy < options.energy().get() * (1 - 1e-9)) {
            return Optional.empty();
        }
        double[] roots = Arrays.stream(svd.s()).map(Math::sqrt).toArray();
        return Optional.of(
                new BestFactors(
                        svd.u().scaledColumns(roots),
                        svd.v().scaledColumns(roots).transpose(),
                        energy,
                        squares));
    }
}
