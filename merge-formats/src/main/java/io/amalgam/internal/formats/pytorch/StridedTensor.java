package io.amalgam.internal.formats.pytorch;

import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.Arrays;

/**
 * A tensor whose elements do not lie one after the other: a transposed matrix, a part of a larger
 * one, one expanded along an axis. Read a run of its last axis at a time; a last axis with long
 * steps element by element, which is slow.
 */
final class StridedTensor implements TensorSource {
    /** Steps up to this many elements are read with what lies between. */
    private static final int SHORT_STEP = 256;

    /** What every reader has one of. */
    private static final Object SPAN = new Object();

    private final TensorInfo info;
    private final StoredTensor storage;
    private final long offset;

    /** The elements in as few axes as can say them, at least one. */
    private final long[] dims;

    private final long[] strides;

    /**
     * @param storage all of the storage as one row
     * @param offset of the first element
     * @param strides steps of each axis in elements, none negative
     */
    StridedTensor(TensorInfo info, StoredTensor storage, long offset, long[] strides) {
        this.info = info;
        this.storage = storage;
        this.offset = offset;
        long[] all = info.shape().dims();
        long[] lengths = new long[all.length + 1];
        long[] steps = new long[all.length + 1];
        lengths[0] = 1;
        int last = 0;
        for (int axis = 0; axis < all.length; axis++) {
            // Two axes that are walked as one, and any beside one of a single element, are one.
            boolean goesOn = steps[last] == all[axis] * strides[axis] || lengths[last] == 1;
            if (all[axis] != 1) {
                last += goesOn ? 0 : 1;
                lengths[last] = goesOn ? lengths[last] * all[axis] : all[axis];
                steps[last] = strides[axis];
            }
        }
        this.dims = Arrays.copyOf(lengths, last + 1);
        this.strides = Arrays.copyOf(steps, last + 1);
    }

    @Override
    public TensorInfo info() {
        return info;
    }

    @Override
    public boolean read(long from, int count, float[] dst, int at, Workspace workspace)
            throws IOException {
        int last = dims.length - 1;
        boolean finite = true;
        for (int done = 0; done < count; ) {
            long rest = from + done;
            long place = offset;
            long column = rest % dims[last];
            rest /= dims[last];
            for (int axis = last - 1; axis >= 0; axis--) {
                place += rest % dims[axis] * strides[axis];
                rest /= dims[axis];
            }
            int n = (int) Math.min(count - done, dims[last] - column);
            place += column * strides[last];
            finite &= readRow(place, strides[last], n, dst, at + done, workspace);
            done += n;
        }
        return finite;
    }

    private boolean readRow(long place, long step, int n, float[] dst, int at, Workspace workspace)
            throws IOException {
        if (step == 1) {
            return storage.read(place, n, dst, at, workspace);
        }
        if (step == 0) {
            boolean finite = storage.read(place, 1, dst, at, workspace);
            Arrays.fill(dst, at, at + n, dst[at]);
            return finite;
        }
        if (step > SHORT_STEP || step > workspace.capacity()) {
            boolean finite = true;
            for (int i = 0; i < n; i++) {
                finite &= storage.read(place + i * step, 1, dst, at + i, workspace);
            }
            return finite;
        }
        int steps = (workspace.capacity() - 1) / (int) step + 1;
        float[] span = workspace.kept(SPAN, float[].class, w -> new float[w.capacity()]);
        for (int done = 0; done < n; done += steps) {
            int some = Math.min(steps, n - done);
            int length = (some - 1) * (int) step + 1;
            storage.read(place + done * step, length, span, 0, workspace);
            for (int i = 0; i < some; i++) {
                dst[at + done + i] = span[i * (int) step];
            }
        }
        return false;
    }

    /** Bytes a reader of so many elements at a time holds for all tensors of this kind. */
    static long bytesPerReader(int elements) {
        return (long) elements * Float.BYTES;
    }

    @Override
    public long storedBytes() {
        return info.bytes();
    }

    @Override
    public String identity() {
        return storage.model() + ":" + info.name();
    }
}
