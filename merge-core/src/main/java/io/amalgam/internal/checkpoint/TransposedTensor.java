package io.amalgam.internal.checkpoint;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * A matrix whose rows are another's columns. It is read in bands of as many columns as fit a
 * buffer, which the reader keeps from block to block.
 */
public final class TransposedTensor implements TensorSource {
    /** Elements of a band; more where a single column has more. */
    private static final int BAND = 1 << 18;

    private final TensorSource source;
    private final TensorInfo info;
    private final int columns;
    private final int length;
    private final int width;

    public TransposedTensor(TensorSource source) {
        TensorInfo own = source.info();
        if (own.shape().rank() != 2) {
            throw new IllegalArgumentException(own + " is no matrix");
        }
        this.source = source;
        this.columns = Math.toIntExact(own.shape().dim(1));
        this.length = Math.toIntExact(own.shape().dim(0));
        this.width = Math.max(1, Math.min(columns, BAND / Math.max(1, length)));
        this.info = new TensorInfo(own.name(), own.dtype(), Shape.of(columns, length));
    }

    /** Some columns of one tensor, one row behind another. */
    private static final class Band {
        private @Nullable TransposedTensor of;
        private int first;
        private float[] values = new float[0];
    }

    /** The bands a worker read last: of as many models as are likely to be read side by side. */
    private static final class Bands {
        private final Band[] bands = {new Band(), new Band(), new Band(), new Band()};
        private int next;

        Band of(TransposedTensor tensor, int first) {
            for (Band band : bands) {
                if (band.of == tensor && band.first == first) {
                    return band;
                }
            }
            Band oldest = bands[next];
            next = (next + 1) % bands.length;
            oldest.of = null;
            oldest.first = first;
            return oldest;
        }
    }

    @Override
    public TensorInfo info() {
        return info;
    }

    @Override
    public boolean read(long from, int count, float[] dst, int at, Workspace workspace)
            throws IOException {
        Bands bands = workspace.kept(Bands.class, Bands.class, unused -> new Bands());
        for (int done = 0; done < count; ) {
            int row = (int) ((from + done) / length);
            int start = (int) ((from + done) % length);
            int n = Math.min(count - done, length - start);
            Band band = bands.of(this, row / width * width);
            load(band, workspace);
            int column = row - band.first;
            int own = Math.min(width, columns - band.first);
            for (int i = 0; i < n; i++) {
                dst[at + done + i] = band.values[(start + i) * own + column];
            }
            done += n;
        }
        return false;
    }

    private void load(Band band, Workspace workspace) throws IOException {
        if (band.of == this) {
            return;
        }
        int own = Math.min(width, columns - band.first);
        if (band.values.length < own * length) {
            band.values = new float[own * length];
        }
        for (int row = 0; row < length; row++) {
            for (int done = 0; done < own; ) {
                int n = Math.min(own - done, workspace.capacity());
                long place = (long) row * columns + band.first + done;
                source.read(place, n, band.values, row * own + done, workspace);
                done += n;
            }
        }
        band.of = this;
    }

    @Override
    public long storedBytes() {
        return source.storedBytes();
    }

    @Override
    public String identity() {
        return source.identity() + ", transposed";
    }
}
