package io.amalgam.internal.tokenizer;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A model's embedding, head or vocabulary-sized bias with its rows in the order of a merged
 * vocabulary, read row by row through an index: [rows, ...] like the stored tensor but for the
 * first dimension. Runs of rows that lie together are read at once. Averages of rows are summed in
 * float64 and rounded once to float32.
 *
 * <p>Holds no data but the average of its rows, once a row without a token has been asked for: as
 * many numbers as a row has. Safe for concurrent reads.
 */
public final class ReindexedTensor implements TensorSource {
    private static final int DIGEST_BYTES = 6;

    private final RowMap map;
    private final int model;
    private final List<TensorSource> sources;
    private final TensorInfo info;
    private final long width;
    private final long storedBytes;
    private final String description;
    private float @Nullable [] mean;

    /**
     * @param model whose view this is, an index of {@code sources}
     * @param sources the tensor in each of the map's models, equal but for the number of rows
     */
    public ReindexedTensor(RowMap map, int model, List<? extends TensorSource> sources) {
        this.map = map;
        this.model = model;
        this.sources = List.copyOf(sources);
        TensorInfo stored = this.sources.get(model).info();
        long[] dims = stored.shape().dims();
        dims[0] = map.rows();
        this.info = new TensorInfo(stored.name(), stored.dtype(), Shape.of(dims));
        this.width = width(stored);
        if (this.sources.size() != map.models()) {
            throw new IllegalArgumentException("one source for each model of the map");
        }
        for (TensorSource source : this.sources) {
            if (width(source.info()) != width) {
                throw new IllegalArgumentException("rows of different lengths");
            }
        }
        this.storedBytes = countBytes();
        this.description = describeRows();
    }

    private static long width(TensorInfo info) {
        long width = 1;
        for (int axis = 1; axis < info.shape().rank(); axis++) {
            width *= info.shape().dim(axis);
        }
        return width;
    }

    @Override
    public TensorInfo info() {
        return info;
    }

    @Override
    public boolean read(long from, int count, float[] dst, int at, Workspace workspace)
            throws IOException {
        boolean finite = true;
        int done = 0;
        while (done < count) {
            long element = from + done;
            int row = (int) (element / width);
            long column = element % width;
            int target = map.modelOf(model, row);
            long run = width - column;
            if (target >= 0) {
                int last = row;
                while (run < count - done && follows(last)) {
                    last++;
                    run += width;
                }
            }
            int n = (int) Math.min(count - done, run);
            finite &= read(row, target, column, n, dst, at + done, workspace);
            done += n;
        }
        return finite;
    }

    /** Whether the row after {@code row} lies after it where it is read from, too. */
    private boolean follows(int row) {
        int next = row + 1;
        return next < map.rows()
                && map.modelOf(model, next) == map.modelOf(model, row)
                && map.rowOf(model, next) == map.rowOf(model, row) + 1;
    }

    private boolean read(
            int row, int target, long column, int n, float[] dst, int at, Workspace workspace)
            throws IOException {
        switch (target) {
            case RowMap.ZERO -> {
                Arrays.fill(dst, at, at + n, 0);
                return true;
            }
            case RowMap.AVERAGE -> {
                average(row, column, n, dst, at, workspace);
                return false;
            }
            case RowMap.MEAN -> {
                System.arraycopy(mean(workspace), (int) column, dst, at, n);
                return false;
            }
            default -> {
                long start = map.rowOf(model, row) * width + column;
                return sources.get(target).read(start, n, dst, at, workspace);
            }
        }
    }

    private void average(int row, long column, int n, float[] dst, int at, Workspace workspace)
            throws IOException {
        double[] sum = new double[n];
        int having = 0;
        for (int m = 0; m < sources.size(); m++) {
            int own = map.ownRow(m, row);
            if (own >= 0) {
                having++;
                sources.get(m).read(own * width + column, n, dst, at, workspace);
                for (int i = 0; i < n; i++) {
                    sum[i] += dst[at + i];
                }
            }
        }
        for (int i = 0; i < n; i++) {
            dst[at + i] = (float) (sum[i] / having);
        }
    }

    /** Made by the first reader that needs it; others wait. */
    private synchronized float[] mean(Workspace workspace) throws IOException {
        if (mean == null) {
            double[] sum = new double[Math.toIntExact(width)];
            float[] piece = new float[(int) Math.min(workspace.capacity(), width)];
            BitSet tokens = map.tokens();
            for (int row = tokens.nextSetBit(0); row >= 0; row = tokens.nextSetBit(row + 1)) {
                for (int column = 0; column < sum.length; column += piece.length) {
                    int n = Math.min(piece.length, sum.length - column);
                    int target = map.modelOf(model, row);
                    read(row, target, column, n, piece, 0, workspace);
                    for (int i = 0; i < n; i++) {
                        sum[column + i] += piece[i];
                    }
                }
            }
            float[] rounded = new float[sum.length];
            for (int i = 0; i < sum.length; i++) {
                rounded[i] = (float) (sum[i] / Math.max(1, tokens.cardinality()));
            }
            mean = rounded;
        }
        return mean;
    }

    private long countBytes() {
        long bytes = 0;
        boolean padded = false;
        for (int row = 0; row < map.rows(); row++) {
            int target = map.modelOf(model, row);
            if (target == RowMap.AVERAGE) {
                for (int m = 0; m < sources.size(); m++) {
                    bytes += map.ownRow(m, row) >= 0 ? rowBytes(m) : 0;
                }
            } else if (target >= 0) {
                bytes += rowBytes(target);
            }
            padded |= target == RowMap.MEAN;
        }
        return padded ? 2 * bytes : bytes;
    }

    private long rowBytes(int source) {
        return sources.get(source).info().dtype().bytesFor(width);
    }

    /** Bytes of the rows that are read; all of them twice where their average is needed. */
    @Override
    public long storedBytes() {
        return storedBytes;
    }

    @Override
    public String identity() {
        return description;
    }

    /** The stored tensor and a digest of where every row is from. */
    private String describeRows() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (TensorSource source : sources) {
                digest.update(source.identity().getBytes(StandardCharsets.UTF_8));
                digest.update((byte) '\n');
            }
            ByteBuffer from = ByteBuffer.allocate((2 + sources.size()) * Integer.BYTES);
            for (int row = 0; row < map.rows(); row++) {
                from.clear();
                int target = map.modelOf(model, row);
                from.putInt(target).putInt(map.rowOf(model, row));
                for (int m = 0; target == RowMap.AVERAGE && m < sources.size(); m++) {
                    from.putInt(map.ownRow(m, row));
                }
                digest.update(from.flip());
            }
            byte[] hash = digest.digest();
            return sources.get(model).identity()
                    + " by token ("
                    + HexFormat.of().formatHex(hash, 0, DIGEST_BYTES)
                    + ")";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
