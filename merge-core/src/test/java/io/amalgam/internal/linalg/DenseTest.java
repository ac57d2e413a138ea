package io.amalgam.internal.linalg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.bytedeco.openblas.global.openblas;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Our own code and LAPACK's give the same, whichever is chosen, for any number of threads. */
class DenseTest {
    @AfterEach
    void oneThread() {
        openblas.blas_set_num_threads(1);
    }

    private static Matrix random(int rows, int cols, long seed) {
        Random random = new Random(seed);
        double[] values = new double[rows * cols];
        Arrays.setAll(values, i -> random.nextGaussian());
        return new Matrix(rows, cols, values);
    }

    private static void assertNear(Matrix ours, Matrix theirs, double tolerance) {
        assertThat(ours.rows()).isEqualTo(theirs.rows());
        assertThat(furthest(ours.values(), theirs.values())).isLessThanOrEqualTo(tolerance);
    }

    private static double furthest(double[] a, double[] b) {
        assertThat(a).hasSameSizeAs(b);
        double furthest = 0;
        for (int i = 0; i < a.length; i++) {
            double distance = Math.abs(a[i] - b[i]);
            furthest = distance <= furthest ? furthest : distance >= 0 ? distance : 1 / 0.0;
        }
        return furthest;
    }

    private static void assertOrthonormal(Matrix columns) {
        Matrix product = Dense.transposedProduct(columns, columns);
        Matrix one = Matrix.zeros(columns.cols(), columns.cols());
        one.addToDiagonal(1);
        assertNear(product, one, 1e-9);
    }

    @ParameterizedTest
    @CsvSource({"30, 20, 25", "190, 170, 180", "1, 200, 300"})
    void productsAreProducts(int m, int k, int n) {
        Matrix a = random(m, k, 1);
        Matrix b = random(k, n, 2);
        Matrix expected = a.times(b);
        assertNear(Dense.product(a, b), expected, 1e-10);
        assertNear(Dense.transposedProduct(a.transpose(), b), expected, 1e-10);
        assertNear(Dense.productTransposed(a, b.transpose()), expected, 1e-10);
        assertNear(LargeMatrices.product(a, false, b, false), expected, 1e-10);
    }

    @ParameterizedTest
    @CsvSource({"40, 40", "60, 20", "20, 60", "170, 165", "165, 240"})
    void lapackDecomposesAsWeDo(int m, int n) {
        Matrix matrix = random(m, n, 3);
        Svd ours = Signs.fixed(Svd.of(matrix));
        for (Svd svd :
                new Svd[] {
                    Signs.fixed(LargeMatrices.svd(matrix)), Signs.fixed(Dense.svd(matrix))
                }) {
            assertThat(svd.s()).containsExactly(ours.s(), within(1e-10));
            assertNear(svd.u(), ours.u(), 1e-8);
            assertNear(svd.v(), ours.v(), 1e-8);
        }
    }

    @ParameterizedTest
    @CsvSource({"180, 170, 40", "170, 300, 80", "170, 170, 0", "170, 170, 170"})
    void theFirstValuesAreThoseOfAll(int m, int n, int count) {
        Matrix matrix = random(m, n, 4);
        Svd top = Dense.top(matrix, count);
        Svd all = Signs.fixed(LargeMatrices.svd(matrix)).truncated(count);
        assertThat(top.s()).containsExactly(all.s(), within(1e-10));
        assertNear(top.u(), all.u(), 1e-8);
        assertNear(top.v(), all.v(), 1e-8);
    }

