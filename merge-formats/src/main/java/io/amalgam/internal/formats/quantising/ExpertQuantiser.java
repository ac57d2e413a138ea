package io.amalgam.internal.formats.quantising;

import io.amalgam.internal.encoding.Quantiser;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.List;

/**
 * The experts of gpt-oss in MXFP4: {@code X} [expert, in, out] becomes {@code X_blocks} [expert,
 * out, in/32, 16] and {@code X_scales}. Rows and columns are exchanged, so codes of a whole expert
 * are kept until they can be written.
 */
final class ExpertQuantiser implements Quantiser {
    /** Elements of the largest expert: as many bytes of codes are made at a time, and more. */
    static final long LARGEST = 1L << 28;

    private static final int GROUP = 32;

    private final List<TensorInfo> stored;
    private final int in;
    private final int out;

    /**
     * @param dense the inputs are whole groups
     */
    ExpertQuantiser(TensorInfo dense) {
        long experts = dense.shape().dim(0);
        this.in = Math.toIntExact(dense.shape().dim(1));
        this.out = Math.toIntExact(dense.shape().dim(2));
        this.stored =
                List.of(
                        new TensorInfo(
                                dense.name() + "_blocks",
                                DType.U8,
                                Shape.of(experts, out, in / GROUP, GROUP / 2)),
                        new TensorInfo(
                                dense.name() + "_scales",
                                DType.U8,
                                Shape.of(experts, out, in / GROUP)));
    }

    @Override
    public List<TensorInfo> stored() {
        return stored;
    }

    @Override
    public String name() {
        return "mxfp4 by experts";
    }

    @Override
    public int step() {
        return GROUP * out;
    }

    @Override
    public int together() {
        return in * out;
    }

    @Override
    public long bytesKept() {
        return together() / 2L + together() / GROUP;
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
        Room room = Room.of(workspace);
        byte[] codes = room.codes(together() / 2);
        byte[] scales = room.scales(together() / GROUP);
        for (int done = 0; done < count; done += step()) {
            long place = (from + done) % together();
            groups(values, at + done, (int) (place / step()), codes, scales);
            if (place + step() == together()) {
                long expert = (from + done) / together();
                target.write(1, expert * (together() / GROUP), scales, together() / GROUP);
                target.write(0, expert * (together() / 2), codes, together() / 2);
            }
        }
    }

    /** Those of the same inputs, one of each output. */
    private void groups(float[] values, int at, int number, byte[] codes, byte[] scales) {
        int groups = in / GROUP;
        float[] group = new float[GROUP];
        for (int o = 0; o < out; o++) {
            for (int k = 0, place = at + o; k < GROUP; k++, place += out) {
                group[k] = values[place];
            }
            int to = o * groups + number;
            scales[to] = Fp4Scale.MXFP4.code(Room.largest(group, 0, GROUP), 1);
            float scale = Fp4Scale.MXFP4.scale(scales[to], 1);
            for (int k = 0; k < GROUP; k += 2) {
                int low = Fp4Quantiser.code(group[k], scale);
                int high = Fp4Quantiser.code(group[k + 1], scale);
                codes[(to * GROUP + k) / 2] = (byte) (high << 4 | low);
            }
        }
    }
}
