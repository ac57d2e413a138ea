package io.amalgam.internal.formats.gguf;

import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;

/**
 * A tensor of a GGUF file as the Hugging Face model has it: under its name there, in the type that
 * model computes with, and with what GGUF does to values undone.
 */
abstract sealed class DenseTensor implements TensorSource {
    private final TensorSource stored;
    private final TensorInfo info;

    private DenseTensor(TensorSource stored, TensorInfo info) {
        this.stored = stored;
        this.info = info;
    }

    /** Values as they are stored. */
    static TensorSource plain(TensorSource stored, String name, DType type) {
        return new Plain(stored, new TensorInfo(name, type, stored.info().shape()));
    }

    /**
     * Rows of heads that are stored by rotary pairs.
     *
     * @param headRows rows of one head, which is an even number
     */
    static TensorSource heads(TensorSource stored, String name, DType type, int headRows) {
        return new Heads(
                stored, new TensorInfo(name, type, stored.info().shape()), new HeadRows(headRows));
    }

    /** Values that are stored with 1 added. */
    static TensorSource shifted(TensorSource stored, String name, DType type) {
        return new Shifted(stored, new TensorInfo(name, type, stored.info().shape()));
    }

    /** Rows that are stored without the first ones, which are read as zeros. */
    static TensorSource padded(TensorSource stored, String name, DType type, long rows) {
        long[] dims = stored.info().shape().dims();
        dims[0] += rows;
        return new Padded(stored, new TensorInfo(name, type, Shape.of(dims)));
    }

    final TensorSource source() {
        return stored;
    }

    @Override
    public final TensorInfo info() {
        return info;
    }

    @Override
    public final long storedBytes() {
        return stored.storedBytes();
    }

    @Override
    public final String identity() {
        return stored.identity() + " as " + info.name();
    }

    private static final class Plain extends DenseTensor {
        Plain(TensorSource stored, TensorInfo info) {
            super(stored, info);
        }

        @Override
        public boolean read(long from, int count, float[] dst, int at, Workspace workspace)
                throws IOException {
            return source().read(from, count, dst, at, workspace);
        }

        @Override
        public Optional<StoredTensor> stored() {
            return source().info().dtype() != info().dtype()
                    ? Optional.empty()
                    : source().stored().map(s -> new StoredTensor(s.model(), info(), s.region()));
        }
    }

    private static final class Heads extends DenseTensor {
        private final HeadRows rows;
        private final long columns;

        Heads(TensorSource stored, TensorInfo info, HeadRows rows) {
            super(stored, info);
            this.rows = rows;
            this.columns = info.elements() / info.shape().dim(0);
        }

        @Override
        public boolean read(long from, int count, float[] dst, int at, Workspace workspace)
                throws IOException {
            boolean finite = true;
            for (int done = 0; done < count; ) {
                long row = (from + done) / columns;
                long in = (from + done) % columns;
                int n = (int) Math.min(count - done, columns - in);
                long place = rows.inGguf(row) * columns + in;
                finite &= source().read(place, n, dst, at + done, workspace);
                done += n;
            }
            return finite;
        }
    }

    private static final class Shifted extends DenseTensor {
        Shifted(TensorSource stored, TensorInfo info) {
            super(stored, info);
        }

        @Override
        public boolean read(long from, int count, float[] dst, int at, Workspace workspace)
                throws IOException {
            boolean finite = source().read(from, count, dst, at, workspace);
            for (int i = 0; i < count; i++) {
                dst[at + i] -= 1;
            }
            return finite;
        }
    }

    private static final class Padded extends DenseTensor {
        private final long zeros;

        Padded(TensorSource stored, TensorInfo info) {
            super(stored, info);
            this.zeros = info.elements() - stored.info().elements();
        }

        @Override
        public boolean read(long from, int count, float[] dst, int at, Workspace workspace)
                throws IOException {
            int before = (int) Math.max(0, Math.min(count, zeros - from));
            Arrays.fill(dst, at, at + before, 0);
            return source().read(
                            Math.max(0, from - zeros), count - before, dst, at + before, workspace);
        }
    }
}