    /** The square of such a matrix has lost what the small values are. */
    @Test
    void valuesFarApartAreNotTakenFromTheSquare() {
        int n = 170;
        double[] s = new double[n];
        Arrays.setAll(s, i -> Math.pow(10, -i / 10.0));
        Matrix u = ThinQr.of(random(n, n, 5)).q();
        Matrix v = ThinQr.of(random(n, n, 6)).q();
        Matrix matrix = Dense.productTransposed(u.scaledColumns(s), v);
        Svd top = Dense.top(matrix, 80);
        for (int i = 0; i < 80; i++) {
            assertThat(top.s()[i]).isCloseTo(s[i], within(1e-15 * n));
        }
        Dense.Polar polar = Dense.polar(matrix, 1.1e-6);
        assertThat(polar.rank()).isEqualTo(60);
        Matrix expected = Dense.productTransposed(u.columns(0, 60), v.columns(0, 60));
        assertNear(polar.factor(), expected, 1e-8);
    }

    @ParameterizedTest
    @CsvSource({"30, 12", "12, 30", "300, 170", "170, 300"})
    void polarFactorsAreThoseOfTheDecomposition(int m, int n) {
        Matrix matrix = random(m, n, 7);
        Svd svd = Svd.of(matrix);
        Dense.Polar polar = Dense.polar(matrix, 1e-9);
        assertNear(polar.factor(), svd.u().times(svd.v().transpose()), 1e-10);
        assertThat(polar.rank()).isEqualTo(Math.min(m, n));
        assertThat(polar.sum()).isCloseTo(Arrays.stream(svd.s()).sum(), within(1e-8));
        assertOrthonormal(m > n ? polar.factor() : polar.factor().transpose());
    }

    @Test
    void directionsThatAreNotThereStayEmpty() {
        Matrix thin = random(40, 3, 8);
        Matrix twice = Matrix.beside(java.util.List.of(thin, thin));
        Dense.Polar polar = Dense.polar(twice, 1e-9);
        assertThat(polar.rank()).isEqualTo(3);
        assertNear(polar.factor().columns(0, 3), polar.factor().columns(3, 6), 1e-12);
        assertThat(Dense.polar(Matrix.zeros(5, 4), 1e-9).factor().squares()).isZero();
        assertThat(Dense.polar(Matrix.zeros(5, 0), 1e-9).rank()).isZero();
        assertThat(Dense.polar(Matrix.zeros(200, 180), 1e-9).factor().squares()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"5, 3", "170, 20"})
    void systemsAreSolved(int n, int rows) {
        Matrix square = random(n, n, 9);
        Matrix x = random(rows, n, 10);
        Matrix b = x.times(square);
        assertThat(Dense.divide(b, square.copy())).isTrue();
        assertNear(b, x, 1e-8);

        Matrix positive = square.transpose().times(square);
        positive.addToDiagonal(1);
        Matrix c = x.times(positive);
        assertThat(Dense.divideByPositive(c, positive.copy())).isTrue();
        assertNear(c, x, 1e-8);
        assertNear(Dense.pseudoDivided(x.times(positive), positive), x, 1e-8);

        positive.addToDiagonal(-1e6);
        assertThat(Dense.divideByPositive(c, positive)).isFalse();
        assertThat(Dense.divide(c, Matrix.zeros(n, n))).isFalse();
    }

    @Test
    void resultsDoNotDependOnTheLibrarysThreads() {
        Matrix matrix = random(300, 260, 11);
        Svd one = Dense.svd(matrix);
        Svd first = Dense.top(matrix, 60);
        Matrix factor = Dense.polar(matrix, 1e-9).factor();
        Svd joined = new Svd(matrix, one.s(), random(280, 260, 12));
        Matrix product = Dense.orthogonalProduct(joined, 1e-9);
        int before = openblas.blas_get_num_threads();
        openblas.blas_set_num_threads(2);
        try {
            Svd two = Dense.svd(matrix);
            assertThat(two.u().values()).isEqualTo(one.u().values());
            assertThat(two.v().values()).isEqualTo(one.v().values());
            assertThat(two.s()).isEqualTo(one.s());
            assertThat(Dense.top(matrix, 60).u().values()).isEqualTo(first.u().values());
            assertThat(Dense.polar(matrix, 1e-9).factor().values()).isEqualTo(factor.values());
            assertThat(Dense.orthogonalProduct(joined, 1e-9).values()).isEqualTo(product.values());
            // Others in this process have as many as before.
            assertThat(openblas.blas_get_num_threads()).isEqualTo(2);
        } finally {
            openblas.blas_set_num_threads(before);
        }
    }

