package io.amalgam.internal.kernel.simd;

import static io.amalgam.internal.kernel.simd.Species.FLOATS;
import static io.amalgam.internal.kernel.simd.Species.INTS;
import static io.amalgam.internal.kernel.simd.Species.LENGTH;

import io.amalgam.internal.kernel.ScalarConsensus;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Trimming and sign consensus in one pass, for as many models as fit registers. Two models have a
 * loop of their own; else models that are not there count as zeros, which change no sum.
 */
final class VectorTrimmed {
    /** The most models taken. */
    static final int MOST = 4;

    private static final int ABS = 0x7FFFFFFF;
    private static final int SIGN = 0x80000000;

    private VectorTrimmed() {}

    static void consensus(
            float[][] x,
            int[] cuts,
            float[] weights,
            int models,
            float[] base,
            boolean normalize,
            float lambda,
            float[] out,
            int n) {
        if (models == 2) {
            two(x, cuts, weights, base, normalize, lambda, out, n);
        } else {
            upToFour(x, cuts, weights, models, base, normalize, lambda, out, n);
        }
    }

    private static void two(
            float[][] x,
            int[] cuts,
            float[] weights,
            float[] base,
            boolean normalize,
            float lambda,
            float[] out,
            int n) {
        float[] x0 = x[0];
        float[] x1 = x[1];
        float w0 = weights[0];
        float w1 = weights[1];
        int d0 = normalize ? Float.floatToRawIntBits(w0) : 0;
        int d1 = normalize ? Float.floatToRawIntBits(w1) : 0;
        int bound = FLOATS.loopBound(n);
        int i = 0;
        IntVector least0 = IntVector.broadcast(INTS, cuts[0] - 1);
        IntVector least1 = IntVector.broadcast(INTS, cuts[1] - 1);
        for (; i < bound; i += LENGTH) {
            FloatVector origin = FloatVector.fromArray(FLOATS, base, i);
            IntVector b0 = FloatVector.fromArray(FLOATS, x0, i).sub(origin).reinterpretAsInts();
            IntVector b1 = FloatVector.fromArray(FLOATS, x1, i).sub(origin).reinterpretAsInts();
            IntVector k0 = least0.sub(b0.and(ABS)).lanewise(VectorOperators.ASHR, 31);
            IntVector k1 = least1.sub(b1.and(ABS)).lanewise(VectorOperators.ASHR, 31);
            FloatVector v0 = b0.and(k0).reinterpretAsFloats().mul(w0);
            FloatVector v1 = b1.and(k1).reinterpretAsFloats().mul(w1);
            FloatVector sum = FloatVector.zero(FLOATS).add(v0).add(v1);
            if (sum.compare(VectorOperators.NE, sum).anyTrue()) {
                scalar(x, cuts, weights, 2, base, normalize, lambda, out, i, i + LENGTH);
                continue;
            }
            IntVector side = sum.reinterpretAsInts().and(SIGN);
            IntVector t0 = v0.reinterpretAsInts().lanewise(VectorOperators.XOR, side);
            IntVector t1 = v1.reinterpretAsInts().lanewise(VectorOperators.XOR, side);
            IntVector a0 =
                    t0.sub(1)
                            .or(t0)
                            .lanewise(VectorOperators.ASHR, 31)
                            .lanewise(VectorOperators.XOR, -1);
            IntVector a1 =
                    t1.sub(1)
                            .or(t1)
                            .lanewise(VectorOperators.ASHR, 31)
                            .lanewise(VectorOperators.XOR, -1);
            FloatVector agreed =
                    v0.reinterpretAsInts()
                            .and(a0)
                            .reinterpretAsFloats()
                            .add(v1.reinterpretAsInts().and(a1).reinterpretAsFloats());
            FloatVector divisor =
                    a0.and(d0).reinterpretAsFloats().add(a1.and(d1).reinterpretAsFloats());
            VectorMask<Float> nobody = divisor.compare(VectorOperators.EQ, 0f);
            agreed = agreed.div(divisor.blend(1f, nobody));
            origin.add(agreed.mul(lambda)).intoArray(out, i);
        }
        scalar(x, cuts, weights, 2, base, normalize, lambda, out, i, n);
    }

