package io.amalgam.internal.kernel.simd;

import static io.amalgam.internal.kernel.simd.Species.BYTES;
import static io.amalgam.internal.kernel.simd.Species.FLOATS;
import static io.amalgam.internal.kernel.simd.Species.INTS;
import static io.amalgam.internal.kernel.simd.Species.LENGTH;
import static io.amalgam.internal.kernel.simd.VectorCodes.FIRST;
import static io.amalgam.internal.kernel.simd.VectorCodes.SECOND;
import static io.amalgam.internal.kernel.simd.VectorCodes.SHIFTS;

import io.amalgam.internal.kernel.ScalarKernels;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Codes of 4 bits into a table, which fills one vector or two: codes choose among its lanes. Bits
 * of floats are moved as integers, since lanes of codes choose only among lanes of their own type
 * without a detour. With other vectors the scalar kernels do this. Nothing is moved into methods:
 * one that is compiled by the time it is called is not inlined, and then vectors become objects.
 */
final class VectorTables {
    private static final int IN_WORD = 8;
    private static final int TABLE = 16;
    private static final boolean ONE = LENGTH == TABLE;
    private static final boolean SCALAR = !ONE && 2 * LENGTH != TABLE;

    private VectorTables() {}

    static void tableToFloat(
            int[] words,
            int from,
            float[] table,
            float[] scales,
            int first,
            int group,
            float[] dst,
            int at,
            int n) {
        if (SCALAR || group % LENGTH != 0 || n % LENGTH != 0) {
            ScalarKernels.INSTANCE.tableToFloat(
                    words, from, table, scales, first, group, dst, at, n);
            return;
        }
        IntVector low = FloatVector.fromArray(FLOATS, table, 0).reinterpretAsInts();
        IntVector high = FloatVector.fromArray(FLOATS, table, TABLE - LENGTH).reinterpretAsInts();
        for (int done = 0, g = first; done < n; done += group, g++) {
            FloatVector scale = FloatVector.broadcast(FLOATS, scales[g]);
            int end = Math.min(n, done + group);
            for (int i = done; i < end; i += LENGTH) {
                int word = words[from + i / IN_WORD] >>> i % IN_WORD * 4;
                IntVector codes =
                        IntVector.broadcast(INTS, word)
                                .lanewise(VectorOperators.LSHR, SHIFTS)
                                .and(FIRST);
                if (ONE) {
                    codes =
                            IntVector.broadcast(INTS, words[from + i / IN_WORD + 1])
                                    .lanewise(VectorOperators.LSHR, SHIFTS)
                                    .and(SECOND)
                                    .or(codes);
                }
                IntVector lanes = codes.and(LENGTH - 1);
                FloatVector values = low.rearrange(lanes.toShuffle()).reinterpretAsFloats();
                if (!ONE) {
                    values =
                            values.blend(
                                    high.rearrange(lanes.toShuffle()).reinterpretAsFloats(),
                                    codes.compare(VectorOperators.GT, LENGTH - 1).cast(FLOATS));
                }
                values.mul(scale).intoArray(dst, at + i);
            }
        }
    }

    static void tableOfHalves(
            byte[] bytes, int from, float[] table, float scale, float[] dst, int at, int n) {
        if (SCALAR || n % LENGTH != 0) {
            ScalarKernels.INSTANCE.tableOfHalves(bytes, from, table, scale, dst, at, n);
            return;
        }
        IntVector low = FloatVector.fromArray(FLOATS, table, 0).reinterpretAsInts();
        IntVector high = FloatVector.fromArray(FLOATS, table, TABLE - LENGTH).reinterpretAsInts();
        for (int i = 0; i < n; i += LENGTH) {
            IntVector pairs =
                    (IntVector)
                            ByteVector.fromArray(BYTES, bytes, from + i)
                                    .convertShape(VectorOperators.B2I, INTS, 0);
            for (int half = 0; half < 2; half++) {
                IntVector codes = pairs.lanewise(VectorOperators.LSHR, 4 * half).and(15);
                IntVector lanes = codes.and(LENGTH - 1);
                FloatVector values = low.rearrange(lanes.toShuffle()).reinterpretAsFloats();
                if (!ONE) {
                    values =
                            values.blend(
                                    high.rearrange(lanes.toShuffle()).reinterpretAsFloats(),
                                    codes.compare(VectorOperators.GT, LENGTH - 1).cast(FLOATS));
                }
                values.mul(scale).intoArray(dst, at + half * n + i);
            }
        }
    }
}
