package io.amalgam.internal.kernel.simd;

import static io.amalgam.internal.kernel.simd.Species.FLOATS;
import static io.amalgam.internal.kernel.simd.Species.LENGTH;

import jdk.incubator.vector.FloatVector;

/**
 * Low-rank products in tiles of two rows by four vectors: the sums stay in registers, and what is
 * read of the right factor serves both rows. All rows take a tile's columns before the next, so
 * that the right factor's stay in the first cache.
 */
final class VectorProducts {
    private static final int TILE = 4 * LENGTH;

    private VectorProducts() {}

    static void add(
            float[] left,
            int l,
            float[][] right,
            int rank,
            int rows,
            int from,
            int to,
            float[] dst,
            int at) {
        int n = to - from;
        int tiled = n - n % TILE;
        for (int j = 0; j < tiled; j += TILE) {
            int i = 0;
            for (; i + 2 <= rows; i += 2) {
                two(left, l + i * rank, right, rank, from + j, dst, at + i * n + j, n);
            }
            if (i < rows) {
                one(left, l + i * rank, right, rank, from + j, dst, at + i * n + j);
            }
        }
        if (tiled < n) {
            for (int i = 0; i < rows; i++) {
                int row = at + i * n + tiled;
                rest(left, l + i * rank, right, rank, from + tiled, to, dst, row);
            }
        }
    }

    private static void two(
            float[] left,
            int l,
            float[][] right,
            int rank,
            int j,
            float[] dst,
            int at,
            int stride) {
        FloatVector a0 = FloatVector.zero(FLOATS);
        FloatVector a1 = a0;
        FloatVector a2 = a0;
        FloatVector a3 = a0;
        FloatVector b0 = a0;
        FloatVector b1 = a0;
        FloatVector b2 = a0;
        FloatVector b3 = a0;
        for (int k = 0; k < rank; k++) {
            float[] r = right[k];
            FloatVector r0 = FloatVector.fromArray(FLOATS, r, j);
            FloatVector r1 = FloatVector.fromArray(FLOATS, r, j + LENGTH);
            FloatVector r2 = FloatVector.fromArray(FLOATS, r, j + 2 * LENGTH);
            FloatVector r3 = FloatVector.fromArray(FLOATS, r, j + 3 * LENGTH);
            FloatVector a = FloatVector.broadcast(FLOATS, left[l + k]);
            FloatVector b = FloatVector.broadcast(FLOATS, left[l + rank + k]);
            a0 = a0.add(r0.mul(a));
            a1 = a1.add(r1.mul(a));
            a2 = a2.add(r2.mul(a));
            a3 = a3.add(r3.mul(a));
            b0 = b0.add(r0.mul(b));
            b1 = b1.add(r1.mul(b));
            b2 = b2.add(r2.mul(b));
            b3 = b3.add(r3.mul(b));
        }
        store(a0, dst, at);
        store(a1, dst, at + LENGTH);
        store(a2, dst, at + 2 * LENGTH);
        store(a3, dst, at + 3 * LENGTH);
        store(b0, dst, at + stride);
        store(b1, dst, at + stride + LENGTH);
        store(b2, dst, at + stride + 2 * LENGTH);
        store(b3, dst, at + stride + 3 * LENGTH);
    }

    private static void one(
            float[] left, int l, float[][] right, int rank, int j, float[] dst, int at) {
        FloatVector a0 = FloatVector.zero(FLOATS);
        FloatVector a1 = a0;
        FloatVector a2 = a0;
        FloatVector a3 = a0;
        for (int k = 0; k < rank; k++) {
            float[] r = right[k];
            FloatVector a = FloatVector.broadcast(FLOATS, left[l + k]);
            a0 = a0.add(FloatVector.fromArray(FLOATS, r, j).mul(a));
            a1 = a1.add(FloatVector.fromArray(FLOATS, r, j + LENGTH).mul(a));
            a2 = a2.add(FloatVector.fromArray(FLOATS, r, j + 2 * LENGTH).mul(a));
            a3 = a3.add(FloatVector.fromArray(FLOATS, r, j + 3 * LENGTH).mul(a));
        }
        store(a0, dst, at);
        store(a1, dst, at + LENGTH);
        store(a2, dst, at + 2 * LENGTH);
        store(a3, dst, at + 3 * LENGTH);
    }

    private static void store(FloatVector sum, float[] dst, int at) {
        FloatVector.fromArray(FLOATS, dst, at).add(sum).intoArray(dst, at);
    }

    /** Columns that fill no tile. */
    private static void rest(
            float[] left, int l, float[][] right, int rank, int from, int to, float[] dst, int at) {
        int j = from;
        for (; j + LENGTH <= to; j += LENGTH) {
            FloatVector sum = FloatVector.zero(FLOATS);
            for (int k = 0; k < rank; k++) {
                sum = sum.add(FloatVector.fromArray(FLOATS, right[k], j).mul(left[l + k]));
            }
            store(sum, dst, at + j - from);
        }
        for (; j < to; j++) {
            float sum = 0;
            for (int k = 0; k < rank; k++) {
                sum += left[l + k] * right[k][j];
            }
            dst[at + j - from] += sum;
        }
    }
}