    private static void upToFour(
            float[][] x,
            int[] cuts,
            float[] weights,
            int models,
            float[] base,
            boolean normalize,
            float lambda,
            float[] out,
            int n) {
        float[] x0 = x[0];
        float[] x1 = models > 1 ? x[1] : base;
        float[] x2 = models > 2 ? x[2] : base;
        float[] x3 = models > 3 ? x[3] : base;
        float w0 = weights[0];
        float w1 = models > 1 ? weights[1] : 0;
        float w2 = models > 2 ? weights[2] : 0;
        float w3 = models > 3 ? weights[3] : 0;
        int cut0 = cuts[0];
        int cut1 = models > 1 ? cuts[1] : ABS;
        int cut2 = models > 2 ? cuts[2] : ABS;
        int cut3 = models > 3 ? cuts[3] : ABS;
        // Without normalisation the divisor is that of nobody's agreement, 1. No branches between
        // vectors: a value that meets another from a branch becomes an object on the heap.
        int d0 = normalize ? Float.floatToRawIntBits(w0) : 0;
        int d1 = normalize ? Float.floatToRawIntBits(w1) : 0;
        int d2 = normalize ? Float.floatToRawIntBits(w2) : 0;
        int d3 = normalize ? Float.floatToRawIntBits(w3) : 0;
        int bound = FLOATS.loopBound(n);
        int i = 0;
        IntVector least0 = IntVector.broadcast(INTS, cut0 - 1);
        IntVector least1 = IntVector.broadcast(INTS, cut1 - 1);
        IntVector least2 = IntVector.broadcast(INTS, cut2 - 1);
        IntVector least3 = IntVector.broadcast(INTS, cut3 - 1);
        for (; i < bound; i += LENGTH) {
            FloatVector origin = FloatVector.fromArray(FLOATS, base, i);
            IntVector b0 = FloatVector.fromArray(FLOATS, x0, i).sub(origin).reinterpretAsInts();
            IntVector b1 = FloatVector.fromArray(FLOATS, x1, i).sub(origin).reinterpretAsInts();
            IntVector b2 = FloatVector.fromArray(FLOATS, x2, i).sub(origin).reinterpretAsInts();
            IntVector b3 = FloatVector.fromArray(FLOATS, x3, i).sub(origin).reinterpretAsInts();
            // By the sign of a difference instead of a mask: masks are dear on JDK 17.
            IntVector k0 = least0.sub(b0.and(ABS)).lanewise(VectorOperators.ASHR, 31);
            IntVector k1 = least1.sub(b1.and(ABS)).lanewise(VectorOperators.ASHR, 31);
            IntVector k2 = least2.sub(b2.and(ABS)).lanewise(VectorOperators.ASHR, 31);
            IntVector k3 = least3.sub(b3.and(ABS)).lanewise(VectorOperators.ASHR, 31);
            FloatVector v0 = b0.and(k0).reinterpretAsFloats().mul(w0);
            FloatVector v1 = b1.and(k1).reinterpretAsFloats().mul(w1);
            FloatVector v2 = b2.and(k2).reinterpretAsFloats().mul(w2);
            FloatVector v3 = b3.and(k3).reinterpretAsFloats().mul(w3);
            FloatVector sum = FloatVector.zero(FLOATS).add(v0).add(v1).add(v2).add(v3);
            if (sum.compare(VectorOperators.NE, sum).anyTrue()) {
                // NaN has no sign to vote with; the arithmetic below would give it one.
                scalar(x, cuts, weights, models, base, normalize, lambda, out, i, i + LENGTH);
                continue;
            }
            // Sums begin with +0 and so are never -0: the sign bit is the majority's. A value
            // agrees where, its sign taken relative to that, it is above 0: then neither it nor
            // the number before it is negative as an int.
            IntVector side = sum.reinterpretAsInts().and(SIGN);
            IntVector t0 = v0.reinterpretAsInts().lanewise(VectorOperators.XOR, side);
            IntVector t1 = v1.reinterpretAsInts().lanewise(VectorOperators.XOR, side);
            IntVector t2 = v2.reinterpretAsInts().lanewise(VectorOperators.XOR, side);
            IntVector t3 = v3.reinterpretAsInts().lanewise(VectorOperators.XOR, side);
            IntVector a0 =
                    t0.sub(1)
                            .or(t0)
                            .lanewise(VectorOperators.ASHR, 31)
                            .lanewise(VectorOperators.XOR, -1);
            IntVector a1 =
                    t1.sub(1)
                            .or(t1)
                            .lanewise(VectorOperators.ASHR, 31)
                            .lanewise(VectorOperators.XOR, -1);
            IntVector a2 =
                    t2.sub(1)
                            .or(t2)
                            .lanewise(VectorOperators.ASHR, 31)
                            .lanewise(VectorOperators.XOR, -1);
            IntVector a3 =
                    t3.sub(1)
                            .or(t3)
                            .lanewise(VectorOperators.ASHR, 31)
                            .lanewise(VectorOperators.XOR, -1);
            FloatVector agreed =
                    v0.reinterpretAsInts()
                            .and(a0)
                            .reinterpretAsFloats()
                            .add(v1.reinterpretAsInts().and(a1).reinterpretAsFloats());
            agreed =
                    agreed.add(v2.reinterpretAsInts().and(a2).reinterpretAsFloats())
                            .add(v3.reinterpretAsInts().and(a3).reinterpretAsFloats());
            FloatVector divisor =
                    a0.and(d0).reinterpretAsFloats().add(a1.and(d1).reinterpretAsFloats());
            divisor =
                    divisor.add(a2.and(d2).reinterpretAsFloats())
                            .add(a3.and(d3).reinterpretAsFloats());
            VectorMask<Float> nobody = divisor.compare(VectorOperators.EQ, 0f);
            agreed = agreed.div(divisor.blend(1f, nobody));
            origin.add(agreed.mul(lambda)).intoArray(out, i);
        }
        scalar(x, cuts, weights, models, base, normalize, lambda, out, i, n);
    }

    private static void scalar(
            float[][] x,
            int[] cuts,
            float[] weights,
            int models,
            float[] base,
            boolean normalize,
            float lambda,
            float[] out,
            int from,
            int to) {
        for (int i = from; i < to; i++) {
            out[i] =
                    ScalarConsensus.trimmedConsensus(
                            x, cuts, weights, models, base[i], normalize, lambda, i);
        }
    }
}
