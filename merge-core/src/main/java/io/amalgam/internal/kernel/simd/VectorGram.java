package io.amalgam.internal.kernel.simd;

import static io.amalgam.internal.kernel.simd.Species.DOUBLES;
import static io.amalgam.internal.kernel.simd.VectorSums.load;
import static io.amalgam.kernel.Kernels.LANES;

import io.amalgam.internal.kernel.TailSums;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorOperators;

/**
 * All products of two or three vectors in one pass, each element converted to float64 once; those
 * with a fourth are added pair by pair. Products are exact, so that fusing them with the addition
 * changes nothing. Two vectors of accumulators a product: while one waits for its last addition,
 * the other is at work, however far the compiler unrolls.
 */
final class VectorGram {
    private static final int WIDTH = DOUBLES.length();

    private VectorGram() {}

    static void gram(float[][] x, int count, double[][] lanes, int n) {
        if (count == 2) {
            two(x[0], x[1], lanes, n);
            return;
        }
        if (count >= 3) {
            three(x[0], x[1], x[2], count, lanes, n);
        }
        int pair = 0;
        for (int j = 0; j < count; j++) {
            for (int k = j; k < count; k++, pair++) {
                if (k >= 3 || count == 1) {
                    VectorSums.dot(x[j], x[k], lanes[pair], n);
                }
            }
        }
    }

    private static void two(float[] a, float[] b, double[][] lanes, int n) {
        double[] aa = lanes[0];
        double[] ab = lanes[1];
        double[] bb = lanes[2];
        int bound = n & -LANES;
        for (int lane = 0; lane < LANES; lane += 2 * WIDTH) {
            int next = lane + WIDTH;
            DoubleVector aa0 = DoubleVector.fromArray(DOUBLES, aa, lane);
            DoubleVector aa1 = DoubleVector.fromArray(DOUBLES, aa, next);
            DoubleVector ab0 = DoubleVector.fromArray(DOUBLES, ab, lane);
            DoubleVector ab1 = DoubleVector.fromArray(DOUBLES, ab, next);
            DoubleVector bb0 = DoubleVector.fromArray(DOUBLES, bb, lane);
            DoubleVector bb1 = DoubleVector.fromArray(DOUBLES, bb, next);
            for (int i = lane; i < bound; i += LANES) {
                DoubleVector a0 = load(a, i);
                DoubleVector b0 = load(b, i);
                aa0 = a0.lanewise(VectorOperators.FMA, a0, aa0);
                ab0 = a0.lanewise(VectorOperators.FMA, b0, ab0);
                bb0 = b0.lanewise(VectorOperators.FMA, b0, bb0);
                DoubleVector a1 = load(a, i + WIDTH);
                DoubleVector b1 = load(b, i + WIDTH);
                aa1 = a1.lanewise(VectorOperators.FMA, a1, aa1);
                ab1 = a1.lanewise(VectorOperators.FMA, b1, ab1);
                bb1 = b1.lanewise(VectorOperators.FMA, b1, bb1);
            }
            aa0.intoArray(aa, lane);
            aa1.intoArray(aa, next);
            ab0.intoArray(ab, lane);
            ab1.intoArray(ab, next);
            bb0.intoArray(bb, lane);
            bb1.intoArray(bb, next);
        }
        TailSums.dot(a, a, aa, bound, n);
        TailSums.dot(a, b, ab, bound, n);
        TailSums.dot(b, b, bb, bound, n);
    }

    /** The products of the first three of {@code count} vectors. */
    private static void three(float[] a, float[] b, float[] c, int count, double[][] lanes, int n) {
        double[] aa = lanes[0];
        double[] ab = lanes[1];
        double[] ac = lanes[2];
        double[] bb = lanes[count];
        double[] bc = lanes[count + 1];
        double[] cc = lanes[2 * count - 1];
        int bound = n & -LANES;
        for (int lane = 0; lane < LANES; lane += 2 * WIDTH) {
            int next = lane + WIDTH;
            DoubleVector aa0 = DoubleVector.fromArray(DOUBLES, aa, lane);
            DoubleVector aa1 = DoubleVector.fromArray(DOUBLES, aa, next);
            DoubleVector ab0 = DoubleVector.fromArray(DOUBLES, ab, lane);
            DoubleVector ab1 = DoubleVector.fromArray(DOUBLES, ab, next);
            DoubleVector ac0 = DoubleVector.fromArray(DOUBLES, ac, lane);
            DoubleVector ac1 = DoubleVector.fromArray(DOUBLES, ac, next);
            DoubleVector bb0 = DoubleVector.fromArray(DOUBLES, bb, lane);
            DoubleVector bb1 = DoubleVector.fromArray(DOUBLES, bb, next);
            DoubleVector bc0 = DoubleVector.fromArray(DOUBLES, bc, lane);
            DoubleVector bc1 = DoubleVector.fromArray(DOUBLES, bc, next);
            DoubleVector cc0 = DoubleVector.fromArray(DOUBLES, cc, lane);
            DoubleVector cc1 = DoubleVector.fromArray(DOUBLES, cc, next);
            for (int i = lane; i < bound; i += LANES) {
                DoubleVector a0 = load(a, i);
                DoubleVector b0 = load(b, i);
                DoubleVector c0 = load(c, i);
                aa0 = a0.lanewise(VectorOperators.FMA, a0, aa0);
                ab0 = a0.lanewise(VectorOperators.FMA, b0, ab0);
                ac0 = a0.lanewise(VectorOperators.FMA, c0, ac0);
                bb0 = b0.lanewise(VectorOperators.FMA, b0, bb0);
                bc0 = b0.lanewise(VectorOperators.FMA, c0, bc0);
                cc0 = c0.lanewise(VectorOperators.FMA, c0, cc0);
                DoubleVector a1 = load(a, i + WIDTH);
                DoubleVector b1 = load(b, i + WIDTH);
                DoubleVector c1 = load(c, i + WIDTH);
                aa1 = a1.lanewise(VectorOperators.FMA, a1, aa1);
                ab1 = a1.lanewise(VectorOperators.FMA, b1, ab1);
                ac1 = a1.lanewise(VectorOperators.FMA, c1, ac1);
                bb1 = b1.lanewise(VectorOperators.FMA, b1, bb1);
                bc1 = b1.lanewise(VectorOperators.FMA, c1, bc1);
                cc1 = c1.lanewise(VectorOperators.FMA, c1, cc1);
            }
            aa0.intoArray(aa, lane);
            aa1.intoArray(aa, next);
            ab0.intoArray(ab, lane);
            ab1.intoArray(ab, next);
            ac0.intoArray(ac, lane);
            ac1.intoArray(ac, next);
            bb0.intoArray(bb, lane);
            bb1.intoArray(bb, next);
            bc0.intoArray(bc, lane);
            bc1.intoArray(bc, next);
            cc0.intoArray(cc, lane);
            cc1.intoArray(cc, next);
        }
        TailSums.dot(a, a, aa, bound, n);
        TailSums.dot(a, b, ab, bound, n);
        TailSums.dot(a, c, ac, bound, n);
        TailSums.dot(b, b, bb, bound, n);
        TailSums.dot(b, c, bc, bound, n);
        TailSums.dot(c, c, cc, bound, n);
    }
}
