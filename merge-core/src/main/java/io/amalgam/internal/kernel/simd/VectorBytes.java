package io.amalgam.internal.kernel.simd;

import static io.amalgam.internal.kernel.simd.Species.BYTES;
import static io.amalgam.internal.kernel.simd.Species.FLOATS;
import static io.amalgam.internal.kernel.simd.Species.INTS;
import static io.amalgam.internal.kernel.simd.Species.LENGTH;

import io.amalgam.internal.kernel.ScalarKernels;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Codes of a byte, or of some bits of one. There are no vectors of four bytes: with registers of
 * 128 bits the scalar kernels do this.
 */
final class VectorBytes {
    private static final boolean SCALAR = BYTES.length() != LENGTH;

    /** A bit for each lane, and what makes 16 of it. */
    private static final IntVector BITS = bits();

    private static final FloatVector SIXTEEN = FloatVector.broadcast(FLOATS, 16).div(powers());
    private static final int SIGN = 0x80000000;
    private static final int INFINITE = 0x7F800000;
    private static final int NAN = 0x7FC00000;

    private VectorBytes() {}

    private static IntVector bits() {
        int[] bits = new int[LENGTH];
        for (int i = 0; i < LENGTH; i++) {
            bits[i] = 1 << i;
        }
        return IntVector.fromArray(INTS, bits, 0);
    }

    private static FloatVector powers() {
        float[] powers = new float[LENGTH];
        for (int i = 0; i < LENGTH; i++) {
            powers[i] = 1 << i;
        }
        return FloatVector.fromArray(FLOATS, powers, 0);
    }

    /** Sign-extending, as in {@link VectorConversions}. */
    private static IntVector ints(byte[] bytes, int at) {
        return (IntVector)
                ByteVector.fromArray(BYTES, bytes, at).convertShape(VectorOperators.B2I, INTS, 0);
    }

    private static FloatVector floats(IntVector codes) {
        return (FloatVector) codes.convertShape(VectorOperators.I2F, FLOATS, 0);
    }

    static void e4m3ToFloat(
            byte[] codes, int from, float scale, float factor, float[] dst, int at, int n) {
        int bound = SCALAR ? 0 : FLOATS.loopBound(n);
        IntVector largest = IntVector.broadcast(INTS, 126);
        for (int i = 0; i < bound; i += LENGTH) {
            IntVector code = ints(codes, from + i);
            IntVector magnitude = code.and(127);
            IntVector subnormal = floats(magnitude).mul(0x1p-9f).reinterpretAsInts();
            // By the signs of differences, as in VectorConversions.
            IntVector small = magnitude.sub(8).lanewise(VectorOperators.ASHR, 31);
            IntVector nan = largest.sub(magnitude).lanewise(VectorOperators.ASHR, 31);
            magnitude
                    .lanewise(VectorOperators.LSHL, 20)
                    .add((127 - 7) << 23)
                    .and(small.lanewise(VectorOperators.XOR, -1))
                    .or(subnormal.and(small))
                    .or(code.and(SIGN))
                    .and(nan.lanewise(VectorOperators.XOR, -1))
                    .or(nan.and(NAN))
                    .reinterpretAsFloats()
                    .mul(scale)
                    .mul(factor)
                    .intoArray(dst, at + i);
        }
        ScalarKernels.INSTANCE.e4m3ToFloat(
                codes, from + bound, scale, factor, dst, at + bound, n - bound);
    }

    static void e5m2ToFloat(
            byte[] codes, int from, float scale, float factor, float[] dst, int at, int n) {
        int bound = SCALAR ? 0 : FLOATS.loopBound(n);
        IntVector largest = IntVector.broadcast(INTS, 123);
        IntVector infinity = IntVector.broadcast(INTS, 124);
        for (int i = 0; i < bound; i += LENGTH) {
            IntVector code = ints(codes, from + i);
            IntVector magnitude = code.and(127);
            IntVector subnormal = floats(magnitude).mul(0x1p-16f).reinterpretAsInts();
            IntVector small = magnitude.sub(4).lanewise(VectorOperators.ASHR, 31);
            IntVector special =
                    largest.sub(magnitude).lanewise(VectorOperators.ASHR, 31).and(INFINITE);
            IntVector nan = infinity.sub(magnitude).lanewise(VectorOperators.ASHR, 31);
            magnitude
                    .lanewise(VectorOperators.LSHL, 21)
                    .add((127 - 15) << 23)
                    .and(small.lanewise(VectorOperators.XOR, -1))
                    .or(subnormal.and(small))
                    .or(special)
                    .or(code.and(SIGN))
                    .and(nan.lanewise(VectorOperators.XOR, -1))
                    .or(nan.and(NAN))
                    .reinterpretAsFloats()
                    .mul(scale)
                    .mul(factor)
                    .intoArray(dst, at + i);
        }
        ScalarKernels.INSTANCE.e5m2ToFloat(
                codes, from + bound, scale, factor, dst, at + bound, n - bound);
    }

