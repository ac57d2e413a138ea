package io.amalgam.internal.engine;

import io.amalgam.checkpoint.OutputFormat;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Sums of clients in memory as bytes, and two of them as one: for averages on several machines. */
public final class CarriedSums {
    /** The most parameters: their sums, 8 bytes each, are one array of bytes. */
    public static final long MOST_PARAMETERS = 1L << 27;

    private CarriedSums() {}

    /**
     * @throws BadInputException if the clients have too many parameters for it
     */
    public static void requireSmall(List<TensorInfo> tensors) {
        long parameters = tensors.stream().mapToLong(TensorInfo::elements).sum();
        if (parameters > MOST_PARAMETERS) {
            throw new BadInputException(
                    Problem.expected(
                                    "clients' models",
                                    "at most " + MOST_PARAMETERS + " parameters",
                                    parameters)
                            .hint(
                                    "average larger models by a recipe with 'merge_method: fedavg', file by file"));
        }
    }

    /** The sums as bytes. */
    public static byte[] bytes(RunningAverage average) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        SumFile.Content content = average.content();
        out.writeLong(content.clients());
        out.writeDouble(content.examples());
        out.writeInt(content.tensors().size());
        for (TensorInfo info : content.tensors()) {
            out.writeUTF(info.name());
            out.writeUTF(info.dtype().name());
            long[] dims = info.shape().dims();
            out.writeInt(dims.length);
            for (long dim : dims) {
                out.writeLong(dim);
            }
            if (content.clients() > 0) {
                out.write(array(sum(average, info)));
            }
        }
        return bytes.toByteArray();
    }

    private static Object sum(RunningAverage average, TensorInfo info) {
        return Objects.requireNonNull(average.sums().get(info.name()));
    }

    private static byte[] array(Object sum) {
        if (sum instanceof double[] wide) {
            ByteBuffer bytes = ByteBuffer.allocate(wide.length * Double.BYTES);
            bytes.asDoubleBuffer().put(wide);
            return bytes.array();
        }
        long[] longs = (long[]) sum;
        ByteBuffer bytes = ByteBuffer.allocate(longs.length * Long.BYTES);
        bytes.asLongBuffer().put(longs);
        return bytes.array();
    }

    /** The sums of {@link #bytes}. */
    public static RunningAverage of(OutputFormat format, byte[] bytes) throws IOException {
        DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
        long clients = in.readLong();
        double examples = in.readDouble();
        List<TensorInfo> tensors = new ArrayList<>();
        Map<String, Object> sums = new LinkedHashMap<>();
        int count = in.readInt();
        for (int i = 0; i < count; i++) {
            String name = in.readUTF();
            DType type = DType.valueOf(in.readUTF());
            long[] dims = new long[in.readInt()];
            for (int d = 0; d < dims.length; d++) {
                dims[d] = in.readLong();
            }
            TensorInfo info = new TensorInfo(name, type, Shape.of(dims));
            tensors.add(info);
            if (clients > 0) {
                int n = Math.toIntExact(info.elements());
                ByteBuffer sum = ByteBuffer.wrap(in.readNBytes(n * Long.BYTES));
                Object array = type.arithmetic() ? new double[n] : new long[n];
                if (array instanceof double[] wide) {
                    sum.asDoubleBuffer().get(wide);
                } else {
                    sum.asLongBuffer().get((long[]) array);
                }
                sums.put(name, array);
            }
        }
        return RunningAverage.of(format, new SumFile.Content(tensors, clients, examples), sums);
    }

    /** The sums of the clients of both, which have the same tensors. Either may be used up. */
    public static RunningAverage together(
            OutputFormat format, RunningAverage one, RunningAverage other) {
        if (one.clients() == 0 || other.clients() == 0) {
            return one.clients() == 0 ? other : one;
        }
        for (TensorInfo info : one.tensors()) {
            Object into = sum(one, info);
            if (into instanceof double[] wide) {
                double[] more = (double[]) sum(other, info);
                for (int i = 0; i < wide.length; i++) {
                    wide[i] += more[i];
                }
            } else {
                long[] largest = (long[]) into;
                long[] more = (long[]) sum(other, info);
                for (int i = 0; i < largest.length; i++) {
                    if (Integers.compare(info.dtype(), more[i], largest[i]) > 0) {
                        largest[i] = more[i];
                    }
                }
            }
        }
        return RunningAverage.of(
                format,
                new SumFile.Content(
                        one.tensors(),
                        one.clients() + other.clients(),
                        one.examples() + other.examples()),
                one.sums());
    }
}
