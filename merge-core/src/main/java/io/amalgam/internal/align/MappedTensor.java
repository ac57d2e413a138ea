package io.amalgam.internal.align;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.internal.checkpoint.TensorReads;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A tensor whose axes are put together from another's. Runs of elements behind the last mapped axis
 * are read where they are; if they are short, a whole line of that axis is read, and kept from
 * block to block.
 */
final class MappedTensor implements TensorSource {
    /** Runs of at least so many elements are read one by one. */
    private static final int LONG = 256;

    private final TensorSource source;
    private final TensorInfo info;
    private final Supplier<List<Optional<AxisMap>>> maps;

    /**
     * @param info with the new shape
     * @param maps of each axis, once they are known; empty for one that stays
     */
    MappedTensor(TensorSource source, TensorInfo info, Supplier<List<Optional<AxisMap>>> maps) {
        this.source = source;
        this.info = info;
        this.maps = maps;
    }

    /** Elements that a reader may keep of a tensor of this shape. */
    static long keptElements(TensorInfo info) {
        long[] dims = info.shape().dims();
        long line = 1;
        for (int axis = dims.length - 1; axis >= 0 && line < LONG; axis--) {
            line *= dims[axis];
        }
        return line;
    }

    /** The lines a worker read last. */
    private static final class Lines {
        private final Line[] lines = {new Line(), new Line(), new Line(), new Line()};
        private int next;

        Line of(Reading reading, long number) {
            for (Line line : lines) {
                if (line.of == reading.key() && line.number == number) {
                    return line;
                }
            }
            Line oldest = lines[next];
            next = (next + 1) % lines.length;
            oldest.of = null;
            oldest.number = number;
            return oldest;
        }
    }

    private static final class Line {
        private @Nullable Object of;
        private long number;
        private float[] values = new float[0];
        private float[] raw = new float[0];
        private double[] sums = new double[0];
    }

    @Override
    public TensorInfo info() {
        return info;
    }

    @Override
    public boolean read(long from, int count, float[] dst, int at, Workspace workspace)
            throws IOException {
        List<Optional<AxisMap>> known = maps.get();
        int last = known.size() - 1;
        while (last >= 0 && known.get(last).isEmpty()) {
            last--;
        }
        if (last < 0) {
            return source.read(from, count, dst, at, workspace);
        }
        Reading reading = new Reading(known, last, workspace);
        if (reading.inner >= LONG) {
            reading.runs(from, count, dst, at);
        } else {
            reading.lines(from, count, dst, at);
        }
        return false;
    }

    /** One read: sizes, and sums over the terms of the outer axes. */
    private final class Reading {
        private final List<Optional<AxisMap>> known;
        private final int last;
        private final Workspace workspace;
        private final long[] newDims = info.shape().dims();
        private final long[] oldDims = source.info().shape().dims();
        private final int inner;

        Reading(List<Optional<AxisMap>> known, int last, Workspace workspace) {
            this.known = known;
            this.last = last;
            this.workspace = workspace;
            long run = 1;
            for (int axis = last + 1; axis < newDims.length; axis++) {
                run *= newDims[axis];
            }
            this.inner = Math.toIntExact(run);
        }

        Object key() {
            return known;
        }

        void runs(long from, int count, float[] dst, int at) throws IOException {
            Line spare = workspace.kept(MappedTensor.class, Line.class, unused -> new Line());
            for (int done = 0; done < count; ) {
                long unit = (from + done) / inner;
                int start = (int) ((from + done) % inner);
                int n = Math.min(count - done, inner - start);
                sum(unit, last, inner, start, n, dst, at + done, spare);
                done += n;
            }
        }

        void lines(long from, int count, float[] dst, int at) throws IOException {
            int length = Math.toIntExact(newDims[last] * inner);
            Lines lines = workspace.kept(Lines.class, Lines.class, unused -> new Lines());
            for (int done = 0; done < count; ) {
                long number = (from + done) / length;
                int start = (int) ((from + done) % length);
                int n = Math.min(count - done, length - start);
                Line line = lines.of(this, number);
                if (line.of != key()) {
                    load(line, number, length);
                    line.of = key();
                }
                System.arraycopy(line.values, start, dst, at + done, n);
                done += n;
            }
        }

        private void load(Line line, long number, int length) throws IOException {
            int old = Math.toIntExact(oldDims[last] * inner);
            if (line.raw.length < old) {
                line.raw = new float[old];
            }
            if (line.values.length < length) {
                line.values = new float[length];
            }
            sum(number, last - 1, old, 0, old, line.raw, 0, line);
            AxisMap map = known.get(last).orElseThrow();
            for (int j = 0; j < map.size(); j++) {
                for (int i = 0; i < inner; i++) {
                    double sum = 0;
                    for (int term = map.from(j); term < map.to(j); term++) {
                        int place = map.sources()[term];
                        sum += place < 0 ? 0 : map.factor(term) * line.raw[place * inner + i];
                    }
                    line.values[j * inner + i] = (float) sum;
                }
            }
        }

        /**
         * A part of the run at a place of the axes up to {@code axis}: the sum of the old runs that
         * their maps name.
         */
        private void sum(
                long place, int axis, int run, int start, int n, float[] dst, int at, Line spare)
                throws IOException {
            long[] coordinates = new long[axis + 1];
            long left = place;
            for (int a = axis; a >= 0; a--) {
                coordinates[a] = left % newDims[a];
                left /= newDims[a];
            }
            long only = single(coordinates);
            if (only >= 0) {
                TensorReads.into(source, only * run + start, n, dst, at, workspace);
                return;
            }
            if (spare.sums.length < n) {
                spare.sums = new double[n];
            }
            java.util.Arrays.fill(spare.sums, 0, n, 0);
            float[] term = new float[n];
            add(coordinates, 0, 0, 1, run, start, n, spare.sums, term);
            for (int i = 0; i < n; i++) {
                dst[at + i] = (float) spare.sums[i];
            }
        }

        /** The old place that is all of it; -1 if it is a sum. */
        private long single(long[] coordinates) {
            long place = 0;
            for (int a = 0; a < coordinates.length; a++) {
                long source = coordinates[a];
                if (known.get(a).isPresent()) {
                    AxisMap map = known.get(a).get();
                    int term = map.from((int) source);
                    boolean one = map.to((int) source) == term + 1 && map.factor(term) == 1;
                    source = one ? map.sources()[term] : -1;
                    if (source < 0) {
                        return -1;
                    }
                }
                place = place * oldDims[a] + source;
            }
            return place;
        }

        private void add(
                long[] coordinates,
                int axis,
                long place,
                double factor,
                int run,
                int start,
                int n,
                double[] sums,
                float[] term)
                throws IOException {
            if (axis == coordinates.length) {
                TensorReads.into(source, place * run + start, n, term, 0, workspace);
                for (int i = 0; i < n; i++) {
                    sums[i] += factor * term[i];
                }
                return;
            }
            int element = (int) coordinates[axis];
            long here = place * oldDims[axis];
            if (known.get(axis).isEmpty()) {
                add(coordinates, axis + 1, here + element, factor, run, start, n, sums, term);
                return;
            }
            AxisMap map = known.get(axis).get();
            for (int t = map.from(element); t < map.to(element); t++) {
                int source = map.sources()[t];
                if (source >= 0) {
                    double by = factor * map.factor(t);
                    add(coordinates, axis + 1, here + source, by, run, start, n, sums, term);
                }
            }
        }
    }

    @Override
    public long storedBytes() {
        return source.storedBytes();
    }

    @Override
    public String identity() {
        return source.identity() + ", aligned";
    }
}