    static void int8ToFloat(
            byte[] codes,
            int from,
            float zero,
            float scale,
            float factor,
            float[] dst,
            int at,
            int n) {
        int bound = SCALAR ? 0 : FLOATS.loopBound(n);
        for (int i = 0; i < bound; i += LENGTH) {
            floats(ints(codes, from + i)).sub(zero).mul(scale).mul(factor).intoArray(dst, at + i);
        }
        ScalarKernels.INSTANCE.int8ToFloat(
                codes, from + bound, zero, scale, factor, dst, at + bound, n - bound);
    }

    static void bitsToFloat(
            byte[] bytes,
            int from,
            int shift,
            int mask,
            float zero,
            float scale,
            float least,
            float[] dst,
            int at,
            int n) {
        int bound = SCALAR ? 0 : FLOATS.loopBound(n);
        for (int i = 0; i < bound; i += LENGTH) {
            floats(ints(bytes, from + i).lanewise(VectorOperators.LSHR, shift).and(mask))
                    .sub(zero)
                    .mul(scale)
                    .sub(least)
                    .intoArray(dst, at + i);
        }
        ScalarKernels.INSTANCE.bitsToFloat(
                bytes, from + bound, shift, mask, zero, scale, least, dst, at + bound, n - bound);
    }

    static void splitBitsToFloat(
            byte[] bytes,
            int from,
            int shift,
            int mask,
            int highFrom,
            int highShift,
            int highMask,
            int width,
            float zero,
            float scale,
            float least,
            float[] dst,
            int at,
            int n) {
        int bound = SCALAR ? 0 : FLOATS.loopBound(n);
        for (int i = 0; i < bound; i += LENGTH) {
            IntVector low = ints(bytes, from + i).lanewise(VectorOperators.LSHR, shift).and(mask);
            IntVector high =
                    ints(bytes, highFrom + i)
                            .lanewise(VectorOperators.LSHR, highShift)
                            .and(highMask);
            floats(high.lanewise(VectorOperators.LSHL, width).or(low))
                    .sub(zero)
                    .mul(scale)
                    .sub(least)
                    .intoArray(dst, at + i);
        }
        ScalarKernels.INSTANCE.splitBitsToFloat(
                bytes,
                from + bound,
                shift,
                mask,
                highFrom + bound,
                highShift,
                highMask,
                width,
                zero,
                scale,
                least,
                dst,
                at + bound,
                n - bound);
    }

    static void fiveBitsToFloat(
            byte[] bytes,
            int from,
            int shift,
            int fifths,
            float zero,
            float scale,
            float least,
            float[] dst,
            int at,
            int n) {
        int bound = SCALAR ? 0 : FLOATS.loopBound(n);
        for (int i = 0; i < bound; i += LENGTH) {
            IntVector low = ints(bytes, from + i).lanewise(VectorOperators.LSHR, shift).and(15);
            // Not by shifts of different lengths: with them the other kernels here get slower.
            IntVector fifth = IntVector.broadcast(INTS, fifths >>> i).and(BITS);
            floats(low)
                    .add(floats(fifth).mul(SIXTEEN))
                    .sub(zero)
                    .mul(scale)
                    .sub(least)
                    .intoArray(dst, at + i);
        }
        ScalarKernels.INSTANCE.fiveBitsToFloat(
                bytes,
                from + bound,
                shift,
                bound == Integer.SIZE ? 0 : fifths >>> bound,
                zero,
                scale,
                least,
                dst,
                at + bound,
                n - bound);
    }
}
