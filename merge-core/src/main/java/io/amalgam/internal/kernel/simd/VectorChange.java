package io.amalgam.internal.kernel.simd;

import static io.amalgam.internal.kernel.simd.Species.DOUBLES;
import static io.amalgam.internal.kernel.simd.VectorSums.load;
import static io.amalgam.kernel.Kernels.LANES;

import io.amalgam.internal.kernel.TailSums;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorOperators;

/**
 * What a comparison sums of two blocks, each element converted to float64 once. Products are exact,
 * so that fusing them with the addition changes nothing.
 */
final class VectorChange {
    private static final int WIDTH = DOUBLES.length();

    private VectorChange() {}

    static void change(float[] x, float[] base, double[][] lanes, float[] deltas, int n) {
        int bound = n & -LANES;
        // A loop that the compiler makes vectors of by itself.
        for (int i = 0; i < bound; i++) {
            deltas[i] = x[i] - base[i];
        }
        for (int lane = 0; lane < LANES; lane += WIDTH) {
            DoubleVector bb = DoubleVector.fromArray(DOUBLES, lanes[0], lane);
            DoubleVector bx = DoubleVector.fromArray(DOUBLES, lanes[1], lane);
            DoubleVector xx = DoubleVector.fromArray(DOUBLES, lanes[2], lane);
            DoubleVector dd = DoubleVector.fromArray(DOUBLES, lanes[3], lane);
            for (int i = lane; i < bound; i += LANES) {
                DoubleVector b = load(base, i);
                DoubleVector v = load(x, i);
                DoubleVector d = load(deltas, i);
                bb = b.lanewise(VectorOperators.FMA, b, bb);
                bx = b.lanewise(VectorOperators.FMA, v, bx);
                xx = v.lanewise(VectorOperators.FMA, v, xx);
                dd = d.lanewise(VectorOperators.FMA, d, dd);
            }
            bb.intoArray(lanes[0], lane);
            bx.intoArray(lanes[1], lane);
            xx.intoArray(lanes[2], lane);
            dd.intoArray(lanes[3], lane);
        }
        TailSums.change(x, base, lanes, deltas, bound, n);
    }
}
