package io.amalgam.internal.align;

import io.amalgam.checkpoint.Preparation.Context;
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

    /** Units, and outer places, that a worker reads at a time. */
    private static final int UNITS = 64;

    private static final int OUTER = 16;

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
        int fits = (int) Math.max(4, chunkElements(places.length) / places.length);
        return outer == 1 ? Math.min(each, fits) : each * Math.max(1, fits / each);
    }

    /**
     * Elements of the largest chunk: an eighth of the units' products, so that these are gone
     * through a few times only.
     */
    static long chunkElements(int units) {
        return Math.max(Math.max(CHUNK, 4L * units), (long) units * units / 8);
    }

    /**
     * Reads features, one behind another, with all workers.
     *
     * @param first a multiple of {@link #chunk()}
     * @param to the features of all units: {@code to[(feature - first) * units + unit]}
     */
    void read(long first, int count, float[] to, Context context) throws IOException {
        if (outer == 1) {
            context.forRanges(
                    places.length,
                    UNITS,
                    (from, end, workspace) -> rows(from, end, first, count, to, workspace));
        } else {
            int each = block * run;
            context.forRanges(
                    count / each,
                    OUTER,
                    (from, end, workspace) -> lines(from, end, first / each, to, workspace));
        }
    }

    private void rows(int from, int end, long first, int count, float[] to, Workspace workspace)
            throws IOException {
        float[] values = new float[(end - from) * count];
        for (int u = from; u < end; u++) {
            long at = (long) places[u] * run + first;
            TensorReads.into(source, at, count, values, (u - from) * count, workspace);
        }
        for (int f = 0; f < count; f++) {
            int row = f * places.length;
            for (int u = from; u < end; u++) {
                to[row + u] = values[(u - from) * count + f];
            }
        }
    }

    private void lines(int from, int end, long first, float[] to, Workspace workspace)
            throws IOException {
        int units = places.length;
        int each = block * run;
        float[] line = new float[length * run];
        for (int o = from; o < end; o++) {
            TensorReads.into(source, (first + o) * line.length, line.length, line, 0, workspace);
            for (int u = 0; u < units; u++) {
                for (int f = 0; f < each; f++) {
                    to[(o * each + f) * units + u] = line[places[u] * run + f];
                }
            }
        }
    }
}
