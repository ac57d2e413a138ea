package io.amalgam.internal.lora;

import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Values to add to a tensor at some positions. Read in order by one worker each entry is read once;
 * where reading begins is found by bisection.
 */
public final class SparseChange implements TensorSource {
    private static final int BLOCK = 1 << 14;

    private final TensorInfo info;
    private final StoredTensor indices;
    private final StoredTensor values;
    private final int width;

    /**
     * @param info F32, of the whole tensor
     * @param indices ascending, I32 or I64
     * @param values as many
     */
    public SparseChange(TensorInfo info, StoredTensor indices, StoredTensor values) {
        this.info = info;
        this.indices = indices;
        this.values = values;
        this.width = indices.info().dtype() == DType.I32 ? Integer.BYTES : Long.BYTES;
    }

    /** Entries stored. */
    long kept() {
        return indices.info().elements();
    }

    /** Bytes a worker holds for blocks of so many elements. */
    public static long bytesHeld(int elements) {
        return (long) elements * (Long.BYTES + Float.BYTES);
    }

    /** What one worker keeps: buffers, and where it stopped reading. */
    private static final class Cursor {
        private final long[] found;
        private final float[] read;
        private Object tensor = this;
        private long next;
        private long entry;

        Cursor(Workspace workspace) {
            found = new long[workspace.capacity()];
            read = new float[workspace.capacity()];
        }
    }

    @Override
    public TensorInfo info() {
        return info;
    }

    @Override
    public boolean read(long from, int count, float[] dst, int at, Workspace workspace)
            throws IOException {
        Arrays.fill(dst, at, at + count, 0);
        Cursor cursor = workspace.kept(SparseChange.class, Cursor.class, Cursor::new);
        boolean goesOn = cursor.tensor == this && cursor.next == from;
        long entry = goesOn ? cursor.entry : firstFrom(from, workspace);
        long end = from + count;
        while (entry < kept()) {
            int n = (int) Math.min(count, kept() - entry);
            load(entry, n, cursor.found, workspace);
            int inside = 0;
            while (inside < n && cursor.found[inside] < end) {
                inside++;
            }
            values.read(entry, inside, cursor.read, 0, workspace);
            for (int i = 0; i < inside; i++) {
                dst[at + (int) (cursor.found[i] - from)] = cursor.read[i];
            }
            entry += inside;
            if (inside < n) {
                break;
            }
        }
        cursor.tensor = this;
        cursor.next = end;
        cursor.entry = entry;
        return false;
    }

    /** The first entry whose index is at least {@code from}. */
    private long firstFrom(long from, Workspace workspace) throws IOException {
        long low = 0;
        long high = kept();
        long[] index = new long[1];
        while (low < high) {
            long middle = (low + high) >>> 1;
            load(middle, 1, index, workspace);
            if (index[0] < from) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private void load(long entry, int n, long[] into, Workspace workspace) throws IOException {
        ByteBuffer bytes = workspace.bytes(n * width);
        indices.region().readFully(entry * width, bytes);
        bytes.flip();
        for (int i = 0; i < n; i++) {
            into[i] = width == Integer.BYTES ? bytes.getInt(i * width) : bytes.getLong(i * width);
        }
    }

    /**
     * Reads all indices.
     *
     * @throws BadInputException if they do not ascend or are none of the tensor's
     */
    public void check() throws IOException {
        Workspace workspace = new Workspace(ScalarKernels.INSTANCE, BLOCK);
        long[] found = new long[BLOCK];
        long last = -1;
        for (long entry = 0; entry < kept(); entry += BLOCK) {
            int n = (int) Math.min(BLOCK, kept() - entry);
            load(entry, n, found, workspace);
            for (int i = 0; i < n; i++) {
                if (found[i] <= last || found[i] >= info.elements()) {
                    throw new BadInputException(
                            Problem.expected(
                                            "indices of tensor '" + info.name() + "'",
                                            "ascending numbers below " + info.elements(),
                                            found[i] + " at entry " + (entry + i))
                                    .at("'" + indices.region().file() + "'")
                                    .hint("the task vector is damaged: make it again"));
                }
                last = found[i];
            }
        }
    }

    @Override
    public long storedBytes() {
        return indices.storedBytes() + values.storedBytes();
    }

    @Override
    public String identity() {
        return values.model() + ":" + info.name() + " (sparse)";
    }
}
