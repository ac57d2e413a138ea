package io.amalgam.internal.kernel.simd;

import static io.amalgam.internal.kernel.simd.Species.FLOATS;
import static io.amalgam.internal.kernel.simd.Species.INTS;
import static io.amalgam.internal.kernel.simd.Species.LENGTH;

import io.amalgam.internal.kernel.TailBits;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Masks of one bit an element, in memory: of vectors of 8 or 16 elements, a byte or two. */
final class VectorBits {
    private static final boolean WHOLE_BYTES = LENGTH == 8 || LENGTH == 16;

    /** The bit of each lane. */
    private static final IntVector BITS =
            IntVector.broadcast(INTS, 1)
                    .lanewise(VectorOperators.LSHL, IntVector.zero(INTS).addIndex(1));

    /** What moves a lane's bit to the sign. */
    private static final IntVector TO_SIGN =
            IntVector.broadcast(INTS, 31).sub(IntVector.zero(INTS).addIndex(1));

    private VectorBits() {}

    static void nonzeroBits(float[] x, byte[] dst, int at, int n) {
        int bound = WHOLE_BYTES ? FLOATS.loopBound(n) : 0;
        IntVector zero = IntVector.zero(INTS);
        for (int i = 0; i < bound; i += LENGTH) {
            IntVector bits = FloatVector.fromArray(FLOATS, x, i).reinterpretAsInts();
            int set =
                    bits.or(zero.sub(bits))
                            .lanewise(VectorOperators.ASHR, 31)
                            .and(BITS)
                            .reduceLanes(VectorOperators.OR);
            dst[at + i / 8] = (byte) set;
            if (LENGTH == 16) {
                dst[at + i / 8 + 1] = (byte) (set >>> 8);
            }
        }
        TailBits.nonzeroBits(x, dst, at, bound, n);
    }

    static void keptDelta(float[] x, float[] base, byte[] kept, int at, float[] dst, int n) {
        int bound = WHOLE_BYTES ? FLOATS.loopBound(n) : 0;
        for (int i = 0; i < bound; i += LENGTH) {
            int set = kept[at + i / 8] & 0xFF;
            if (LENGTH == 16) {
                set |= kept[at + i / 8 + 1] << 8;
            }
            IntVector mask =
                    IntVector.broadcast(INTS, set)
                            .lanewise(VectorOperators.LSHL, TO_SIGN)
                            .lanewise(VectorOperators.ASHR, 31);
            FloatVector.fromArray(FLOATS, x, i)
                    .sub(FloatVector.fromArray(FLOATS, base, i))
                    .reinterpretAsInts()
                    .and(mask)
                    .reinterpretAsFloats()
                    .intoArray(dst, i);
        }
        TailBits.keptDelta(x, base, kept, at, dst, bound, n);
    }
}
