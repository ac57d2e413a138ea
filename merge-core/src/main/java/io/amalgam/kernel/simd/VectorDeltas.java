package io.amalgam.kernel.simd;

import static io.amalgam.kernel.simd.Species.FLOATS;
import static io.amalgam.kernel.simd.Species.INTS;
import static io.amalgam.kernel.simd.Species.LENGTH;

import io.amalgam.kernel.ScalarKernels;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** Deltas compared by the bits of their magnitude. */
final class VectorDeltas {
    private static final int ABS = 0x7FFFFFFF;

    private VectorDeltas() {}

    static void trimmedDelta(float[] x, float[] base, int cut, float[] dst, int n) {
        int bound = FLOATS.loopBound(n);
        FloatVector zero = FloatVector.zero(FLOATS);
        int i = 0;
        for (; i < bound; i += LENGTH) {
            FloatVector delta =
                    FloatVector.fromArray(FLOATS, x, i).sub(FloatVector.fromArray(FLOATS, base, i));
            IntVector bits = delta.reinterpretAsInts().and(ABS);
            zero.blend(delta, bits.compare(VectorOperators.GE, cut).cast(FLOATS)).intoArray(dst, i);
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

    static int deltaBits(float[] x, float[] base, int[] dst, int n) {
        int bound = FLOATS.loopBound(n);
        IntVector largest = IntVector.zero(INTS);
        int i = 0;
        for (; i < bound; i += LENGTH) {
            IntVector bits =
                    FloatVector.fromArray(FLOATS, x, i)
                            .sub(FloatVector.fromArray(FLOATS, base, i))
                            .reinterpretAsInts();
            bits.intoArray(dst, i);
            largest = largest.max(bits.and(ABS));
        }
        int most = largest.reduceLanes(VectorOperators.MAX);
        for (; i < n; i++) {
            dst[i] = Float.floatToRawIntBits(x[i] - base[i]);
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

    static int countBracket(
            float[] x,
            float[] base,
            int low,
            int high,
            int shift,
            int[] histogram,
            int[] pivots,
            int[] counts,
            int n) {
        int bound = FLOATS.loopBound(n);
        int pivot0 = pivots[0];
        int pivot1 = pivots[1];
        int pivot2 = pivots[2];
        int pivot3 = pivots[3];
        IntVector top = IntVector.broadcast(INTS, high);
        IntVector above = IntVector.zero(INTS);
        int equal0 = 0;
        int equal1 = 0;
        int equal2 = 0;
        int equal3 = 0;
        int i = 0;
        for (; i < bound; i += LENGTH) {
            FloatVector delta =
                    FloatVector.fromArray(FLOATS, x, i).sub(FloatVector.fromArray(FLOATS, base, i));
            IntVector bits = delta.reinterpretAsInts().and(ABS);
            // All three are 0 .. 2^31-1, so the differences do not overflow and their signs tell
            // the order.
            IntVector headroom = top.sub(bits);
            above = above.add(headroom.lanewise(VectorOperators.LSHR, 31));
            VectorMask<Integer> inside = headroom.or(bits.sub(low)).compare(VectorOperators.GE, 0);
            VectorMask<Integer> first = bits.compare(VectorOperators.EQ, pivot0);
            int within = inside.trueCount();
            int at0 = first.trueCount();
            equal0 += at0;
            // The first pivot is the frequent one: most vectors end here.
            if (within != at0) {
                VectorMask<Integer> second = bits.compare(VectorOperators.EQ, pivot1);
                VectorMask<Integer> third = bits.compare(VectorOperators.EQ, pivot2);
                VectorMask<Integer> fourth = bits.compare(VectorOperators.EQ, pivot3);
                int at1 = second.trueCount();
                int at2 = third.trueCount();
                int at3 = fourth.trueCount();
                equal1 += at1;
                equal2 += at2;
                equal3 += at3;
                if (within != at0 + at1 + at2 + at3) {
                    VectorMask<Integer> others =
                            inside.andNot(first.or(second)).andNot(third.or(fourth));
                    int end = i + others.lastTrue();
                    for (int lane = i + others.firstTrue(); lane <= end; lane++) {
                        int value = magnitude(x[lane] - base[lane]);
                        if (value >= low
                                && value <= high
                                && value != pivot0
                                && value != pivot1
                                && value != pivot2
                                && value != pivot3) {
                            histogram[(value - low) >>> shift]++;
                        }
                    }
                }
            }
        }
        counts[0] += equal0;
        counts[1] += equal1;
        counts[2] += equal2;
        counts[3] += equal3;
        int count = above.reduceLanes(VectorOperators.ADD);
        for (; i < n; i++) {
            int bits = magnitude(x[i] - base[i]);
            if (bits > high) {
                count++;
            } else if (bits >= low) {
                ScalarKernels.count(bits, low, shift, histogram, pivots, counts);
            }
        }
        return count;
    }

    private static int magnitude(float value) {
        return Float.floatToRawIntBits(value) & ABS;
    }
}
