package io.amalgam.internal.spark;

import io.amalgam.ModelLoader;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.OutputFormat;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.Rescaled;
import io.amalgam.internal.engine.CarriedSums;
import io.amalgam.internal.engine.ClientTensor;
import io.amalgam.internal.engine.RunningAverage;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;

/**
 * The sums of some clients, and what is wrong with the others of them.
 *
 * @param sums of {@link CarriedSums}
 * @param bad clients that were left out, each with the reason
 */
public record ClientSums(byte[] sums, ArrayList<Bad> bad) implements Serializable {
    /** A client that was left out. */
    public record Bad(String client, String reason) implements Serializable {}

    /**
     * @param address of a weights file or a model folder
     * @param examples of it; 0 if its metadata has them
     */
    public record Client(String address, double examples) implements Serializable {}

    private static final List<String> EXAMPLES = List.of("examples", "num_examples");

    static OutputFormat format() {
        return ModelLoader.load().output("safetensors");
    }

    /** What is done with an open client. */
    private interface Use {
        void use(Checkpoint model) throws IOException;
    }

    /** The tensors of a client; empty if it cannot be opened. */
    static Optional<List<TensorInfo>> tensors(Client client, Configuration hadoop)
            throws IOException {
        List<TensorInfo> tensors = new ArrayList<>();
        try {
            open(
                    ModelLoader.load(),
                    client,
                    hadoop,
                    model -> model.tensors().values().forEach(t -> tensors.add(t.info())));
        } catch (BadInputException | IOException e) {
            return Optional.empty();
        }
        return tensors.isEmpty() ? Optional.empty() : Optional.of(tensors);
    }

    /**
     * Adds clients.
     *
     * @param begin sums of no clients, with the tensors that all must have
     */
    static ClientSums of(Iterable<Client> clients, byte[] begin, Configuration hadoop)
            throws IOException {
        RunningAverage average = CarriedSums.of(format(), begin);
        ModelLoader formats = ModelLoader.load();
        ArrayList<Bad> bad = new ArrayList<>();
        for (Client client : clients) {
            try {
                open(formats, client, hadoop, model -> add(average, client, model));
            } catch (BadInputException e) {
                bad.add(new Bad(client.address, e.problems().get(0).toString()));
            } catch (IOException e) {
                bad.add(new Bad(client.address, "cannot be read: " + e.getMessage()));
            }
        }
        return new ClientSums(CarriedSums.bytes(average), bad);
    }

    /** Those of both. */
    static ClientSums together(ClientSums one, ClientSums other) throws IOException {
        ArrayList<Bad> bad = new ArrayList<>(one.bad);
        bad.addAll(other.bad);
        RunningAverage sums =
                CarriedSums.together(
                        format(),
                        CarriedSums.of(format(), one.sums),
                        CarriedSums.of(format(), other.sums));
        return new ClientSums(CarriedSums.bytes(sums), bad);
    }

    private static void open(ModelLoader formats, Client client, Configuration hadoop, Use use)
            throws IOException {
        if (!StoredModels.isAddress(client.address)) {
            use(formats, client, Path.of(client.address), use);
            return;
        }
        // A client is small, and read once: as a whole, in one request.
        org.apache.hadoop.fs.Path place = new org.apache.hadoop.fs.Path(client.address);
        FileSystem store = Stores.of(place, hadoop);
        Path copy = Files.createTempFile("amalgam-client-", ".safetensors");
        try {
            Files.delete(copy);
            store.copyToLocalFile(false, place, new org.apache.hadoop.fs.Path(copy.toUri()), true);
            use(formats, client, copy, use);
        } finally {
            Files.deleteIfExists(copy);
        }
    }

    private static void use(ModelLoader formats, Client client, Path path, Use use)
            throws IOException {
        try (Checkpoint model = formats.open(path, client.address)) {
            use.use(model);
        }
    }

    private static void add(RunningAverage average, Client client, Checkpoint model)
            throws IOException {
        Optional<Problem> rescaled = Rescaled.problem(client.address, model);
        if (rescaled.isPresent()) {
            throw new BadInputException(rescaled.get());
        }
        Map<String, ClientTensor> tensors = new LinkedHashMap<>();
        for (Map.Entry<String, ? extends TensorSource> tensor : model.tensors().entrySet()) {
            tensors.put(tensor.getKey(), ClientTensor.of(tensor.getValue()));
        }
        average.add(tensors, client.examples > 0 ? client.examples : stored(model));
    }

    private static double stored(Checkpoint model) {
        for (String key : EXAMPLES) {
            String text = model.metadata().get(key);
            try {
                if (text != null) {
                    return Double.parseDouble(text);
                }
            } catch (NumberFormatException e) {
                break;
            }
        }
        throw new BadInputException(
                Problem.expected(
                                "a client's examples",
                                "a number in the listing or in the metadata",
                                "none")
                        .hint("the client is left out"));
    }
}
