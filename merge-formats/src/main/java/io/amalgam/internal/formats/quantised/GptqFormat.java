package io.amalgam.internal.formats.quantised;

import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;

/** GPTQ: {@code qweight}, {@code qzeros}, {@code scales} and {@code g_idx} of a module. */
final class GptqFormat implements QuantisedFormat {
    private static final String CODES = "qweight";
    private static final int WORD = 32;

    private final boolean second;
    private final boolean symmetric;
    private final int groupSize;
    private final boolean ordered;
    private final boolean uniform;
    private final int saidBits;

    /**
     * @param second whether zeros are stored as they are, which the second version does
     * @param symmetric whether all zeros are in the middle
     * @param groupSize inputs of a group; -1 for all, 0 if that is not said
     * @param ordered whether the inputs of a group are not neighbours ({@code desc_act})
     * @param saidBits of a code; 0 if that is not said
     * @param uniform whether no module has numbers of its own
     */
    GptqFormat(
            boolean second,
            boolean symmetric,
            int groupSize,
            boolean ordered,
            int saidBits,
            boolean uniform) {
        this.uniform = uniform;
        this.saidBits = saidBits;
        this.ordered = ordered;
        this.second = second;
        this.symmetric = symmetric;
        this.groupSize = groupSize;
    }

    @Override
    public Optional<TensorSource> dense(StoredTensor codes, QuantisedTensors tensors) {
        String name = codes.info().name();
        Shape shape = codes.info().shape();
        if (!name.endsWith(CODES) || codes.info().dtype() != DType.I32 || shape.rank() != 2) {
            return Optional.empty();
        }
        String module = name.substring(0, name.length() - CODES.length());
        Optional<StoredTensor> zeros = tensors.companion(module + "qzeros", codes);
        Optional<StoredTensor> scales = tensors.companion(module + "scales", codes);
        if (zeros.isEmpty() || scales.isEmpty()) {
            return Optional.empty();
        }
        long out = shape.dim(1);
        Shape grid = scales.get().info().shape();
        if (grid.rank() != 2
                || grid.dim(0) < 1
                || grid.dim(1) != out
                || !scales.get().info().dtype().arithmetic()) {
            return tensors.unfit(
                    scales.get(), "scales [groups, " + out + "] in a float type", codes);
        }
        long groups = grid.dim(0);
        Shape packed = zeros.get().info().shape();
        int bits = packed.rank() == 2 && out > 0 ? (int) (packed.dim(1) * WORD / out) : 0;
        if (bits < 2
                || bits > 8
                || zeros.get().info().dtype() != DType.I32
                || !packed.equals(Shape.of(groups, out * bits / WORD))
                || out * bits % WORD != 0
                || shape.dim(0) * WORD % bits != 0) {
            return tensors.unfit(
                    zeros.get(), "I32 zeros [" + groups + ", " + out + " * bits / 32]", codes);
        }
        if (uniform && saidBits > 0 && saidBits != bits) {
            return tensors.unfit(
                    zeros.get(),
                    "zeros of " + saidBits + " bits, as the settings say, and not " + bits + ",",
                    codes);
        }
        long in = shape.dim(0) * WORD / bits;
        // Without it, inputs of such a model would get the scales of others.
        Optional<StoredTensor> index =
                ordered && groups > 1
                        ? tensors.companion(module + "g_idx", codes)
                        : tensors.companionIfAny(module + "g_idx");
        if (index.isEmpty() && ordered && groups > 1) {
            return Optional.empty();
        }
        if (index.isPresent()
                && (index.get().info().dtype() != DType.I32
                        || index.get().info().elements() != in)) {
            return tensors.unfit(index.get(), "I32 [" + in + "]", codes);
        }
        long group = groupSize > 0 ? groupSize : in;
        boolean checked = index.isEmpty() || (uniform && groupSize != 0);
        if (checked && ScaleGrid.ceil(in, group) != groups) {
            return tensors.unfit(
                    scales.get(), ScaleGrid.ceil(in, group) + " groups of " + group, codes);
        }
        tensors.label("GPTQ of " + bits + " bits");
        boolean plainZeros = zerosArePlain(zeros.get(), bits, tensors);
        return Optional.of(
                tensors.tiled(
                        new GptqTensor(
                                tensors.dense(module + "weight", out, in),
                                new GptqTensor.Parts(codes, zeros.get(), scales.get(), index),
                                bits,
                                (int) group,
                                plainZeros ? 0 : 1,
                                tensors.model())));
    }

    /**
     * Whether zeros are stored as they are, and not less one. Where all are in the middle, what is
     * stored for the first group tells, whatever the settings say.
     */
    private boolean zerosArePlain(StoredTensor zeros, int bits, QuantisedTensors tensors) {
        int bytes = (int) zeros.info().shape().dim(1) * Integer.BYTES;
        byte[] row = new byte[bytes + 1];
        try {
            Scratch.read(zeros, 0, bytes, row, 0, new Workspace(ScalarKernels.INSTANCE, bytes));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        int middle = 1 << (bits - 1);
        boolean allMiddle = true;
        boolean allBelow = true;
        boolean full = false;
        for (int bit = 0; bit + bits <= bytes * Byte.SIZE; bit += bits) {
            int stored = Scratch.bits(row, bit, bits);
            allMiddle &= stored == middle;
            allBelow &= stored == middle - 1;
            full |= stored == (1 << bits) - 1;
        }
        if (symmetric && (allMiddle || allBelow)) {
            if (allMiddle && !second) {
                tensors.warn(
                        "its settings say that zeros are stored less one, but they are not: read as they are");
            }
            return allMiddle;
        }
        if (full && !second) {
            tensors.warn(
                    "zeros of 0 are stored as all ones, which programs read differently: taken for 0");
        }
        return second;
    }
}
