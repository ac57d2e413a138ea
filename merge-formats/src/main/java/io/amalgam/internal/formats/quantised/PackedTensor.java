package io.amalgam.internal.formats.quantised;

import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.internal.checkpoint.TensorReads;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A matrix of integers of 1 to 8 bits, a string of bits in each row of words; zeros, where they are
 * not in the middle, are strings of bits down the columns.
 */
final class PackedTensor extends Dequantised {
    private final StoredTensor codes;
    private final StoredTensor scales;
    private final Optional<StoredTensor> zeros;
    private final int bits;
    private final int group;
    private final int columns;
    private final int rowBytes;
    private final int groups;

    /**
     * @param group columns of a group
     */
    PackedTensor(
            TensorInfo info,
            StoredTensor codes,
            StoredTensor scales,
            Optional<StoredTensor> zeros,
            int bits,
            int group) {
        super(info, codes, others(scales, zeros));
        this.codes = codes;
        this.scales = scales;
        this.zeros = zeros;
        this.bits = bits;
        this.group = group;
        this.columns = Math.toIntExact(info.shape().dim(1));
        this.rowBytes = Math.toIntExact(codes.info().shape().dim(1)) * Integer.BYTES;
        this.groups = (int) ScaleGrid.ceil(columns, group);
    }

    private static List<StoredTensor> others(StoredTensor scales, Optional<StoredTensor> zeros) {
        List<StoredTensor> others = new ArrayList<>(List.of(scales));
        zeros.ifPresent(others::add);
        return others;
    }

    @Override
    public boolean read(long from, int count, float[] dst, int at, Workspace workspace)
            throws IOException {
        if (count == 0) {
            return false;
        }
        Scratch scratch = Scratch.of(workspace);
        long firstRow = from / columns;
        int rows = (int) ((from + count - 1) / columns - firstRow) + 1;
        float[] scale = scratch.scales(rows * groups);
        TensorReads.into(scales, firstRow * groups, rows * groups, scale, 0, workspace);
        long firstWord = firstRow * bits / 32;
        byte[] zero = zeroWords(firstWord, firstRow + rows, workspace);
        if (isOfWords(from, count)) {
            int[] words =
                    scratch.words(codes, from / WORD * Integer.BYTES, count / WORD, workspace);
            int first = (int) (from / group - firstRow * groups);
            float[] zeroOf = zerosOfGroups(zero, first, count, firstRow, firstWord, scratch);
            workspace.kernels().int4ToFloat(words, 0, zeroOf, scale, first, group, dst, at, count);
            return false;
        }
        long begin = firstRow * rowBytes + from % columns * bits / Byte.SIZE;
        long last = from + count - 1;
        long end = last / columns * rowBytes + (last % columns * bits + bits - 1) / Byte.SIZE + 1;
        int bytes = (int) (end - begin);
        byte[] code = scratch.codes(bytes + 1);
        Scratch.read(codes, begin, bytes, code, 0, workspace);
        int middle = 1 << (bits - 1);
        for (int done = 0; done < count; ) {
            long row = (from + done) / columns;
            int column = (int) ((from + done) % columns);
            int g = column / group;
            int n = Math.min(count - done, Math.min(columns, (g + 1) * group) - column);
            float z = zero.length == 0 ? middle : zero(zero, row, g, firstWord);
            float s = scale[(int) (row - firstRow) * groups + g];
            int bit = (int) (row * rowBytes - begin) * Byte.SIZE + column * bits;
            for (int i = 0; i < n; i++, bit += bits) {
                dst[at + done + i] = (Scratch.bits(code, bit, bits) - z) * s;
            }
            done += n;
        }
        return false;
    }

    /** Codes of 4 bits in a word. */
    private static final int WORD = 8;

    /** Whether a run is whole words and begins with a group. */
    private boolean isOfWords(long from, int count) {
        return bits == 4
                && group % WORD == 0
                && columns % group == 0
                && from % group == 0
                && count % WORD == 0;
    }

    /** Zeros at the places that scales have. */
    private float[] zerosOfGroups(
            byte[] words, int first, int count, long firstRow, long firstWord, Scratch scratch) {
        int end = first + (int) ScaleGrid.ceil(count, group);
        float[] zero = scratch.outer(end);
        for (int g = first; g < end; g++) {
            zero[g] =
                    words.length == 0
                            ? 1 << (bits - 1)
                            : zero(words, firstRow + g / groups, g % groups, firstWord);
        }
        return zero;
    }

    private static final byte[] NONE = new byte[0];

    private byte[] zeroWords(long firstWord, long endRow, Workspace workspace) throws IOException {
        if (zeros.isEmpty()) {
            return NONE;
        }
        int words = (int) (ScaleGrid.ceil(endRow * bits, 32) - firstWord);
        int bytes = words * groups * Integer.BYTES;
        byte[] zero = Scratch.of(workspace).bytes(bytes);
        long from = firstWord * groups * Integer.BYTES;
        Scratch.read(zeros.get(), from, bytes, zero, 0, workspace);
        return zero;
    }

    private int zero(byte[] words, long row, int g, long firstWord) {
        int word = (int) (row * bits / 32 - firstWord);
        int shift = (int) (row * bits % 32);
        int value = Scratch.word(words, (word * groups + g) * Integer.BYTES) >>> shift;
        if (shift + bits > 32) {
            value |= Scratch.word(words, ((word + 1) * groups + g) * Integer.BYTES) << (32 - shift);
        }
        return value & (1 << bits) - 1;
    }
}
