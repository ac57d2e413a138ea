package io.amalgam.internal.formats.quantised;

import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.kernel.Kernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.List;

/** Matrices of MXFP4 that are stored with rows and columns exchanged. */
final class ExpertTensor extends TileTensor {
    private static final int GROUP = Fp4Format.MX_GROUP;

    /** Codes in a word. */
    private static final int WORD = 8;

    private static final int BITS = 4;

    private final StoredTensor codes;
    private final StoredTensor exponents;
    private final int in;
    private final int out;

    /**
     * @param codes [matrix, out, in/32, 16]
     */
    ExpertTensor(TensorInfo info, StoredTensor codes, StoredTensor exponents, Slabs model) {
        super(info, codes, List.of(exponents), 4 * STEP, model);
        this.codes = codes;
        this.exponents = exponents;
        this.in = Math.toIntExact(info.shape().dim(1));
        this.out = Math.toIntExact(info.shape().dim(2));
    }

    @Override
    void load(long matrix, long from, int count, Tile tile, Workspace workspace)
            throws IOException {
        Slab code = slab(codes, out, in / 2, BITS, matrix, from, workspace);
        int groups = count / GROUP;
        byte[] exponent = Scratch.of(workspace).bytes(out * groups);
        columns(
                exponents,
                matrix * out * (in / GROUP),
                out,
                in / GROUP,
                (int) from / GROUP,
                groups,
                exponent,
                0,
                workspace);
        powers(exponent, groups, tile.scales(groups * out));
        int rows = count / WORD;
        inOrder(code, out, rows, length(), tile.words(rows * length()));
    }

    private int length() {
        return out + Tile.GAP;
    }

    /** The scales of each group of inputs, one behind another. */
    private void powers(byte[] exponent, int groups, float[] scale) {
        for (int o = 0; o < out; o++) {
            for (int g = 0; g < groups; g++) {
                scale[g * out + o] = Scales.power(exponent[o * groups + g]);
            }
        }
    }

    @Override
    void decode(Tile tile, int row, int column, int count, float[] dst, int at, Kernels kernels) {
        int first = row / WORD * length() + column;
        int group = row / GROUP * out + column;
        int shift = row % WORD * BITS;
        kernels.e2m1OfWords(tile.words(0), first, shift, tile.scales(0), group, dst, at, count);
    }
}
