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
 * Sign consensus over the models, one vector of elements at a time. By bit patterns, as the scalar
 * kernel does it: masks are dear on JDK 17, and helper methods would put vectors on the heap.
 */
final class VectorConsensus {
    private static final int ABS = 0x7FFFFFFF;
    private static final int SIGN = 0x80000000;
    private static final int INFINITE = 0x7F800000;

    /** The first pattern above infinity. */
    private static final int NAN = INFINITE + 1;

    private VectorConsensus() {}

    static void consensus(
            float[][] weighted,
            float[] weights,
            int models,
            float[] base,
            boolean normalize,
            float lambda,
            float[] out,
            int n) {
        if (models == 2) {
            two(weighted, weights, base, normalize, lambda, out, n);
            return;
        }
        int bound = FLOATS.loopBound(n);
        FloatVector zero = FloatVector.zero(FLOATS);
        IntVector one = IntVector.broadcast(INTS, Float.floatToRawIntBits(1f));
        IntVector infinite = IntVector.broadcast(INTS, INFINITE);
        IntVector none = IntVector.zero(INTS);
        // Without normalisation the divisor is that of nobody's agreement, 1.
        int divided = normalize ? -1 : 0;
        int i = 0;
        for (; i < bound; i += LENGTH) {
            FloatVector sum = zero;
            for (int m = 0; m < models; m++) {
                sum = sum.add(FloatVector.fromArray(FLOATS, weighted[m], i));
            }
            // Sums begin with +0 and are never -0: negative, or no number.
            IntVector elected = sum.reinterpretAsInts();
            IntVector flip = elected.or(infinite.sub(elected.and(ABS))).and(SIGN);
            FloatVector agreed = zero;
            FloatVector divisor = zero;
            for (int m = 0; m < models; m++) {
                IntVector value = FloatVector.fromArray(FLOATS, weighted[m], i).reinterpretAsInts();
                IntVector towards = value.lanewise(VectorOperators.XOR, flip);
                IntVector agrees =
                        none.sub(towards)
                                .and(towards.lanewise(VectorOperators.XOR, -1))
                                .and(towards.sub(NAN))
                                .lanewise(VectorOperators.ASHR, 31);
                agreed = agreed.add(value.and(agrees).reinterpretAsFloats());
                divisor =
                        divisor.add(
                                agrees.and(Float.floatToRawIntBits(weights[m]) & divided)
                                        .reinterpretAsFloats());
            }
            IntVector bits = divisor.reinterpretAsInts();
            IntVector nobody = bits.and(ABS).sub(1).lanewise(VectorOperators.ASHR, 31);
            FloatVector share = bits.or(one.and(nobody)).reinterpretAsFloats();
            FloatVector.fromArray(FLOATS, base, i)
                    .add(agreed.div(share).mul(lambda))
                    .intoArray(out, i);
        }
        ScalarConsensus.consensus(weighted, weights, models, base, normalize, lambda, out, i, n);
    }

    /** Two models, without a loop over them, as {@link VectorTrimmed} does it. */
    private static void two(
            float[][] weighted,
            float[] weights,
            float[] base,
            boolean normalize,
            float lambda,
            float[] out,
            int n) {
        float[] x0 = weighted[0];
        float[] x1 = weighted[1];
        int d0 = normalize ? Float.floatToRawIntBits(weights[0]) : 0;
        int d1 = normalize ? Float.floatToRawIntBits(weights[1]) : 0;
        int bound = FLOATS.loopBound(n);
        FloatVector zero = FloatVector.zero(FLOATS);
        int i = 0;
        for (; i < bound; i += LENGTH) {
            FloatVector v0 = FloatVector.fromArray(FLOATS, x0, i);
            FloatVector v1 = FloatVector.fromArray(FLOATS, x1, i);
            FloatVector sum = zero.add(v0).add(v1);
            if (sum.compare(VectorOperators.NE, sum).anyTrue()) {
                int to = i + LENGTH;
                ScalarConsensus.consensus(
                        weighted, weights, 2, base, normalize, lambda, out, i, to);
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
            FloatVector.fromArray(FLOATS, base, i).add(agreed.mul(lambda)).intoArray(out, i);
        }
        ScalarConsensus.consensus(weighted, weights, 2, base, normalize, lambda, out, i, n);
    }

    static void agreeing(
            float[] election,
            float[][] vectors,
            float[] weights,
            float[] shares,
            int models,
            float[] agreed,
            float[] divisor,
            int n) {
        int bound = FLOATS.loopBound(n);
        FloatVector zero = FloatVector.zero(FLOATS);
        IntVector infinite = IntVector.broadcast(INTS, INFINITE);
        IntVector none = IntVector.zero(INTS);
        int i = 0;
        for (; i < bound; i += LENGTH) {
            // Plus 0, so that it is never -0.
            IntVector elected =
                    FloatVector.fromArray(FLOATS, election, i).add(zero).reinterpretAsInts();
            IntVector flip = elected.or(infinite.sub(elected.and(ABS))).and(SIGN);
            FloatVector sum = zero;
            FloatVector share = zero;
            for (int m = 0; m < models; m++) {
                FloatVector vector = FloatVector.fromArray(FLOATS, vectors[m], i);
                IntVector value = vector.reinterpretAsInts();
                IntVector towards = value.lanewise(VectorOperators.XOR, flip);
                IntVector agrees =
                        none.sub(towards)
                                .and(towards.lanewise(VectorOperators.XOR, -1))
                                .and(towards.sub(NAN))
                                .lanewise(VectorOperators.ASHR, 31);
                sum =
                        sum.add(
                                vector.mul(weights[m])
                                        .reinterpretAsInts()
                                        .and(agrees)
                                        .reinterpretAsFloats());
                share =
                        share.add(
                                agrees.and(Float.floatToRawIntBits(shares[m]))
                                        .reinterpretAsFloats());
            }
            sum.intoArray(agreed, i);
            share.intoArray(divisor, i);
        }
        ScalarConsensus.agreeing(election, vectors, weights, shares, models, agreed, divisor, i, n);
    }
}
