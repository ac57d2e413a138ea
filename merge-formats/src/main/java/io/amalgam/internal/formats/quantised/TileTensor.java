package io.amalgam.internal.formats.quantised;

import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.kernel.Kernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Matrices whose rows are columns of the stored codes. The codes of some rows are put in order at a
 * time, all that fit a tile, which the reader keeps: one for each model.
 */
abstract class TileTensor extends Dequantised {
    /** Rows of a tile are a multiple of this: codes of any width then begin at whole words. */
    static final int STEP = 32;

    /** Elements of a tile, more where rows are long: as many as a worker takes at a time. */
    private static final int TILE = 1 << 18;

    /** Rows that words are put in order of side by side. */
    private static final int TOGETHER = 16;

    /** Bytes that are skipped for less than another read costs. */
    private static final int SHORT_GAP = 4096;

    private final Slabs model;
    private final long rows;
    private final int columns;
    private final int tileRows;
    private final long slabRows;

    /** Bytes of a row's codes. */
    private final long codeBytes;

    /** What a reader keeps of a model: some rows of a tensor. The arrays grow to the largest. */
    static final class Tile {
        private @Nullable TileTensor of;
        private long number;
        private boolean decoded;
        private float[] values = new float[0];
        private int[] words = new int[0];
        private float[] scales = new float[0];
        private float[] zeros = new float[0];
        private final List<Slabs.Slab> used = new ArrayList<>();

        /** Words between two rows of a power of two, that they do not share lines of the cache. */
        static final int GAP = 16;

        /** Says whether its rows are decoded, or codes. */
        void decoded(boolean now) {
            decoded = now;
        }

        boolean isDecoded() {
            return decoded;
        }

        /** Room for decoded elements. */
        float[] values(int count) {
            if (values.length < count) {
                values = new float[count];
            }
            return values;
        }

        /** Room for words of codes. */
        int[] words(int count) {
            if (words.length < count) {
                words = new int[count];
            }
            return words;
        }

        /** Room for the scales of groups. */
        float[] scales(int count) {
            if (scales.length < count) {
                scales = new float[count];
            }
            return scales;
        }

        /** Room for the zeros of groups. */
        float[] zeros(int count) {
            if (zeros.length < count) {
                zeros = new float[count];
            }
            return zeros;
        }
    }

    private Tile tile(Workspace workspace) {
        return workspace.kept(model, Tile.class, unused -> new Tile());
    }

    /**
     * @param leastRows rows whose codes fill a line of the cache in each stored row
     * @param model the same for all tensors of a model, and what readers keep a tile by
     */
    TileTensor(
            TensorInfo info,
            StoredTensor codes,
            List<StoredTensor> others,
            int leastRows,
            Slabs model) {
        super(info, codes, others);
        this.model = model;
        int rank = info.shape().rank();
        this.rows = info.shape().dim(rank - 2);
        this.columns = Math.toIntExact(info.shape().dim(rank - 1));
        int fitting = (int) ScaleGrid.ceil(Math.max(1, TILE / columns), STEP) * STEP;
        int wanted = Math.max(leastRows, fitting);
        this.tileRows = (int) Math.min(wanted, ScaleGrid.ceil(rows, STEP) * STEP);
        long all = info.shape().elements() / columns;
        this.codeBytes = ScaleGrid.ceil(codes.info().bytes(), all);
        long tiles = Math.max(1, Slabs.BYTES / (tileRows * codeBytes));
        this.slabRows = tileRows * Math.min(tiles, ScaleGrid.ceil(rows, tileRows));
    }

    /**
     * Bytes of a stored tensor that hold some rows of the dense one.
     *
     * @param width bytes of a stored row here
     * @param offset in each, of the first dense row
     */
    record Slab(byte[] bytes, int width, int offset) {}

    /**
     * What is stored of the rows from one on that fit a tile.
     *
     * @param storedRows of each matrix
     * @param rowBytes of a stored row
     * @param bits of a stored row that belong to a row
     */
    final Slab slab(
            StoredTensor tensor,
            int storedRows,
            int rowBytes,
            int bits,
            long matrix,
            long from,
            Workspace workspace)
            throws IOException {
        long number = from / slabRows;
        long begin = number * slabRows;
        long held = Math.min(slabRows, rows - begin);
        int first = Math.toIntExact(begin * bits / Byte.SIZE);
        long whole = ScaleGrid.ceil(held * bits, Integer.SIZE) * Integer.BYTES;
        int width = (int) Math.min(whole, rowBytes - first);
        long base = matrix * storedRows * rowBytes;
        Slabs.Slab slab =
                model.get(
                        tensor.info().name(),
                        matrix * ScaleGrid.ceil(rows, slabRows) + number,
                        storedRows,
                        // Codes of some widths are read beyond the last row.
                        (storedRows + 1) * width + Integer.BYTES,
                        (row, end, bytes) ->
                                columns(
                                        tensor,
                                        base + (long) row * rowBytes,
                                        end - row,
                                        rowBytes,
                                        first,
                                        width,
                                        bytes,
                                        row * width,
                                        workspace));
        tile(workspace).used.add(slab);
        return new Slab(slab.bytes(), width, (int) ((from - begin) * bits / Byte.SIZE));
    }

