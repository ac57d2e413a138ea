package io.amalgam.internal.linalg;

import java.util.Optional;

/**
 * Products, decompositions and solutions for dense matrices of any size: small ones by the code of
 * this package, in one fixed order on every machine; large ones by ND4J's LAPACK in one thread, so
 * that the result does not depend on threads. Which one is chosen depends on the shape alone.
 *
 * <p>Where the ways part was measured ({@code DenseBenchmarks}; a table is in docs/bench).
 */
public final class Dense {
    /** Multiplications of a product up to which loading a library is not worth it. */
    private static final long SMALL_PRODUCT = 1L << 22;

    /** Rows or columns, the fewer, up to which Jacobi rotations are as fast. */
    private static final int SMALL_SVD = 160;

    /** Unknowns of a system. */
    private static final int SMALL_SYSTEM = 160;

    /**
     * Squares lose half of the digits: below this share of the largest value the matrix itself is
     * decomposed.
     */
    private static final double SQUARABLE = 1e-3;

    private Dense() {}

    /** {@code a b}. */
    public static Matrix product(Matrix a, Matrix b) {
        return product(a, false, b, false);
    }

    /** {@code a^T b}. */
    public static Matrix transposedProduct(Matrix a, Matrix b) {
        return product(a, true, b, false);
    }

    /** {@code a b^T}. */
    public static Matrix productTransposed(Matrix a, Matrix b) {
        return product(a, false, b, true);
    }

    private static Matrix product(Matrix a, boolean turnA, Matrix b, boolean turnB) {
        long cols = turnB ? b.rows() : b.cols();
        int innerA = turnA ? a.rows() : a.cols();
        int innerB = turnB ? b.cols() : b.rows();
        if (innerA != innerB) {
            throw new IllegalArgumentException(innerA + " columns times " + innerB + " rows");
        }
        if ((long) a.rows() * a.cols() * cols > SMALL_PRODUCT) {
            return LargeMatrices.product(a, turnA, b, turnB);
        }
        return (turnA ? a.transpose() : a).times(turnB ? b.transpose() : b);
    }

    /** The most doubles that {@link #product} holds beside its factors, its result included. */
    public static long productDoubles(long rows, long inner, long cols) {
        return rows * inner + inner * cols + rows * cols;
    }

    /**
     * The most doubles that {@link #svd}, {@link #top} and {@link #polar} hold beside their matrix,
     * their result included.
     */
    public static long svdDoubles(long rows, long cols) {
        long smaller = Math.min(rows, cols);
        if (smaller <= SMALL_SVD) {
            // A reduced matrix and the factor that reduces it, turned around and back.
            return 8 * rows * cols + 8 * smaller * smaller;
        }
        return rows * cols + (rows + cols) * smaller + OpenBlas.svdWork(rows, cols);
    }

    /**
     * What the library itself takes for a thread that computes with such a matrix, its code
     * included, and what Java does not collect at once.
     */
    public static long libraryBytes(long smaller) {
        long late = Math.min(MatrixMemory.GARBAGE, smaller * smaller * Double.BYTES);
        return smaller <= SMALL_SVD ? 0 : OpenBlas.BUFFER + OpenBlas.CODE + late;
    }

    /** The most doubles that a division holds beside both matrices. */
    public static long divisionDoubles(long rows, long unknowns) {
        return rows * unknowns + unknowns * unknowns;
    }

    /** All singular values, the largest first. */
    public static Svd svd(Matrix matrix) {
        return isSmall(matrix) ? Svd.of(matrix) : Signs.fixed(LargeMatrices.svd(matrix));
    }

    /** All eigenvalues of a symmetric matrix that has none below 0, the largest first. */
    public static double[] eigenvalues(Matrix positive) {
        return isSmall(positive) ? Svd.of(positive).s() : LargeMatrices.eigenvalues(positive);
    }

    /** Bytes that {@link #eigenvalues} holds, its argument and copies outside of Java included. */
    public static long eigenvaluesBytes(long unknowns) {
        // The matrix, and once more where LAPACK has it.
        return (2 * unknowns * unknowns + OpenBlas.eigenvaluesWork(unknowns)) * Double.BYTES;
    }

    private static boolean isSmall(Matrix matrix) {
        return Math.min(matrix.rows(), matrix.cols()) <= SMALL_SVD;
    }

