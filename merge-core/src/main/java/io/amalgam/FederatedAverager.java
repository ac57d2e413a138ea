package io.amalgam;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.Rescaled;
import io.amalgam.internal.engine.ClientTensor;
import io.amalgam.internal.engine.RunningAverage;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Federated averaging on a server, one client at a time:
 *
 * <pre>{@code
 * FederatedAverager round = FederatedAverager.inFile(Path.of("round-7.sums.safetensors"));
 * round.add(Path.of("clients/a"), 518);
 * round.add(arrays, 494);
 * round.finish(Path.of("round-7.safetensors"));
 * }</pre>
 *
 * <p>The average is {@code sum n_k x_k / sum n_k}, with float64 sums, so the order of clients
 * affects only the last bits. Integers and booleans (batch counters) take the largest value. A
 * client is added completely or not at all. Sums in memory take 8 bytes per parameter, 16 while a
 * client is added. With a file only a few blocks are in memory, and a restarted server continues
 * from the file. Only one process at a time may use a file.
 *
 * <p>Thread-safe: calls exclude each other.
 */
public final class FederatedAverager {
    private static final String FORMAT = "safetensors";

    private final ModelLoader formats;
    private final RunningAverage average;

    private FederatedAverager(ModelLoader formats, RunningAverage average) {
        this.formats = formats;
        this.average = average;
    }

    /** Keeps the sums in memory. */
    public static FederatedAverager inMemory() {
        ModelLoader formats = ModelLoader.load();
        return new FederatedAverager(formats, RunningAverage.inMemory(formats.output(FORMAT)));
    }

    /**
     * Keeps the sums in a safetensors file, and continues from an existing one.
     *
     * @throws BadInputException if the file holds something else
     */
    public static FederatedAverager inFile(Path sums) throws IOException {
        ModelLoader formats = ModelLoader.load();
        return new FederatedAverager(formats, RunningAverage.inFile(formats.output(FORMAT), sums));
    }

    /**
     * Adds a client's checkpoint: a model directory or a weights file.
     *
     * @param examples the client learnt from, more than 0
     * @throws BadInputException if its tensors are not those of the first client, or not all
     *     finite, or mean something only together (AWQ); the average is then what it was
     */
    public void add(Path model, double examples) throws IOException {
        try (Checkpoint checkpoint = formats.open(model, model.toString())) {
            Optional<Problem> rescaled = Rescaled.problem(model.toString(), checkpoint);
            if (rescaled.isPresent()) {
                throw new BadInputException(rescaled.get());
            }
            Map<String, ClientTensor> client = new LinkedHashMap<>();
            for (Map.Entry<String, ? extends TensorSource> tensor :
                    checkpoint.tensors().entrySet()) {
                client.put(tensor.getKey(), ClientTensor.of(tensor.getValue()));
            }
            average.add(client, examples);
        }
    }

    /** As {@link #add(Path, double)}, for arrays. */
    public void add(Map<String, INDArray> model, double examples) throws IOException {
        Map<String, ClientTensor> client = new LinkedHashMap<>();
        model.forEach((name, array) -> client.put(name, new ArrayTensor(name, array)));
        average.add(client, examples);
    }

    /** Number of clients added. */
    public long clients() {
        return average.clients();
    }

    /** Total number of examples. */
    public double examples() {
        return average.examples();
    }

    /**
     * Writes the average to a safetensors file, in the first client's types, whole or not at all.
     *
     * @throws BadInputException if there was no client, or the file is that of the sums
     */
    public void finish(Path file) throws IOException {
        average.write(file);
    }

    /**
     * The average as new arrays: FLOAT for floating tensors, integers in the first client's types.
     *
     * @throws BadInputException if there was no client
     */
    public Map<String, INDArray> average() throws IOException {
        Map<String, float[]> floats = new LinkedHashMap<>();
        Map<String, long[]> integers = new LinkedHashMap<>();
        average.read(
                new RunningAverage.Sink() {
                    @Override
                    public void floats(TensorInfo tensor, long from, float[] values, int n) {
                        float[] all =
                                floats.computeIfAbsent(
                                        tensor.name(), name -> new float[length(tensor)]);
                        System.arraycopy(values, 0, all, (int) from, n);
                    }

                    @Override
                    public void integers(TensorInfo tensor, long from, long[] values, int n) {
                        long[] all =
                                integers.computeIfAbsent(
                                        tensor.name(), name -> new long[length(tensor)]);
                        System.arraycopy(values, 0, all, (int) from, n);
                    }
                });
        Map<String, INDArray> arrays = new LinkedHashMap<>();
        for (TensorInfo tensor : average.tensors()) {
            arrays.put(
                    tensor.name(),
                    array(tensor, floats.get(tensor.name()), integers.get(tensor.name())));
        }
        return arrays;
    }

    private static int length(TensorInfo tensor) {
        return Math.toIntExact(tensor.elements());
    }

    private static INDArray array(
            TensorInfo tensor, float @Nullable [] floats, long @Nullable [] integers) {
        long[] shape = tensor.shape().dims();
        if (floats != null) {
            return ArrayTypes.array(floats, shape);
        }
        if (integers == null) {
            return Nd4j.empty(ArrayTypes.of(tensor));
        }
        return Nd4j.createFromArray(integers).reshape('c', shape).castTo(ArrayTypes.of(tensor));
    }

    /** An array as a client's tensor. */
    private static final class ArrayTensor implements ClientTensor {
        private final TensorInfo info;
        private final INDArray array;
        private float @Nullable [] floats;
        private long @Nullable [] integers;

        ArrayTensor(String name, INDArray array) {
            this.info = new TensorInfo(name, ArrayTypes.of(array), ArrayTypes.shape(array));
            this.array = array;
        }

        @Override
        public TensorInfo info() {
            return info;
        }

        @Override
        public void floats(long from, int n, float[] dst) {
            if (floats == null) {
                floats = ArrayTypes.floats(array);
            }
            System.arraycopy(Objects.requireNonNull(floats), (int) from, dst, 0, n);
            if (from + n == floats.length) {
                floats = null;
            }
        }

        @Override
        public void integers(long from, int n, long[] dst) {
            if (integers == null) {
                integers = array.castTo(DataType.INT64).dup('c').data().asLong();
            }
            System.arraycopy(Objects.requireNonNull(integers), (int) from, dst, 0, n);
            if (from + n == integers.length) {
                integers = null;
            }
        }
    }
}
