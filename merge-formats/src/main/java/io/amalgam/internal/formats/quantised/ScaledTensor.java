package io.amalgam.internal.formats.quantised;

import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.kernel.Kernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Codes of a byte each, 8-bit floats or integers, times the scale of their block. */
final class ScaledTensor extends Dequantised {
    private final StoredTensor codes;
    private final DType type;
    private final ScaleGrid grid;
    private final Scales scales;
    private final Optional<StoredTensor> zeros;
    private final float factor;

    /**
     * @param zeros the codes of zero, one for each scale, where they are not 0
     * @param factor what every value is multiplied with in the end
     */
    ScaledTensor(
            TensorInfo info,
            StoredTensor codes,
            ScaleGrid grid,
            Scales scales,
            Optional<StoredTensor> zeros,
            float factor) {
        super(info, codes, others(scales, zeros));
        this.codes = codes;
        this.type = codes.info().dtype();
        this.grid = grid;
        this.scales = scales;
        this.zeros = zeros;
        this.factor = factor;
    }

    private static List<StoredTensor> others(Scales scales, Optional<StoredTensor> zeros) {
        List<StoredTensor> others = new ArrayList<>(scales.tensors());
        zeros.ifPresent(others::add);
        return others;
    }

    @Override
    long blockRows() {
        return grid.blockRows();
    }

    @Override
    long blockColumns() {
        return grid.blockColumns();
    }

    /** Whether codes of a type are known. */
    static boolean fits(DType type) {
        return type == DType.F8_E4M3 || type == DType.F8_E5M2 || type == DType.I8;
    }

    @Override
    public boolean read(long from, int count, float[] dst, int at, Workspace workspace)
            throws IOException {
        if (count == 0) {
            return false;
        }
        Scratch scratch = Scratch.of(workspace);
        long first = grid.first(from, count);
        int n = (int) (grid.end(from, count) - first);
        float[] scale = scratch.scales(n);
        scales.read(first, n, scale, workspace);
        byte[] zero = zeros.isPresent() ? scratch.bytes(zeros.get(), first, n, workspace) : NONE;
        byte[] code = scratch.codes(codes, from, count, workspace);
        if (grid.isFlat(from) && zero.length == 0) {
            int length = (int) grid.blockColumns();
            int block = (int) (grid.block(from) - first);
            for (int done = 0; done < count; done += length, block++) {
                int run = Math.min(count - done, length);
                decode(code, done, run, 0, scale[block], dst, at + done, workspace.kernels());
            }
            return false;
        }
        for (int done = 0; done < count; ) {
            long place = from + done;
            int run = (int) Math.min(count - done, grid.run(place));
            int block = (int) (grid.block(place) - first);
            float z = zero.length == 0 ? 0 : zero[block];
            decode(code, done, run, z, scale[block], dst, at + done, workspace.kernels());
            done += run;
        }
        return false;
    }

    private static final byte[] NONE = new byte[0];

    private void decode(
            byte[] code,
            int from,
            int count,
            float zero,
            float scale,
            float[] dst,
            int at,
            Kernels kernels) {
        switch (type) {
            case F8_E4M3 -> kernels.e4m3ToFloat(code, from, scale, factor, dst, at, count);
            case F8_E5M2 -> kernels.e5m2ToFloat(code, from, scale, factor, dst, at, count);
            default -> kernels.int8ToFloat(code, from, zero, scale, factor, dst, at, count);
        }
    }
}
