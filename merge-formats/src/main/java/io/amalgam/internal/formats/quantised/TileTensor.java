package io.amalgam.internal.formats.quantised;

import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Matrices whose rows are columns of the stored codes. Some rows are decoded at a time, all that
 * fit a tile, which the reader keeps: one for each model.
 */
abstract class TileTensor extends Dequantised {
    /** Rows of a tile are a multiple of this: codes of any width then begin at whole words. */
    static final int STEP = 32;

    /** Elements of a tile, more where rows are long: as many as a worker takes at a time. */
    private static final int TILE = 1 << 18;

    /** Bytes that are skipped for less than another read costs. */
    private static final int SHORT_GAP = 4096;

    private final Slabs model;
    private final long rows;
    private final int columns;
    private final int tileRows;
    private final long slabRows;

    /** Bytes of a row's codes. */
    private final long codeBytes;

    /** What a reader keeps of a model. */
    private static final class Tile {
        private @Nullable TileTensor of;
        private long number;
        private float[] values = new float[0];
        private final List<Slabs.Slab> used = new ArrayList<>();
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

    /** Bytes that a reader keeps of this tensor. */
    final long tileBytes() {
        return (long) tileRows * columns * Float.BYTES;
    }

    /**
     * Decodes rows.
     *
     * @param matrix which of several
     * @param from the first row, a multiple of {@link #STEP}
     * @param tile filled row by row from its beginning
     */
    abstract void decode(long matrix, long from, int count, float[] tile, Workspace workspace)
            throws IOException;

    @Override
    public final boolean read(long from, int count, float[] dst, int at, Workspace workspace)
            throws IOException {
        Tile tile = tile(workspace);
        long tilesOfMatrix = ScaleGrid.ceil(rows, tileRows);
        for (int done = 0; done < count; ) {
            long row = (from + done) / columns;
            long matrix = row / rows;
            long inMatrix = row % rows;
            long first = inMatrix / tileRows * tileRows;
            int own = (int) Math.min(tileRows, rows - first);
            load(tile, matrix * tilesOfMatrix + inMatrix / tileRows, matrix, first, own, workspace);
            long start = (matrix * rows + first) * columns;
            int skipped = (int) (from + done - start);
            int n = Math.min(count - done, own * columns - skipped);
            System.arraycopy(tile.values, skipped, dst, at + done, n);
            done += n;
        }
        return false;
    }

    private void load(Tile tile, long number, long matrix, long first, int own, Workspace workspace)
            throws IOException {
        if (tile.of == this && tile.number == number) {
            return;
        }
        tile.of = null;
        if (tile.values.length < tileRows * columns) {
            tile.values = new float[tileRows * columns];
        }
        try {
            decode(matrix, first, own, tile.values, workspace);
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
