package io.amalgam.internal.formats.quantised;

/**
 * Which block of a matrix, or of each of several, an element is in: blocks are numbered row by row;
 * the last of a row and the last row may be cut off.
 *
 * @param rows of one matrix
 * @param columns of one matrix
 * @param blockRows rows of a block
 * @param blockColumns columns of a block
 */
record ScaleGrid(long rows, long columns, long blockRows, long blockColumns) {
    /** Blocks beside each other. */
    long across() {
        return ceil(columns, blockColumns);
    }

    /** Blocks below each other in one matrix. */
    long down() {
        return ceil(rows, blockRows);
    }

    /** Whether blocks follow each other from an element on: whole ones of one row each. */
    boolean isFlat(long from) {
        return blockRows == 1 && columns % blockColumns == 0 && from % blockColumns == 0;
    }

    static long ceil(long length, long block) {
        return (length + block - 1) / block;
    }

    /** The block of an element. */
    long block(long element) {
        return rowOfBlocks(element / columns) * across() + element % columns / blockColumns;
    }

    /** Elements from one on that are beside it in its block. */
    long run(long element) {
        long column = element % columns;
        return Math.min(columns, (column / blockColumns + 1) * blockColumns) - column;
    }

    /** The first of the consecutive blocks that hold all of a run of elements. */
    long first(long from, int count) {
        boolean oneRow = from / columns == (from + count - 1) / columns;
        return oneRow ? block(from) : rowOfBlocks(from / columns) * across();
    }

    /** Behind the last of them. */
    long end(long from, int count) {
        long last = from + count - 1;
        return from / columns == last / columns
                ? block(last) + 1
                : (rowOfBlocks(last / columns) + 1) * across();
    }

    private long rowOfBlocks(long row) {
        return row / rows * down() + row % rows / blockRows;
    }
}
