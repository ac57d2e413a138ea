package io.amalgam.internal.formats.quantising;

import io.amalgam.internal.encoding.Quantiser;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Codes of four bits, eight a word along the rows, with a scale for each group of a row: symmetric,
 * or with zero points, which are packed along the columns.
 */
final class IntQuantiser implements Quantiser {
    private static final int BITS = 4;
    private static final int LEAST = -(1 << (BITS - 1));
    private static final int MOST = (1 << (BITS - 1)) - 1;

    /** Codes in a word. */
    static final int PACKED = Integer.SIZE / BITS;

    private final List<TensorInfo> stored;
    private final String name;
    private final long rows;
    private final int columns;
    private final int group;
    private final boolean symmetric;

    /**
     * @param group elements of a row that share a scale: whole words, and rows have whole groups
     */
    IntQuantiser(TensorInfo dense, String name, int group, boolean symmetric) {
        this.name = name;
        this.group = group;
        this.symmetric = symmetric;
        this.rows = dense.shape().dim(0);
        this.columns = Math.toIntExact(dense.shape().dim(1));
        String tensor = dense.name();
        int groups = columns / group;
        List<TensorInfo> made = new ArrayList<>();
        made.add(new TensorInfo(tensor + "_packed", DType.I32, Shape.of(rows, columns / PACKED)));
        made.add(new TensorInfo(tensor + "_scale", DType.F32, Shape.of(rows, groups)));
        made.add(new TensorInfo(tensor + "_shape", DType.I64, Shape.of(2)));
        if (!symmetric) {
            long words = (rows + PACKED - 1) / PACKED;
            made.add(new TensorInfo(tensor + "_zero_point", DType.I32, Shape.of(words, groups)));
        }
        this.stored = List.copyOf(made);
    }

    @Override
    public List<TensorInfo> stored() {
        return stored;
    }

    @Override
    public String name() {
        return name;
    }

    /** Zero points of several rows fill a word. */
    @Override
    public int step() {
        return symmetric ? group : PACKED * columns;
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
        int groups = count / group;
        int across = columns / group;
        byte[] code = room.codes(count / 2);
        byte[] scales = room.scales(groups * Float.BYTES);
        int words = symmetric ? 0 : (count / columns + PACKED - 1) / PACKED * across;
        int[] zeros = new int[words];
        for (int g = 0; g < groups; g++) {
            int begin = at + g * group;
            float scale = symmetric ? scale(values, begin) : scaleOfRange(values, begin);
            int zero = symmetric ? 0 : zero(values, begin, scale);
            Room.putFloat(scales, g * Float.BYTES, scale);
            if (!symmetric) {
                int row = g / across;
                int word = row / PACKED * across + g % across;
                zeros[word] |= (zero - LEAST) << (row % PACKED * BITS);
            }
            for (int i = 0; i < group; i += 2) {
                int low = code(values[begin + i], scale, zero);
                int high = code(values[begin + i + 1], scale, zero);
                code[(g * group + i) / 2] = (byte) (high << BITS | low);
            }
        }
        if (from == 0) {
            byte[] shape = room.zeros(2 * Long.BYTES);
            Room.putLong(shape, 0, rows);
            Room.putLong(shape, Long.BYTES, columns);
            target.write(2, 0, shape, shape.length);
        }
        target.write(0, from / 2, code, count / 2);
        target.write(1, from / group * Float.BYTES, scales, groups * Float.BYTES);
        if (!symmetric) {
            byte[] packed = room.zeros(words * Integer.BYTES);
            for (int word = 0; word < words; word++) {
                Room.putInt(packed, word * Integer.BYTES, zeros[word]);
            }
            target.write(
                    3,
                    from / columns / PACKED * across * Integer.BYTES,
                    packed,
                    words * Integer.BYTES);
        }
    }

    private float scale(float[] values, int begin) {
        float scale = Room.largest(values, begin, group) / (MOST + 0.5f);
        return scale == 0 ? ByteScale.EPSILON : scale;
    }

    private float scaleOfRange(float[] values, int begin) {
        float high = 0;
        for (int i = begin; i < begin + group; i++) {
            high = Math.max(high, values[i]);
        }
        float scale = (high - least(values, begin)) / (MOST - LEAST);
        return scale == 0 ? ByteScale.EPSILON : scale;
    }

    private float least(float[] values, int begin) {
        float low = 0;
        for (int i = begin; i < begin + group; i++) {
            low = Math.min(low, values[i]);
        }
        return low;
    }

    /** The code of 0; that of a group of zeros is 0. */
    private int zero(float[] values, int begin, float scale) {
        if (Room.largest(values, begin, group) == 0) {
            return 0;
        }
        return Codes.whole(LEAST - least(values, begin) / scale, LEAST, MOST);
    }

    private static int code(float value, float scale, int zero) {
        float scaled = value / scale;
        return Codes.whole(zero == 0 ? scaled : scaled + zero, LEAST, MOST) - LEAST;
    }
}
