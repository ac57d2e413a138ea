package io.amalgam.internal.formats.quantising;

import io.amalgam.internal.encoding.Quantiser;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.List;

/**
 * Codes of a byte each, with a scale for the tensor, each row, each run of a row, or each block of
 * rows and columns; the last blocks may be cut.
 */
final class ByteQuantiser implements Quantiser {
    private final TensorInfo codes;
    private final TensorInfo scales;
    private final String name;
    private final ByteScale rule;
    private final long rows;
    private final int columns;
    private final int blockRows;
    private final int blockColumns;
    private final int across;
    private final boolean whole;

    /**
     * @param scale the name of the scales
     * @param blockRows of the rows that share a scale; 0 for all, whose scale then depends on the
     *     whole tensor
     */
    ByteQuantiser(
            TensorInfo dense,
            String scale,
            Shape scaleShape,
            String name,
            ByteScale rule,
            int blockRows,
            int blockColumns) {
        this.codes = new TensorInfo(dense.name(), rule.codes(), dense.shape());
        this.scales = new TensorInfo(scale, rule.scales(), scaleShape);
        this.name = name;
        this.rule = rule;
        this.columns = Math.toIntExact(dense.shape().rowLength());
        this.rows = dense.elements() / columns;
        this.blockRows = (int) Math.min(blockRows, rows);
        this.blockColumns = blockColumns;
        this.across = (columns + blockColumns - 1) / blockColumns;
        this.whole = blockRows == 0;
    }

    @Override
    public List<TensorInfo> stored() {
        return List.of(codes, scales);
    }

    @Override
    public String name() {
        return name;
    }

    /** Whether blocks of other sizes are the same for this tensor. */
    boolean hasBlocks(long down, long over) {
        boolean one = scales.elements() == 1;
        return one
                || (Math.min(down, rows) == blockRows
                        && Math.min(over, columns) == Math.min(blockColumns, columns));
    }

    /** A scale of the whole tensor is known beforehand. */
    @Override
    public boolean needsLargest() {
        return whole;
    }

    @Override
    public int step() {
        boolean runs = blockRows == 1 && columns % blockColumns == 0;
        int shortest = runs ? blockColumns : Math.toIntExact((long) blockRows * columns);
        return whole ? columns : shortest;
    }

    @Override
    public void encode(
            float[] values,
            int at,
            int count,
            long from,
            float largest,
            Target target,
            Workspace workspace)
            throws IOException {
        byte[] code = Room.of(workspace).codes(count);
        if (whole) {
            float scale = rule.scale(largest);
            float by = rule.divisor(largest, scale);
            encode(values, at, count, by, code, 0);
            if (from == 0) {
                byte[] one = Room.of(workspace).scales(rule.scaleBytes());
                rule.put(one, 0, scale);
                target.write(1, 0, one, rule.scaleBytes());
            }
            target.write(0, from, code, count);
            return;
        }
        int length = step();
        int pieces = (count + length - 1) / length;
        int scalesOfPiece = length < columns ? 1 : across;
        int bytes = pieces * scalesOfPiece * rule.scaleBytes();
        byte[] scale = Room.of(workspace).scales(bytes);
        for (int piece = 0; piece < pieces; piece++) {
            int begin = piece * length;
            int n = Math.min(length, count - begin);
            if (blockRows == 1 && scalesOfPiece == 1) {
                float most = Room.largest(values, at + begin, n);
                float by = put(scale, piece, most);
                encode(values, at + begin, n, by, code, begin);
            } else {
                blocks(values, at + begin, n / columns, scale, piece * across, code, begin);
            }
        }
        long first = from / length * scalesOfPiece;
        target.write(1, first * rule.scaleBytes(), scale, bytes);
        target.write(0, from, code, count);
    }

    /** A row of blocks. */
    private void blocks(
            float[] values, int at, int height, byte[] scale, int first, byte[] code, int to) {
        float[] most = new float[across];
        for (int row = 0; row < height; row++) {
            for (int block = 0; block < across; block++) {
                int column = block * blockColumns;
                int n = Math.min(blockColumns, columns - column);
                int begin = at + row * columns + column;
                most[block] = Math.max(most[block], Room.largest(values, begin, n));
            }
        }
        float[] by = new float[across];
        for (int block = 0; block < across; block++) {
            by[block] = put(scale, first + block, most[block]);
        }
        for (int row = 0; row < height; row++) {
            for (int block = 0; block < across; block++) {
                int column = row * columns + block * blockColumns;
                int n = Math.min(blockColumns, columns - block * blockColumns);
                encode(values, at + column, n, by[block], code, to + column);
            }
        }
    }

    private float put(byte[] scale, int number, float largest) {
        float value = rule.scale(largest);
        rule.put(scale, number, value);
        return rule.divisor(largest, value);
    }

    private void encode(float[] values, int at, int count, float by, byte[] code, int to) {
        for (int i = 0; i < count; i++) {
            code[to + i] = rule.code(values[at + i], by);
        }
    }
}