    /** What LAPACK asks for when it is asked. */
    @ParameterizedTest
    @CsvSource({"200, 200", "2048, 2048", "2048, 5632", "5632, 2048", "170, 4000"})
    void workspacesAreLargeEnough(int rows, int cols) {
        double[] size = new double[1];
        double[] none = new double[1];
        int smaller = Math.min(rows, cols);
        openblas.LAPACKE_dgesdd_work(
                102,
                (byte) 'S',
                rows,
                cols,
                none,
                rows,
                none,
                none,
                rows,
                none,
                smaller,
                size,
                -1,
                new int[1]);
        // Integers beside it: eight for each value.
        double wanted = size[0] + 4 * smaller;
        // The library asks for less where it was built otherwise.
        assertThat((double) OpenBlas.svdWork(rows, cols)).isBetween(wanted, 4 * wanted);
        openblas.LAPACKE_dsytrd_work(102, (byte) 'U', rows, none, rows, none, none, none, size, -1);
        double reduced = size[0];
        int[] integers = new int[1];
        openblas.LAPACKE_dstedc_work(
                102, (byte) 'I', rows, none, none, none, rows, size, -1, integers, -1);
        double vectors = size[0] + integers[0] / 2.0;
        openblas.LAPACKE_dormtr_work(
                102,
                (byte) 'L',
                (byte) 'U',
                (byte) 'N',
                rows,
                rows,
                none,
                rows,
                none,
                none,
                rows,
                size,
                -1);
        // Beside the off-diagonal and the factors of the reduction, which are ours.
        assertThat((double) OpenBlas.eigenWork(rows))
                .isGreaterThan(Math.max(vectors, Math.max(reduced, size[0])));
        openblas.LAPACKE_dsyevd_work(
                102, (byte) 'N', (byte) 'U', rows, none, rows, none, size, -1, integers, -1);
        assertThat((double) OpenBlas.eigenvaluesWork(rows))
                .isGreaterThan(size[0] + integers[0] / 2.0);
    }

    /** Two ways: from the squares, and from the decompositions where those would lose digits. */
    @ParameterizedTest
    @CsvSource({"300, 200, 180", "200, 300, 170", "190, 190, 190", "40, 200, 30", "300, 200, 1"})
    void productsOfOrthogonalFactors(int m, int n, int r) {
        Matrix u = random(m, r, 12);
        Matrix v = random(n, r, 13);
        double[] s = new double[r];
        Arrays.setAll(s, i -> 1.0 + i);
        Matrix expected = polar(u).scaledColumns(s).times(polar(v).transpose());
        assertNear(Dense.orthogonalProduct(new Svd(u, s, v), 1e-9), expected, 1e-7 * r);
    }

    private static Matrix polar(Matrix matrix) {
        Svd svd = Svd.of(matrix);
        return svd.u().times(svd.v().transpose());
    }

    /** The same vectors twice are one direction. */
    @Test
    void equalVectorsOfAProductShareADirection() {
        Matrix u = ThinQr.of(random(400, 100, 14)).q();
        Matrix v = ThinQr.of(random(300, 100, 15)).q();
        double[] ones = new double[200];
        Arrays.fill(ones, 1);
        Svd twice =
                new Svd(
                        Matrix.beside(java.util.List.of(u, u)),
                        ones,
                        Matrix.beside(java.util.List.of(v, v)));
        // polar([U U]) = [U U] / sqrt(2)
        assertNear(Dense.orthogonalProduct(twice, 1e-9), u.times(v.transpose()), 1e-10);
    }
}
