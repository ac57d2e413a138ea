package io.amalgam.internal.formats.quantised;

import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;

/**
 * Codes of 4 bits, two neighbours a byte, into a table of values, times the scale of their block.
 * Blocks go on across the ends of rows.
 */
final class NibbleTensor extends Dequantised {
    private final StoredTensor codes;
    private final float[] table;
    private final boolean highFirst;
    private final Scales scales;
    private final int block;

    /** Codes in a word. */
    private static final int WORD = 8;

    /**
     * @param table the values of the 16 codes
     * @param highFirst whether the first of two neighbours has the upper four bits
     * @param block elements of a block
     */
    NibbleTensor(
            TensorInfo info,
            StoredTensor codes,
            float[] table,
            boolean highFirst,
            Scales scales,
            int block) {
        super(info, codes, scales.tensors());
        this.codes = codes;
        this.table = table;
        this.highFirst = highFirst;
        this.scales = scales;
        this.block = block;
    }

    @Override
    public boolean read(long from, int count, float[] dst, int at, Workspace workspace)
            throws IOException {
        if (count == 0) {
            return false;
        }
        Scratch scratch = Scratch.of(workspace);
        long firstBlock = from / block;
        int blocks = (int) ((from + count - 1) / block - firstBlock) + 1;
        float[] scale = scratch.scales(blocks);
        scales.read(firstBlock, blocks, scale, workspace);
        if (block % WORD == 0 && from % block == 0 && count % WORD == 0) {
            int[] words = scratch.words(codes, from / 2, count / WORD, workspace);
            if (highFirst) {
                exchange(words, count / WORD);
            }
            workspace.kernels().tableToFloat(words, 0, table, scale, 0, block, dst, at, count);
            return false;
        }
        long firstByte = from / 2;
        int bytes = (int) ((from + count - 1) / 2 - firstByte) + 1;
        byte[] code = scratch.codes(codes, firstByte, bytes, workspace);
        int skipped = (int) (from % 2);
        int inBlock = (int) (from % block);
        for (int done = 0, b = 0; done < count; b++) {
            int n = Math.min(block - inBlock, count - done);
            decode(code, skipped + done, n, scale[b], dst, at + done);
            inBlock = 0;
            done += n;
        }
        return false;
    }

    /** Puts the lower four bits of each byte above the others. */
    private static void exchange(int[] words, int count) {
        for (int i = 0; i < count; i++) {
            words[i] = ((words[i] & 0x0F0F0F0F) << 4) | ((words[i] >>> 4) & 0x0F0F0F0F);
        }
    }

    private void decode(byte[] code, int from, int count, float scale, float[] dst, int at) {
        int first = highFirst ? 4 : 0;
        int done = 0;
        if (from % 2 == 1 && count > 0) {
            dst[at] = table[(code[from / 2] >>> (4 - first)) & 15] * scale;
            done = 1;
        }
        int place = (from + done) / 2;
        for (; done + 1 < count; done += 2, place++) {
            int pair = code[place];
            dst[at + done] = table[pair >>> first & 15] * scale;
            dst[at + done + 1] = table[(pair >>> (4 - first)) & 15] * scale;
        }
        if (done < count) {
            dst[at + done] = table[code[place] >>> first & 15] * scale;
        }
    }
}
