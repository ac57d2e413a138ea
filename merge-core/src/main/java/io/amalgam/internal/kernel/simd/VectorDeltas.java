package io.amalgam.internal.kernel.simd;

import static io.amalgam.internal.kernel.simd.Species.FLOATS;
import static io.amalgam.internal.kernel.simd.Species.INTS;
import static io.amalgam.internal.kernel.simd.Species.LENGTH;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Deltas compared by the bits of their magnitude. */
final class VectorDeltas {
    private static final int ABS = 0x7FFFFFFF;

    private VectorDeltas() {}

    static void trimmedDelta(float[] x, float[] base, int cut, float[] dst, int n) {
        int bound = FLOATS.loopBound(n);
        IntVector below = IntVector.broadcast(INTS, cut - 1);
        int i = 0;
        for (; i < bound; i += LENGTH) {
            IntVector delta =
                    FloatVector.fromArray(FLOATS, x, i)
                            .sub(FloatVector.fromArray(FLOATS, base, i))
                            .reinterpretAsInts();
            // By the sign of a difference, as masks are dear on JDK 17.
            delta.and(below.sub(delta.and(ABS)).lanewise(VectorOperators.ASHR, 31))
                    .reinterpretAsFloats()
                    .intoArray(dst, i);
        }
        for (; i < n; i++) {
            float delta = x[i] - base[i];
            dst[i] = magnitude(delta) >= cut ? delta : 0;
        }
    }

    static void bandedDelta(float[] x, float[] base, int low, int high, float[] dst, int n) {
        int bound = FLOATS.loopBound(n);
        IntVector below = IntVector.broadcast(INTS, low - 1);
        IntVector last = IntVector.broadcast(INTS, high);
        int i = 0;
        for (; i < bound; i += LENGTH) {
            IntVector delta =
                    FloatVector.fromArray(FLOATS, x, i)
                            .sub(FloatVector.fromArray(FLOATS, base, i))
                            .reinterpretAsInts();
            IntVector bits = delta.and(ABS);
            // Negative where it is at least low, and where it is above high: by the signs of
            // differences, as masks are dear on JDK 17.
            IntVector enough = below.sub(bits).lanewise(VectorOperators.ASHR, 31);
            IntVector above = last.sub(bits).lanewise(VectorOperators.ASHR, 31);
            delta.and(enough)
                    .and(above.lanewise(VectorOperators.XOR, -1))
                    .reinterpretAsFloats()
                    .intoArray(dst, i);
        }
        for (; i < n; i++) {
            float delta = x[i] - base[i];
            int bits = magnitude(delta);
            dst[i] = bits >= low && bits <= high ? delta : 0;
        }
    }

    static int deltaBits(float[] x, float[] base, int at, int[] dst, int n) {
        int bound = FLOATS.loopBound(n);
        IntVector largest = IntVector.zero(INTS);
        int i = 0;
        for (; i < bound; i += LENGTH) {
            IntVector bits =
                    FloatVector.fromArray(FLOATS, x, at + i)
                            .sub(FloatVector.fromArray(FLOATS, base, at + i))
                            .reinterpretAsInts();
            bits.intoArray(dst, i);
            largest = largest.max(bits.and(ABS));
        }
        int most = largest.reduceLanes(VectorOperators.MAX);
        for (; i < n; i++) {
            dst[i] = Float.floatToRawIntBits(x[at + i] - base[at + i]);
            most = Math.max(most, dst[i] & ABS);
        }
        return most;
    }

    static void selectedDelta(float[] x, float[] base, float[] by, int cut, float[] dst, int n) {
        int bound = FLOATS.loopBound(n);
        IntVector below = IntVector.broadcast(INTS, cut - 1);
        int i = 0;
        for (; i < bound; i += LENGTH) {
            IntVector delta =
                    FloatVector.fromArray(FLOATS, x, i)
                            .sub(FloatVector.fromArray(FLOATS, base, i))
                            .reinterpretAsInts();
            IntVector bits = FloatVector.fromArray(FLOATS, by, i).reinterpretAsInts().and(ABS);
            delta.and(below.sub(bits).lanewise(VectorOperators.ASHR, 31))
                    .reinterpretAsFloats()
                    .intoArray(dst, i);
        }
        for (; i < n; i++) {
            dst[i] = magnitude(by[i]) >= cut ? x[i] - base[i] : 0;
        }
    }

    private static int magnitude(float value) {
        return Float.floatToRawIntBits(value) & ABS;
    }
}
