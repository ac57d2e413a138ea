package io.amalgam.internal.formats.quantised;

import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.List;

/** Matrices of MXFP4 that are stored with rows and columns exchanged. */
final class ExpertTensor extends TileTensor {
    private static final int GROUP = Fp4Format.MX_GROUP;

    /** Outputs that are decoded side by side: what they are written to stays in the cache. */
    private static final int RUN = 256;

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
    void decode(long matrix, long from, int count, float[] tile, Workspace workspace)
            throws IOException {
        Scratch scratch = Scratch.of(workspace);
        Slab code = slab(codes, out, in / 2, BITS, matrix, from, workspace);
        int groups = count / GROUP;
        byte[] exponent = scratch.bytes(out * groups);
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
        float[] scale = scratch.scales(RUN);
        int[] words = scratch.words(GROUP / WORD * RUN);
        for (int g = 0; g < groups; g++) {
            for (int o = 0; o < out; o += RUN) {
                int n = Math.min(RUN, out - o);
                for (int j = 0; j < n; j++) {
                    scale[j] = Scales.power(exponent[(o + j) * groups + g]);
                }
                int place = code.offset() + o * code.width() + g * (GROUP / 2);
                for (int j = 0; j < n; j++, place += code.width()) {
                    words[j] = Scratch.word(code.bytes(), place);
                    words[RUN + j] = Scratch.word(code.bytes(), place + Integer.BYTES);
                    words[2 * RUN + j] = Scratch.word(code.bytes(), place + 2 * Integer.BYTES);
                    words[3 * RUN + j] = Scratch.word(code.bytes(), place + 3 * Integer.BYTES);
                }
                for (int i = 0; i < GROUP; i++) {
                    int first = i / WORD * RUN;
                    int at = (g * GROUP + i) * out + o;
                    workspace.kernels().e2m1OfWords(words, first, i % WORD * 4, scale, tile, at, n);
                }
            }
        }
    }
}
