package io.amalgam.internal.linalg;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import org.bytedeco.openblas.global.openblas_nolapack;

/**
 * Whether OpenBLAS computes rightly on this processor. It has code for each kind, and that for
 * processors with AVX-512 was built wrongly in the release that ND4J brings: products with
 * symmetric and triangular matrices are wrong there, and with them all decompositions.
 */
public final class LibraryCheck {
    private static final int COLUMN_MAJOR = openblas_nolapack.CblasColMajor;
    private static final int SIZE = 40;
    private static final double TOLERANCE = 1e-9;

    private LibraryCheck() {}

    /** Makes the product of a symmetric matrix, of which the upper half is given, with another. */
    interface Products {
        void product(double[] symmetric, double[] b, double[] out);
    }

    private static final class Once {
        static final boolean RIGHT = isRight(LibraryCheck::byLibrary);
    }

    /**
     * Does nothing where the library can be used.
     *
     * @throws BadInputException if its results would be wrong
     */
    public static void require() {
        require(Once.RIGHT);
    }

    static void require(boolean right) {
        if (!right) {
            throw new BadInputException(
                    Problem.expected("a matrix product by OpenBLAS", "the right one", "another")
                            .at("its code for this processor")
                            .hint("set the environment variable OPENBLAS_CORETYPE to Haswell")
                            .ofMachine());
        }
    }

    private static void byLibrary(double[] symmetric, double[] b, double[] out) {
        openblas_nolapack.cblas_dsymm(
                COLUMN_MAJOR,
                openblas_nolapack.CblasLeft,
                openblas_nolapack.CblasUpper,
                SIZE,
                SIZE,
                1,
                symmetric,
                SIZE,
                b,
                SIZE,
                0,
                out,
                SIZE);
    }

    /** The first product that is wrong with such code, and no memory is damaged by it. */
    static boolean isRight(Products products) {
        double[] upper = new double[SIZE * SIZE];
        double[] b = new double[SIZE * SIZE];
        double[] full = new double[SIZE * SIZE];
        for (int j = 0; j < SIZE; j++) {
            for (int i = 0; i < SIZE; i++) {
                b[j * SIZE + i] = Math.sin(3 * i + 7 * j);
                if (i <= j) {
                    upper[j * SIZE + i] = Math.cos(5 * i + j);
                    full[j * SIZE + i] = upper[j * SIZE + i];
                    full[i * SIZE + j] = upper[j * SIZE + i];
                }
            }
        }
        double[] found = new double[SIZE * SIZE];
        products.product(upper, b, found);
        // Row-major, symmetric: B^T S is the transpose of S B.
        double[] expected = new Matrix(SIZE, SIZE, b).times(new Matrix(SIZE, SIZE, full)).values();
        for (int i = 0; i < found.length; i++) {
            if (!(Math.abs(found[i] - expected[i]) <= TOLERANCE)) {
                return false;
            }
        }
        return true;
    }
}
