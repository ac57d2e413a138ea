package io.amalgam.internal.kernel.simd;

import static io.amalgam.internal.kernel.simd.Species.FLOATS;
import static io.amalgam.internal.kernel.simd.Species.INTS;
import static io.amalgam.internal.kernel.simd.Species.LENGTH;
import static io.amalgam.internal.kernel.simd.Species.SHORTS;

import io.amalgam.internal.tensor.BFloat16;
import io.amalgam.internal.tensor.Half;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Conversions of 16-bit floats by integer arithmetic, step for step as {@link BFloat16} and {@link
 * Half} do them.
 */
final class VectorConversions {
    private static final int ABS = 0x7FFFFFFF;
    private static final int INFINITE = 0x7F800000;
    private static final int EXPONENT_DIFFERENCE = 127 - 15;

    private VectorConversions() {}

    static boolean bf16ToFloat(short[] src, float[] dst, int at, int n) {
        int bound = FLOATS.loopBound(n);
        IntVector largest = IntVector.zero(INTS);
        int i = 0;
        for (; i < bound; i += LENGTH) {
            // Sign-extending, as the extension with zeros fails on JDK 17 until compiled; the shift
            // drops the difference.
            IntVector bits =
                    ((IntVector)
                                    ShortVector.fromArray(SHORTS, src, i)
                                            .convertShape(VectorOperators.S2I, INTS, 0))
                            .lanewise(VectorOperators.LSHL, 16);
            largest = largest.max(bits.and(ABS));
            bits.reinterpretAsFloats().intoArray(dst, at + i);
        }
        int magnitude = largest.reduceLanes(VectorOperators.MAX);
        for (; i < n; i++) {
            dst[at + i] = BFloat16.toFloat(src[i]);
            magnitude = Math.max(magnitude, (src[i] & 0x7FFF) << 16);
        }
        return magnitude < INFINITE;
    }

    static boolean f16ToFloat(short[] src, float[] dst, int at, int n) {
        int bound = FLOATS.loopBound(n);
        IntVector largestFinite = IntVector.broadcast(INTS, 0x7BFF);
        IntVector largest = IntVector.zero(INTS);
        int i = 0;
        for (; i < bound; i += LENGTH) {
            IntVector bits =
                    (IntVector)
                            ShortVector.fromArray(SHORTS, src, i)
                                    .convertShape(VectorOperators.S2I, INTS, 0);
            IntVector magnitude = bits.and(0x7FFF);
            largest = largest.max(magnitude);
            IntVector sign = bits.and(0x8000).lanewise(VectorOperators.LSHL, 16);
            IntVector moved = magnitude.lanewise(VectorOperators.LSHL, 13);
            IntVector subnormal =
                    ((FloatVector) magnitude.convertShape(VectorOperators.I2F, FLOATS, 0))
                            .mul(0x1p-24f)
                            .reinterpretAsInts();
            // By the signs of differences: compiled a second time, masks became objects.
            IntVector small = magnitude.sub(0x400).lanewise(VectorOperators.ASHR, 31);
            IntVector special = largestFinite.sub(magnitude).lanewise(VectorOperators.ASHR, 31);
            moved.add(EXPONENT_DIFFERENCE << 23)
                    .add(special.and(EXPONENT_DIFFERENCE << 23))
                    .and(small.lanewise(VectorOperators.XOR, -1))
                    .or(subnormal.and(small))
                    .or(sign)
                    .reinterpretAsFloats()
                    .intoArray(dst, at + i);
        }
        int most = largest.reduceLanes(VectorOperators.MAX);
        for (; i < n; i++) {
            dst[at + i] = Half.toFloat(src[i]);
            most = Math.max(most, src[i] & 0x7FFF);
        }
        return most < 0x7C00;
    }

    static boolean floatToBf16(float[] src, short[] dst, int n) {
        int bound = FLOATS.loopBound(n);
        IntVector largest = IntVector.zero(INTS);
        int i = 0;
        for (; i < bound; i += LENGTH) {
            IntVector bits = FloatVector.fromArray(FLOATS, src, i).reinterpretAsInts();
            IntVector upper = bits.lanewise(VectorOperators.LSHR, 16);
            IntVector rounded =
                    bits.add(0x7FFF).add(upper.and(1)).lanewise(VectorOperators.LSHR, 16);
            IntVector result =
                    rounded.blend(
                            upper.or(0x40), bits.and(ABS).compare(VectorOperators.GT, INFINITE));
            largest = largest.max(result.and(0x7FFF));
            ((ShortVector) result.convertShape(VectorOperators.I2S, SHORTS, 0)).intoArray(dst, i);
        }
        int most = largest.reduceLanes(VectorOperators.MAX);
        for (; i < n; i++) {
            dst[i] = BFloat16.fromFloat(src[i]);
            most = Math.max(most, dst[i] & 0x7FFF);
        }
        return most < 0x7F80;
    }

    static boolean floatToF16(float[] src, short[] dst, int n) {
        int bound = FLOATS.loopBound(n);
        IntVector largest = IntVector.zero(INTS);
        int i = 0;
        for (; i < bound; i += LENGTH) {
            IntVector bits = FloatVector.fromArray(FLOATS, src, i).reinterpretAsInts();
            IntVector magnitude = bits.and(ABS);
            IntVector sign = bits.lanewise(VectorOperators.LSHR, 16).and(0x8000);
            IntVector upper = magnitude.lanewise(VectorOperators.LSHR, 13);
            IntVector normal =
                    magnitude
                            .add(0xFFF - (EXPONENT_DIFFERENCE << 23))
                            .add(upper.and(1))
                            .lanewise(VectorOperators.LSHR, 13)
                            .min(0x7C00);
            IntVector subnormal =
                    magnitude.reinterpretAsFloats().add(0.5f).reinterpretAsInts().sub(0x3F000000);
            IntVector small = magnitude.sub(0x38800000).lanewise(VectorOperators.ASHR, 31);
            IntVector number = magnitude.sub(INFINITE + 1).lanewise(VectorOperators.ASHR, 31);
            IntVector result =
                    normal.and(small.lanewise(VectorOperators.XOR, -1))
                            .or(subnormal.and(small))
                            .and(number)
                            .or(
                                    upper.and(0x3FF)
                                            .or(0x7E00)
                                            .and(number.lanewise(VectorOperators.XOR, -1)))
                            .or(sign);
            largest = largest.max(result.and(0x7FFF));
            ((ShortVector) result.convertShape(VectorOperators.I2S, SHORTS, 0)).intoArray(dst, i);
        }
        int most = largest.reduceLanes(VectorOperators.MAX);
        for (; i < n; i++) {
            dst[i] = Half.fromFloat(src[i]);
            most = Math.max(most, dst[i] & 0x7FFF);
        }
        return most < 0x7C00;
    }

    static boolean allFinite(float[] x, int at, int n) {
        int bound = FLOATS.loopBound(n);
        IntVector largest = IntVector.zero(INTS);
        int i = 0;
        for (; i < bound; i += LENGTH) {
            IntVector bits = FloatVector.fromArray(FLOATS, x, at + i).reinterpretAsInts();
            largest = largest.max(bits.and(ABS));
        }
        int magnitude = largest.reduceLanes(VectorOperators.MAX);
        for (; i < n; i++) {
            magnitude = Math.max(magnitude, Float.floatToRawIntBits(x[at + i]) & ABS);
        }
        return magnitude < INFINITE;
    }
}
