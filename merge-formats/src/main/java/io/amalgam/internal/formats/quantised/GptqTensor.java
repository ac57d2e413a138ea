package io.amalgam.internal.formats.quantised;

import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.kernel.Kernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A matrix of GPTQ: codes of 2 to 8 bits, a string of bits down each column of {@code qweight}, a
 * zero and a scale for each group of inputs.
 */
final class GptqTensor extends TileTensor {
    /** Outputs that are decoded side by side. */
    private static final int ROWS = 16;

    private final Parts parts;
    private final int bits;
    private final int groupSize;
    private final int added;
    private final int in;
    private final int out;
    private final int groups;

    /**
     * The stored tensors.
     *
     * @param groupOfInput the group of each input, where groups are not runs
     */
    record Parts(
            StoredTensor codes,
            StoredTensor zeros,
            StoredTensor scales,
            Optional<StoredTensor> groupOfInput) {
        List<StoredTensor> others() {
            List<StoredTensor> others = new ArrayList<>(List.of(zeros, scales));
            groupOfInput.ifPresent(others::add);
            return others;
        }
    }

    /**
     * @param groupSize inputs of a group
     * @param added what is added to stored zeros
     */
    GptqTensor(TensorInfo info, Parts parts, int bits, int groupSize, int added, Slabs model) {
        super(info, parts.codes(), parts.others(), STEP, model);
        this.parts = parts;
        this.bits = bits;
        this.groupSize = groupSize;
        this.added = added;
        this.out = Math.toIntExact(info.shape().dim(0));
        this.in = Math.toIntExact(info.shape().dim(1));
        this.groups = Math.toIntExact(parts.scales().info().shape().dim(0));
    }

    @Override
    void load(long matrix, long from, int count, Tile tile, Workspace workspace)
            throws IOException {
        // No loop is here: with those of other methods inside, compiling takes longer than
        // decoding.
        float[] scale = scales(from, count, workspace);
        float[] zero = zeros((int) from, count, workspace);
        int[] group = groupOfInput(workspace);
        int words = in * bits / 32;
        Slab codes =
                slab(parts.codes(), words, out * Integer.BYTES, Integer.SIZE, 0, from, workspace);
        if (bits == 4 && in % WORD == 0 && areRuns(group)) {
            tile.decoded(false);
            exchange(scale, count, tile.scales(groups * count));
            exchange(zero, count, tile.zeros(groups * count));
            inOrder(codes, in / WORD, count, length(), tile.words(count * length()));
        } else {
            tile.decoded(true);
            ofRuns(codes, count, group, scale, zero, tile.values(count * in));
        }
    }

    /** Puts the groups of each output one behind another. */
    private void exchange(float[] ofGroups, int count, float[] ofRows) {
        for (int g = 0; g < groups; g++) {
            for (int o = 0; o < count; o++) {
                ofRows[o * groups + g] = ofGroups[g * count + o];
            }
        }
    }

    /** The scales of some columns, group by group. */
    private float[] scales(long from, int count, Workspace workspace) throws IOException {
        Scratch scratch = Scratch.of(workspace);
        float[] scale = scratch.scales(groups * count);
        DType type = parts.scales().info().dtype();
        int bytes = type.blockBytes();
        Slab scales =
                slab(parts.scales(), groups, out * bytes, bytes * Byte.SIZE, 0, from, workspace);
        for (int g = 0; g < groups; g++) {
            int place = g * scales.width() + scales.offset();
            Scratch.floats(type, scales.bytes(), place, count, scale, g * count, workspace);
        }
        return scale;
    }

    private void ofRuns(
            Slab codes, int count, int[] group, float[] scale, float[] zero, float[] tile) {
        byte[] code = codes.bytes();
        int width = codes.width();
        int offset = codes.offset();
        for (int i = 0; i < in; i += STEP) {
            int n = Math.min(STEP, in - i);
            boolean oneGroup = isOneGroup(group, i, n);
            // Some rows at a time, so that what is read and written stays in the cache.
            for (int begin = 0; begin < count; begin += ROWS) {
                int end = Math.min(begin + ROWS, count);
                for (int o = begin; o < end; o++) {
                    int place = i * bits / 32 * width + offset + o * Integer.BYTES;
                    if (oneGroup) {
                        int of = group[i] * count + o;
                        run(code, place, width, scale[of], zero[of], tile, o * in + i, n);
                    } else {
                        run(code, place, width, group, i, count, o, scale, zero, tile, n);
                    }
                }
            }
        }
    }

    /** Codes of 4 bits in a word. */
    private static final int WORD = 8;

    /** Whether groups are runs of whole words, all of one length. */
    private boolean areRuns(int[] group) {
        boolean runs = groupSize > 0 && groupSize % WORD == 0;
        for (int i = 0; i < in && runs; i++) {
            runs = group[i] == i / groupSize;
        }
        return runs;
    }

    private int length() {
        return in / WORD + Tile.GAP;
    }

