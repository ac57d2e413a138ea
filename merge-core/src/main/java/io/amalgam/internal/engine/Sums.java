package io.amalgam.internal.engine;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A block of sums, or of integers' maxima, while a client is added to it. */
final class Sums {
    private final TensorInfo info;
    private final double[] sums = new double[RunningAverage.BLOCK];
    private final long[] largest = new long[RunningAverage.BLOCK];
    private final float[] floats = new float[RunningAverage.BLOCK];
    private final long[] integers = new long[RunningAverage.BLOCK];
    private boolean begun;

    Sums(TensorInfo info) {
        this.info = info;
    }

    /** Takes what there was before from an array of the whole tensor; null if there was nothing. */
    void load(@Nullable Object old, int from, int n) {
        begun = old != null;
        if (old instanceof double[] wide) {
            System.arraycopy(wide, from, sums, 0, n);
        } else if (old instanceof long[] longs) {
            System.arraycopy(longs, from, largest, 0, n);
        } else {
            Arrays.fill(sums, 0);
        }
    }

    /** Takes what there was before from the bytes of a file, 8 for each element. */
    void load(ByteBuffer bytes, int n) {
        begun = true;
        for (int i = 0; i < n; i++) {
            if (info.dtype().arithmetic()) {
                sums[i] = bytes.getDouble(i * Long.BYTES);
            } else {
                largest[i] = bytes.getLong(i * Long.BYTES);
            }
        }
    }

    void add(ClientTensor client, long from, int n, double examples) throws IOException {
        if (info.dtype().arithmetic()) {
            client.floats(from, n, floats);
            for (int i = 0; i < n; i++) {
                if (!Float.isFinite(floats[i])) {
                    throw new BadInputException(
                            Problem.expected(
                                            "a client's tensor '" + info.name() + "'",
                                            "finite numbers",
                                            floats[i] + " at element " + (from + i))
                                    .hint("the client is left out"));
                }
                sums[i] += examples * floats[i];
            }
            return;
        }
        client.integers(from, n, integers);
        for (int i = 0; i < n; i++) {
            boolean larger = Integers.compare(info.dtype(), integers[i], largest[i]) > 0;
            largest[i] = !begun || larger ? integers[i] : largest[i];
        }
    }

    void store(Object into, int from, int n) {
        if (into instanceof double[] wide) {
            System.arraycopy(sums, 0, wide, from, n);
        } else {
            System.arraycopy(largest, 0, (long[]) into, from, n);
        }
    }

    void store(ByteBuffer bytes, int n) {
        for (int i = 0; i < n; i++) {
            if (info.dtype().arithmetic()) {
                bytes.putDouble(i * Long.BYTES, sums[i]);
            } else {
                bytes.putLong(i * Long.BYTES, largest[i]);
            }
        }
    }

    void average(double examples, float[] rounded, int n) {
        for (int i = 0; i < n; i++) {
            rounded[i] = (float) (sums[i] / examples);
        }
    }

    long[] integers() {
        return largest;
    }
}
