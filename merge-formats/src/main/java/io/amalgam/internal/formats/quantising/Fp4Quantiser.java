package io.amalgam.internal.formats.quantising;

import io.amalgam.internal.encoding.Quantiser;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.List;

/**
 * Codes of E2M1, two a byte, the first in the lower half, with a scale for each group of a row and
 * maybe one for the tensor.
 */
final class Fp4Quantiser implements Quantiser {
    private final List<TensorInfo> stored;
    private final String name;
    private final Fp4Scale rule;
    private final String shared;

    /**
     * @param stored codes, scales, and where there is one the number of the tensor
     * @param shared what tensors with the same number have in common
     */
    Fp4Quantiser(List<TensorInfo> stored, String name, Fp4Scale rule, String shared) {
        this.stored = List.copyOf(stored);
        this.name = name;
        this.rule = rule;
        this.shared = shared;
    }

    @Override
    public List<TensorInfo> stored() {
        return stored;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int step() {
        return rule.group();
    }

    @Override
    public boolean needsLargest() {
        return stored.size() > 2;
    }

    @Override
    public String largestOf() {
        return shared;
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
        int group = rule.group();
        int groups = count / group;
        Room room = Room.of(workspace);
        byte[] code = room.codes(count / 2);
        byte[] scales = room.scales(groups);
        float tensor = rule.ofTensor(largest);
        for (int g = 0; g < groups; g++) {
            int begin = at + g * group;
            scales[g] = rule.code(Room.largest(values, begin, group), tensor);
            float scale = rule.scale(scales[g], tensor);
            for (int i = 0; i < group; i += 2) {
                int low = code(values[begin + i], scale);
                int high = code(values[begin + i + 1], scale);
                code[(g * group + i) / 2] = (byte) (high << 4 | low);
            }
        }
        if (from == 0 && stored.size() > 2) {
            byte[] number = room.zeros(Float.BYTES);
            Room.putFloat(number, 0, tensor);
            target.write(2, 0, number, Float.BYTES);
        }
        target.write(1, from / group, scales, groups);
        target.write(0, from / 2, code, count / 2);
    }

    /** A zero that was negative is positive; one that comes of rounding keeps its sign. */
    static int code(float value, float scale) {
        return Codes.e2m1(value / scale) | (value < 0 ? 8 : 0);
    }
}