    @Override
    void decode(Tile tile, int row, int column, int count, float[] dst, int at, Kernels kernels) {
        if (tile.isDecoded()) {
            System.arraycopy(tile.values(0), row * in + column, dst, at, count);
            return;
        }
        // Whole words from the first whole group on by the kernel, the others one by one.
        int head = Math.min(count, (groupSize - column % groupSize) % groupSize);
        int body = (count - head) / WORD * WORD;
        if (body > 0) {
            int word = row * length() + (column + head) / WORD;
            int first = row * groups + (column + head) / groupSize;
            kernels.int4ToFloat(
                    tile.words(0),
                    word,
                    tile.zeros(0),
                    tile.scales(0),
                    first,
                    groupSize,
                    dst,
                    at + head,
                    body);
        }
        decode(tile, row, column, head, dst, at);
        int done = head + body;
        decode(tile, row, column + done, count - done, dst, at + done);
    }

    private void decode(Tile tile, int row, int column, int count, float[] dst, int at) {
        for (int i = 0; i < count; i++) {
            int word = tile.words(0)[row * length() + (column + i) / WORD];
            int code = (word >>> ((column + i) % WORD * 4)) & 15;
            int group = row * groups + (column + i) / groupSize;
            dst[at + i] = (code - tile.zeros(0)[group]) * tile.scales(0)[group];
        }
    }

    private static boolean isOneGroup(int[] group, int from, int n) {
        boolean same = true;
        for (int i = 1; i < n; i++) {
            same &= group[from + i] == group[from];
        }
        return same;
    }

    /** Codes of one output and consecutive inputs of one group. */
    private void run(
            byte[] code,
            int place,
            int width,
            float scale,
            float zero,
            float[] tile,
            int at,
            int n) {
        int mask = (1 << bits) - 1;
        long buffer = 0;
        int next = place;
        int held = 0;
        for (int k = 0; k < n; k++) {
            if (held < bits) {
                buffer |= (Scratch.word(code, next) & 0xFFFFFFFFL) << held;
                held += 32;
                next += width;
            }
            tile[at + k] = scale * (((int) buffer & mask) - zero);
            buffer >>>= bits;
            held -= bits;
        }
    }

    /** Codes of one output and consecutive inputs of any groups. */
    private void run(
            byte[] code,
            int place,
            int width,
            int[] group,
            int i,
            int count,
            int o,
            float[] scale,
            float[] zero,
            float[] tile,
            int n) {
        int mask = (1 << bits) - 1;
        long buffer = 0;
        int next = place;
        int held = 0;
        for (int k = 0; k < n; k++) {
            if (held < bits) {
                buffer |= (Scratch.word(code, next) & 0xFFFFFFFFL) << held;
                held += 32;
                next += width;
            }
            int of = group[i + k] * count + o;
            tile[o * in + i + k] = scale[of] * (((int) buffer & mask) - zero[of]);
            buffer >>>= bits;
            held -= bits;
        }
    }

    /** The zeros of some columns, group by group. */
    private float[] zeros(int first, int count, Workspace workspace) throws IOException {
        Scratch scratch = Scratch.of(workspace);
        float[] zero = scratch.outer(groups * count);
        int rowBytes = Math.toIntExact(parts.zeros().info().shape().dim(1)) * Integer.BYTES;
        Slab packed = slab(parts.zeros(), groups, rowBytes, bits, 0, first, workspace);
        for (int g = 0; g < groups; g++) {
            int bit = (g * packed.width() + packed.offset()) * Byte.SIZE;
            unpack(packed.bytes(), bit, zero, g * count, count);
        }
        return zero;
    }

    private void unpack(byte[] bytes, int bit, float[] dst, int at, int count) {
        int mask = (1 << bits) - 1;
        for (int i = 0; i < count; i++) {
            dst[at + i] = Scratch.bits(bytes, bit + i * bits, bits) + added & mask;
        }
    }

    private int[] groupOfInput(Workspace workspace) throws IOException {
        int[] group = Scratch.of(workspace).ints(in);
        if (parts.groupOfInput().isEmpty()) {
            for (int i = 0; i < in; i++) {
                group[i] = i / groupSize;
            }
            return group;
        }
        StoredTensor tensor = parts.groupOfInput().get();
        byte[] bytes = Scratch.of(workspace).bytes(in * Integer.BYTES);
        Scratch.read(tensor, 0, in * Integer.BYTES, bytes, 0, workspace);
        for (int i = 0; i < in; i++) {
            group[i] = Scratch.word(bytes, i * Integer.BYTES);
            if (group[i] < 0 || group[i] >= groups) {
                throw new BadInputException(
                        Problem.expected(
                                        "element "
                                                + i
                                                + " of tensor '"
                                                + tensor.info().name()
                                                + "'",
                                        "a group from 0 to " + (groups - 1),
                                        group[i])
                                .hint("the checkpoint is damaged: download it again"));
            }
        }
        return group;
    }
}