    /** The largest {@code count} singular values, or all if there are fewer. */
    public static Svd top(Matrix matrix, int count) {
        int smaller = Math.min(matrix.rows(), matrix.cols());
        if (isSmall(matrix) || 2 * count > smaller) {
            return svd(matrix).truncated(count);
        }
        if (count == 0) {
            return new Svd(
                    Matrix.zeros(matrix.rows(), 0), new double[0], Matrix.zeros(matrix.cols(), 0));
        }
        return LargeMatrices.topBySquare(matrix, count, SQUARABLE)
                .map(Signs::fixed)
                .orElseGet(() -> svd(matrix).truncated(count));
    }

    /**
     * The nearest matrix whose singular values are all 1, {@code U V^T}; values up to {@code
     * relative} of the largest are left out and count 0.
     */
    public static Polar polar(Matrix matrix, double relative) {
        if (isSmall(matrix)) {
            Svd svd = svd(matrix);
            Svd kept = svd.truncated(svd.rank(relative));
            return new Polar(productTransposed(kept.u(), kept.v()), sum(kept.s()), kept.s().length);
        }
        return LargeMatrices.polarBySquare(matrix, Math.max(relative, SQUARABLE / 10))
                .orElseGet(() -> LargeMatrices.polarBySvd(matrix, relative));
    }

    /**
     * @param factor {@code U V^T} of the values that count
     * @param sum of those values
     * @param rank how many there are
     */
    public record Polar(Matrix factor, double sum, int rank) {}

    /**
     * {@code polar(U) diag(s) polar(V)^T}, where U and V are no wider than they are tall.
     *
     * @param relative as of {@link #polar}
     */
    public static Matrix orthogonalProduct(Svd all, double relative) {
        if (!isSmall(all.u()) && !isSmall(all.v())) {
            Optional<Matrix> product =
                    LargeMatrices.orthogonalProduct(all, Math.max(relative, SQUARABLE / 10));
            if (product.isPresent()) {
                return product.get();
            }
        }
        // The longer ones first, while there is nothing else.
        if (all.u().rows() >= all.v().rows()) {
            Matrix left = polar(all.u(), relative).factor();
            left.scaleColumns(all.s());
            return productTransposed(left, polar(all.v(), relative).factor());
        }
        Matrix right = polar(all.v(), relative).factor();
        right.scaleColumns(all.s());
        return productTransposed(polar(all.u(), relative).factor(), right);
    }

    /** The most doubles that {@link #orthogonalProduct} holds, with its argument and result. */
    public static long orthogonalProductDoubles(long rows, long cols, long rank) {
        long longer = Math.max(rows, cols);
        long shorter = Math.min(rows, cols);
        long vectors = (rows + cols) * rank;
        long first = svdDoubles(longer, rank);
        long second = longer * rank + svdDoubles(shorter, rank);
        long product = vectors + productDoubles(rows, rank, cols);
        long square = rank * rank;
        // What roots are computed in, or the product with what it is computed from.
        long root = 2 * square + OpenBlas.eigenWork(rank);
        long together =
                (longer + 2 * shorter) * rank + square + Math.max(root - square, rows * cols);
        return vectors + Math.max(Math.max(first, second), Math.max(product, together));
    }

    static double sum(double... values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum;
    }

    /**
     * {@code b a^-1} for a symmetric positive definite {@code a}, by Cholesky.
     *
     * @param a may be overwritten
     * @param b gets the result
     * @return whether it is positive definite; if not, {@code b} is undefined
     */
    public static boolean divideByPositive(Matrix b, Matrix a) {
        return a.rows() <= SMALL_SYSTEM
                ? Systems.solvePositive(a, b)
                : LargeMatrices.divideByPositive(b, a);
    }

    /**
     * {@code b a^-1}, by elimination with row exchanges.
     *
     * @param a may be overwritten
     * @param b gets the result
     * @return whether {@code a} can be inverted; if not, {@code b} is undefined
     */
    public static boolean divide(Matrix b, Matrix a) {
        return a.rows() <= SMALL_SYSTEM ? Systems.solve(a, b) : LargeMatrices.divide(b, a);
    }

    /** {@code b a^+}, with the pseudo-inverse: directions that are rounding are left out. */
    public static Matrix pseudoDivided(Matrix b, Matrix a) {
        Svd svd = svd(a);
        Svd kept = svd.truncated(svd.rank(Math.ulp(1.0) * a.rows()));
        double[] inverse = new double[kept.s().length];
        for (int i = 0; i < inverse.length; i++) {
            inverse[i] = 1 / kept.s()[i];
        }
        Matrix along = product(b, kept.v()).scaledColumns(inverse);
        return productTransposed(along, kept.u());
    }
}
