package io.amalgam.internal.align;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.internal.checkpoint.TensorReads;
import io.amalgam.kernel.Workspace;
import java.io.IOException;

/**
 * A tensor as features of units: unit {@code u} has the elements at {@code places[u]} of an axis,
 * whatever the other axes are. They are read some features at a time.
 */
final class UnitReader {
    /** Elements read at a time. */
    private static final int CHUNK = 1 << 20;

    private final TensorSource source;
    private final int[] places;
    private final int block;
    private final long outer;
    private final int length;
    private final int run;

    /**
     * @param block elements of each unit, next to one another
     */
    UnitReader(TensorSource source, int axis, int[] places, int block) {
        this.source = source;
        this.places = places;
        this.block = block;
        long[] dims = source.info().shape().dims();
        long before = 1;
        for (int a = 0; a < axis; a++) {
            before *= dims[a];
        }
        long after = 1;
        for (int a = axis + 1; a < dims.length; a++) {
            after *= dims[a];
        }
        this.outer = before;
        this.length = Math.toIntExact(dims[axis]);
        this.run = Math.toIntExact(after);
    }

    int units() {
        return places.length;
    }

    /** Features of each unit. */
    long features() {
        return outer * block * run;
    }

    /** Features read at a time: whole outer places, or a part of the only one. */
    int chunk() {
        int each = block * run;
        int fits = Math.max(4, CHUNK / places.length);
        return outer == 1 ? Math.min(each, fits) : each * Math.max(1, fits / each);
    }

    /** Elements of the largest chunk. */
    static long chunkElements(int units) {
        return Math.max(CHUNK, 4L * units);
    }

    /**
     * Reads features, one behind another.
     *
     * @param first a multiple of {@link #chunk()}
     * @param to the features of all units: {@code to[(feature - first) * units + unit]}
     */
    void read(long first, int count, float[] to, Workspace workspace) throws IOException {
        int units = places.length;
        if (outer == 1) {
            float[] values = new float[count];
            for (int u = 0; u < units; u++) {
                long from = (long) places[u] * run + first;
                TensorReads.into(source, from, count, values, 0, workspace);
                for (int f = 0; f < count; f++) {
                    to[f * units + u] = values[f];
                }
            }
            return;
        }
        int each = block * run;
        float[] line = new float[length * run];
        for (int o = 0; o < count / each; o++) {
            TensorReads.into(
                    source, (first / each + o) * line.length, line.length, line, 0, workspace);
            for (int u = 0; u < units; u++) {
                for (int f = 0; f < each; f++) {
                    to[(o * each + f) * units + u] = line[places[u] * run + f];
                }
            }
        }
    }
}