    /** Bytes of slabs that the model keeps, if it has no larger tensor. */
    final long slabBytes() {
        long codes = slabRows * codeBytes;
        return 3 * (codes + codes / 4);
    }

    /** Bytes that a reader keeps of this tensor, at most: codes and what they are decoded to. */
    final long tileBytes() {
        return (long) tileRows * columns * (Float.BYTES + 1);
    }

    /**
     * Writes row by row the words of codes that are stored column by column.
     *
     * @param columns of the codes: the words of a row
     * @param rows a word of each column
     * @param length words from one row to the next in {@code words}
     */
    static void inOrder(Slab codes, int columns, int rows, int length, int[] words) {
        byte[] bytes = codes.bytes();
        for (int begin = 0; begin < rows; begin += TOGETHER) {
            int end = Math.min(begin + TOGETHER, rows);
            for (int column = 0; column < columns; column++) {
                int place = column * codes.width() + codes.offset();
                for (int row = begin; row < end; row++) {
                    words[row * length + column] = Scratch.word(bytes, place + row * Integer.BYTES);
                }
            }
        }
    }

    /**
     * Puts rows in order.
     *
     * @param matrix which of several
     * @param from the first row, a multiple of {@link #STEP}
     * @param tile what {@link #decode} is given
     */
    abstract void load(long matrix, long from, int count, Tile tile, Workspace workspace)
            throws IOException;

    /**
     * Decodes elements of one row.
     *
     * @param row of the tile
     * @param column of the first
     */
    abstract void decode(
            Tile tile, int row, int column, int count, float[] dst, int at, Kernels kernels);

    @Override
    public final boolean read(long from, int count, float[] dst, int at, Workspace workspace)
            throws IOException {
        Tile tile = tile(workspace);
        long tilesOfMatrix = ScaleGrid.ceil(rows, tileRows);
        for (int done = 0; done < count; ) {
            long row = (from + done) / columns;
            int column = (int) ((from + done) % columns);
            long matrix = row / rows;
            long inMatrix = row % rows;
            long number = matrix * tilesOfMatrix + inMatrix / tileRows;
            long first = inMatrix / tileRows * tileRows;
            if (tile.of != this || tile.number != number) {
                load(tile, number, matrix, first, workspace);
            }
            int n = Math.min(count - done, columns - column);
            int inTile = (int) (inMatrix - first);
            decode(tile, inTile, column, n, dst, at + done, workspace.kernels());
            done += n;
        }
        return false;
    }

    private void load(Tile tile, long number, long matrix, long first, Workspace workspace)
            throws IOException {
        tile.of = null;
        try {
            load(matrix, first, (int) Math.min(tileRows, rows - first), tile, workspace);
        } finally {
            tile.used.forEach(model::release);
            tile.used.clear();
        }
        tile.of = this;
        tile.number = number;
    }

    /**
     * Reads a run of bytes of each of many rows, one behind another.
     *
     * @param base where the first row begins
     * @param at where the first run is put
     */
    static void columns(
            StoredTensor tensor,
            long base,
            int rows,
            int rowBytes,
            int from,
            int count,
            byte[] dst,
            int at,
            Workspace workspace)
            throws IOException {
        if (rowBytes - count > SHORT_GAP) {
            for (int row = 0; row < rows; row++) {
                Scratch.read(
                        tensor,
                        base + (long) row * rowBytes + from,
                        count,
                        dst,
                        at + row * count,
                        workspace);
            }
            return;
        }
        if (rowBytes == count) {
            Scratch.read(tensor, base, rows * count, dst, at, workspace);
            return;
        }
        byte[] span = Scratch.of(workspace).span(rowBytes);
        int step = span.length / rowBytes;
        for (int done = 0; done < rows; done += step) {
            int n = Math.min(step, rows - done);
            int length = (n - 1) * rowBytes + count;
            Scratch.read(tensor, base + (long) done * rowBytes + from, length, span, 0, workspace);
            for (int row = 0; row < n; row++) {
                System.arraycopy(span, row * rowBytes, dst, at + (done + row) * count, count);
            }
        }
    }
}
