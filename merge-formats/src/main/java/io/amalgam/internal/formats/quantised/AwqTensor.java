package io.amalgam.internal.formats.quantised;

import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.kernel.Kernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A matrix of AWQ: codes of 4 bits, eight outputs a word in an order of their own, a zero and a
 * scale for each group of inputs.
 */
final class AwqTensor extends TileTensor {
    /** Where in a word the code of each of eight neighbours begins. */
    private static final int[] SHIFTS = {0, 16, 4, 20, 8, 24, 12, 28};

    private static final int A_WORD = 8;
    private static final int BITS = 4;
    private static final int MIDDLE = 8;

    private final StoredTensor codes;
    private final Optional<StoredTensor> zeros;
    private final StoredTensor scales;
    private final int in;
    private final int out;
    private final int groups;

    /**
     * @param zeros as codes; all are 8 if there are none
     */
    AwqTensor(
            TensorInfo info,
            StoredTensor codes,
            Optional<StoredTensor> zeros,
            StoredTensor scales,
            Slabs model) {
        super(info, codes, others(zeros, scales), 4 * STEP, model);
        this.codes = codes;
        this.zeros = zeros;
        this.scales = scales;
        this.out = Math.toIntExact(info.shape().dim(0));
        this.in = Math.toIntExact(info.shape().dim(1));
        this.groups = Math.toIntExact(scales.info().shape().dim(0));
    }

    private static List<StoredTensor> others(Optional<StoredTensor> zeros, StoredTensor scales) {
        List<StoredTensor> others = new ArrayList<>(List.of(scales));
        zeros.ifPresent(others::add);
        return others;
    }

    @Override
    void load(long matrix, long from, int count, Tile tile, Workspace workspace)
            throws IOException {
        Scratch scratch = Scratch.of(workspace);
        float[] ofGroup = scratch.scales(count);
        float[] scale = tile.scales(groups * count);
        float[] zero = tile.zeros(groups * count);
        DType type = scales.info().dtype();
        int bytes = type.blockBytes();
        Slab numbers = slab(scales, groups, out * bytes, bytes * Byte.SIZE, 0, from, workspace);
        for (int g = 0; g < groups; g++) {
            int place = g * numbers.width() + numbers.offset();
            Scratch.floats(type, numbers.bytes(), place, count, ofGroup, 0, workspace);
            for (int o = 0; o < count; o++) {
                scale[o * groups + g] = ofGroup[o];
            }
        }
        if (zeros.isPresent()) {
            Slab packed = slab(zeros.get(), groups, out / 2, BITS, 0, from, workspace);
            for (int g = 0; g < groups; g++) {
                int place = g * packed.width() + packed.offset();
                for (int o = 0; o < count; o++) {
                    int word = Scratch.word(packed.bytes(), place + o / A_WORD * Integer.BYTES);
                    zero[o * groups + g] = word >>> SHIFTS[o % A_WORD] & 15;
                }
            }
        } else {
            Arrays.fill(zero, 0, groups * count, MIDDLE);
        }
        Slab code = slab(codes, in, out / 2, BITS, 0, from, workspace);
        int rows = count / A_WORD;
        inOrder(code, in, rows, length(), tile.words(rows * length()));
    }

    private int length() {
        return in + Tile.GAP;
    }

    @Override
    void decode(Tile tile, int row, int column, int count, float[] dst, int at, Kernels kernels) {
        int[] words = tile.words(0);
        int from = row / A_WORD * length() + column;
        int shift = SHIFTS[row % A_WORD];
        int groupSize = in / groups;
        for (int done = 0; done < count; ) {
            int i = column + done;
            int n = Math.min(groupSize - i % groupSize, count - done);
            int group = row * groups + i / groupSize;
            float zero = tile.zeros(0)[group];
            float scale = tile.scales(0)[group];
            kernels.int4OfWords(words, from + done, shift, zero, scale, dst, at + done, n);
            done += n;
        }
    }
}
