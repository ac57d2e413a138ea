package io.amalgam.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.amalgam.error.BadInputException;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsFile;
import io.amalgam.formats.safetensors.SafetensorsWriter;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SparkFederatedTest {
    @TempDir private Path temp;

    private Path client(String name, float value, int steps, Map<String, String> metadata)
            throws IOException {
        Path file = temp.resolve(name + ".safetensors");
        SafetensorsWriter.write(
                file,
                List.of(
                        NamedTensor.ofFloats(
                                "w", Shape.of(2, 2), new float[] {value, 2 * value, 0, 1}),
                        NamedTensor.ofBytes("steps", DType.U8, Shape.of(1), (byte) steps)),
                metadata);
        return file;
    }

    private static float[] weights(Path file) throws IOException {
        try (SafetensorsFile open = SafetensorsFile.open(file)) {
            float[] values = new float[4];
            open.tensors()
                    .get("w")
                    .read(
                            0,
                            4,
                            values,
                            0,
                            new Workspace(io.amalgam.Amalgam.engine().kernels(), 1024));
            return values;
        }
    }

    @Test
    void clientsCountByTheirExamplesAndBadOnesAreLeftOut() throws IOException {
        List<SparkFederated.Client> clients = new ArrayList<>();
        double sum = 0;
        double examples = 0;
        for (int i = 1; i <= 20; i++) {
            clients.add(new SparkFederated.Client(client("c" + i, i, i, Map.of()).toString(), i));
            sum += (double) i * i;
            examples += i;
        }
        client("stored", 5, 200, Map.of("examples", "10"));
        clients.add(new SparkFederated.Client("file:" + temp.resolve("stored.safetensors"), 0));
        sum += 50;
        examples += 10;
        clients.add(new SparkFederated.Client(temp.resolve("gone").toString(), 3));
        clients.add(new SparkFederated.Client(client("nan", Float.NaN, 1, Map.of()).toString(), 3));
        clients.add(new SparkFederated.Client(client("unsaid", 1, 1, Map.of()).toString(), 0));
        Path other = temp.resolve("other.safetensors");
        SafetensorsWriter.write(
                other, List.of(NamedTensor.ofFloats("v", Shape.of(1), new float[1])), Map.of());
        clients.add(3, new SparkFederated.Client(other.toString(), 3));
        clients.add(
                0,
                new SparkFederated.Client(
                        Files.writeString(temp.resolve("text.safetensors"), "x").toString(), 3));

        Path average = temp.resolve("average.safetensors");
        SparkFederated.Round round =
                SparkFederated.of(LocalSpark.context(), clients).average(average);

        assertThat(round.clients()).isEqualTo(21);
        assertThat(round.examples()).isEqualTo(examples);
        assertThat(round.leftOut()).hasSize(5);
        assertThat(round.leftOut().get(other.toString())).contains("those of the first client");
        assertThat(round.leftOut().get(temp.resolve("nan.safetensors").toString()))
                .contains("finite numbers");
        assertThat(weights(average))
                .containsExactly((float) (sum / examples), (float) (2 * sum / examples), 0, 1);
    }

    @Test
    void aServerOptimiserKeepsItsState() throws IOException {
        Path last = Files.createDirectory(temp.resolve("round-0"));
        Files.copy(client("start", 0, 1, Map.of()), last.resolve("model.safetensors"));
        List<SparkFederated.Client> clients =
                List.of(
                        new SparkFederated.Client(client("a", 1, 1, Map.of()).toString(), 1),
                        new SparkFederated.Client(client("b", 3, 1, Map.of()).toString(), 1));
        SparkFederated federated = SparkFederated.of(LocalSpark.context(), clients);

        Path first = temp.resolve("round-1");
        federated.update("fedavgm", Map.of("momentum", 0.5), last, first);
        assertThat(weights(first.resolve("model.safetensors"))[0]).isEqualTo(2);
        assertThat(first.resolve("server-state.safetensors")).exists();
        Path second = temp.resolve("round-2");
        federated.update("fedavgm", Map.of("momentum", 0.5), first, second);
        // The average again, and half of the last step.
        assertThat(weights(second.resolve("model.safetensors"))[0]).isCloseTo(3, within(1e-6f));
    }

    @Test
    void listingsHaveALineForEachClient() throws IOException {
        Path listing = Files.writeString(temp.resolve("l.tsv"), "a\t5\n\ns3a://b/c\n");
        assertThat(SparkFederated.listing(listing))
                .containsExactly(
                        new SparkFederated.Client("a", 5),
                        new SparkFederated.Client("s3a://b/c", 0));
        Files.writeString(listing, "a\tmany\n");
        assertThatThrownBy(() -> SparkFederated.listing(listing))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("expected a number, got 'many'");
    }
}
