package io.amalgam.internal.lora.apply;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.Problem;
import io.amalgam.internal.lora.AdapterReads;
import io.amalgam.internal.lora.RowValues;
import io.amalgam.internal.tensor.Decimals;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A base tensor some of whose rows adapters have trained: {@code W + sum of w (T - W)} in those.
 */
final class RowsTensor implements TensorSource {
    private final TensorSource base;
    private final TensorInfo info;
    private final List<Part> parts;

    /** One adapter's rows. */
    record Part(RowValues rows, double weight, String adapter) {
        /** Which of its rows each row of the tensor is. */
        NavigableMap<Long, Integer> places() {
            NavigableMap<Long, Integer> places = new TreeMap<>();
            for (int i = 0; i < rows.indices().size(); i++) {
                places.put((long) rows.indices().get(i), i);
            }
            return places;
        }
    }

    private final List<NavigableMap<Long, Integer>> places;

    RowsTensor(TensorSource base, TensorInfo info, List<Part> parts) {
        this.base = base;
        this.info = info;
        this.parts = List.copyOf(parts);
        this.places = parts.stream().map(Part::places).toList();
    }

    @Override
    public TensorInfo info() {
        return info;
    }

    @Override
    public boolean read(long from, int count, float[] dst, int at, Workspace workspace)
            throws IOException {
        base.read(from, count, dst, at, workspace);
        long width = parts.get(0).rows.width();
        long first = from / width;
        long last = (from + count - 1) / width;
        float[] sum = new float[count];
        float[] other = new float[count];
        boolean changed = false;
        for (int p = 0; p < parts.size(); p++) {
            Part part = parts.get(p);
            for (var place : places.get(p).subMap(first, true, last, true).entrySet()) {
                long start = Math.max(from, place.getKey() * width);
                int n = (int) (Math.min(from + count, (place.getKey() + 1) * width) - start);
                int to = (int) (start - from);
                long inRow = start - place.getKey() * width;
                part.rows.values().read(place.getValue() * width + inRow, n, other, to, workspace);
                for (int i = to; i < to + n; i++) {
                    // Of weight 1 alone the values themselves, bit for bit.
                    sum[i] += (float) part.weight * (other[i] - dst[at + i]);
                    if (parts.size() == 1 && part.weight == 1) {
                        dst[at + i] = other[i];
                        sum[i] = 0;
                    }
                }
                changed = true;
            }
        }
        for (int i = 0; changed && i < count; i++) {
            dst[at + i] += sum[i];
        }
        return false;
    }

    @Override
    public long storedBytes() {
        long sum = base.storedBytes();
        for (Part part : parts) {
            sum += part.rows.values().storedBytes();
        }
        return sum;
    }

    @Override
    public Optional<Problem> damagedPart() throws IOException {
        for (Part part : parts) {
            Optional<Problem> found =
                    AdapterReads.damaged(part.adapter, List.of(part.rows.values()));
            if (found.isPresent()) {
                return found;
            }
        }
        return base.damagedPart();
    }

    @Override
    public String identity() {
        StringBuilder text = new StringBuilder(base.identity());
        for (Part part : parts) {
            text.append(" rows ").append(part.rows.indices()).append(" replaced by ");
            text.append(Decimals.text(part.weight)).append(" * ").append(part.adapter).append(':');
            text.append(part.rows.values().info().name());
        }
        return text.toString();
    }
}
