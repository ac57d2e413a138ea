package io.amalgam.internal.linalg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.SingularValueDecomposition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Decompositions against their definitions, and against commons-math's. */
class DecompositionsTest {
    private static Matrix random(int rows, int cols, long seed) {
        Random random = new Random(seed);
        Matrix matrix = Matrix.zeros(rows, cols);
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < cols; j++) {
                matrix.set(i, j, random.nextGaussian());
            }
        }
        return matrix;
    }

    private static FloatMatrix floats(Matrix matrix) {
        return new FloatMatrix(matrix.rows(), matrix.cols(), matrix.floats());
    }

    /** A matrix whose singular values fall by a factor from one to the next. */
    private static FloatMatrix falling(int rows, int cols, double factor) {
        int all = Math.min(rows, cols);
        Matrix u = ThinQr.of(random(rows, all, 1)).q();
        Matrix v = ThinQr.of(random(cols, all, 2)).q();
        double[] s = new double[all];
        for (int i = 0; i < all; i++) {
            s[i] = Math.pow(factor, i);
        }
        return floats(u.scaledColumns(s).times(v.transpose()));
    }

    private static double[] slow(Matrix matrix) {
        double[][] values = new double[matrix.rows()][matrix.cols()];
        for (int i = 0; i < matrix.rows(); i++) {
            for (int j = 0; j < matrix.cols(); j++) {
                values[i][j] = matrix.get(i, j);
            }
        }
        return new SingularValueDecomposition(new Array2DRowRealMatrix(values)).getSingularValues();
    }

    private static double distance(Matrix a, Matrix b) {
        return Math.sqrt(
                Matrix.beside(java.util.List.of(a, b)).squares() == 0 ? 0 : minus(a, b).squares());
    }

    private static Matrix minus(Matrix a, Matrix b) {
        Matrix difference = Matrix.zeros(a.rows(), a.cols());
        for (int i = 0; i < a.rows(); i++) {
            for (int j = 0; j < a.cols(); j++) {
                difference.set(i, j, a.get(i, j) - b.get(i, j));
            }
        }
        return difference;
    }

    private static Matrix identity(int n) {
        Matrix one = Matrix.zeros(n, n);
        for (int i = 0; i < n; i++) {
            one.set(i, i, 1);
        }
        return one;
    }

    private static Matrix product(Svd svd) {
        return svd.u().scaledColumns(svd.s()).times(svd.v().transpose());
    }

    @ParameterizedTest
    @CsvSource({"30, 7", "7, 7", "5, 12", "1, 1", "40, 1"})
    void qrGivesBackTheMatrix(int rows, int cols) {
        Matrix matrix = random(rows, cols, 3);
        ThinQr qr = ThinQr.of(matrix);
        assertThat(distance(qr.q().times(qr.r()), matrix)).isLessThan(1e-13 * rows * cols);
        Matrix gram = qr.q().transpose().times(qr.q());
        assertThat(distance(gram, identity(gram.rows()))).isLessThan(1e-13 * cols);
    }

    @Test
    void qrOfDependentAndZeroColumnsIsOrthonormal() {
        Matrix one = random(20, 2, 4);
        Matrix matrix = Matrix.beside(java.util.List.of(one, one, Matrix.zeros(20, 2)));
        ThinQr qr = ThinQr.of(matrix);
        assertThat(distance(qr.q().times(qr.r()), matrix)).isLessThan(1e-13);
        assertThat(distance(qr.q().transpose().times(qr.q()), identity(6))).isLessThan(1e-13);
    }

    @ParameterizedTest
    @CsvSource({"30, 7", "7, 30", "12, 12", "1, 5"})
    void svdHasTheSingularValues(int rows, int cols) {
        Matrix matrix = random(rows, cols, 5);
        Svd svd = Svd.of(matrix);
        assertThat(svd.s()).containsExactly(slow(matrix), within(1e-12));
        assertThat(distance(product(svd), matrix)).isLessThan(1e-12);
        assertThat(distance(svd.u().transpose().times(svd.u()), identity(svd.s().length)))
                .isLessThan(1e-12);
    }

    @Test
    void svdOfNothingIsZero() {
        Svd svd = Svd.of(Matrix.zeros(6, 4));
        assertThat(svd.s()).containsExactly(0, 0, 0, 0);
        assertThat(product(svd).squares()).isZero();
    }

    @Test
    void randomisedIsNearTheBest() {
        FloatMatrix matrix = falling(150, 110, 0.93);
        Svd best = Svd.of(matrix.widened()).truncated(10);
        Svd found = RandomSvd.ofRank(matrix, 10, 0);
        assertThat(found.energy()).isGreaterThan(best.energy() * (1 - 1e-7));
        assertThat(found.s()).containsExactly(best.s(), within(1e-4));
        assertThat(RandomSvd.ofRank(matrix, 10, 0).s()).containsExactly(found.s());
    }

    @Test
    void energyTakesAsFewValuesAsWillDo() {
        FloatMatrix matrix = falling(150, 110, 0.97);
        Svd all = Svd.of(matrix.widened());
        for (double share : new double[] {0.3, 0.8, 0.95, 1}) {
            Svd found = RandomSvd.ofEnergy(matrix, share, 110, 0);
            int rank = found.s().length;
            assertThat(found.energy()).isGreaterThanOrEqualTo(share * all.energy() * (1 - 1e-9));
            assertThat(all.truncated(rank - 1).energy()).isLessThan(share * all.energy());
        }
        assertThat(RandomSvd.ofEnergy(matrix, 0.95, 5, 0).s()).hasSize(5);
    }

    @ParameterizedTest
    @CsvSource({"300, 200, 12", "150, 400, 3", "120, 110, 40"})
    void leadingValuesAreExact(int rows, int cols, int rank) {
        FloatMatrix matrix = floats(random(rows, cols, 8));
        Svd best = Svd.of(matrix.widened()).truncated(rank);
        Svd found = LanczosSvd.of(matrix, rank);
        assertThat(found.s()).containsExactly(best.s(), within(1e-9 * best.s()[0]));
        assertThat(distance(product(found), product(best))).isLessThan(1e-6 * best.s()[0]);
    }

    @Test
    void leadingValuesOfEqualOnesAreAllFound() {
        Svd found = LanczosSvd.of(floats(identity(130)), 5);
        assertThat(found.s()).containsExactly(new double[] {1, 1, 1, 1, 1}, within(1e-12));
        assertThat(distance(found.u().transpose().times(found.u()), identity(5))).isLessThan(1e-10);
    }

    @Test
    void leadingValuesOfALowRankMatrixEndInZeros() {
        FloatMatrix matrix = floats(random(140, 2, 9).times(random(2, 120, 10)));
        Svd found = LanczosSvd.of(matrix, 6);
        assertThat(found.s()[1]).isGreaterThan(1);
        for (int i = 2; i < found.s().length; i++) {
            assertThat(found.s()[i]).isLessThan(1e-4);
        }
        assertThat(LanczosSvd.of(floats(Matrix.zeros(140, 120)), 6).energy()).isZero();
    }
}
