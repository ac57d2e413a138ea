package io.amalgam.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.OutputFormat;
import io.amalgam.error.BadInputException;
import io.amalgam.plainformat.PlainModel;
import io.amalgam.plainformat.PlainOutput;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Averages of models that come one after another. */
class RunningAverageTest {
    private static final OutputFormat FORMAT = PlainOutput.DIRECTORY;

    @TempDir Path temp;

    @BeforeEach
    void models() throws IOException {
        TestModel.writeThree(temp);
    }

    private RunningAverage begin(boolean inFile) throws IOException {
        return inFile
                ? RunningAverage.inFile(FORMAT, temp.resolve("sums.plain"))
                : RunningAverage.inMemory(FORMAT);
    }

    private void add(RunningAverage average, String model, double examples) throws IOException {
        try (Checkpoint checkpoint = PlainModel.open(temp.resolve(model), model)) {
            Map<String, ClientTensor> client = new LinkedHashMap<>();
            checkpoint.tensors().forEach((name, t) -> client.put(name, ClientTensor.of(t)));
            average.add(client, examples);
        }
    }

    private Path write(RunningAverage average, String name) throws IOException {
        Path file = temp.resolve(name);
        average.write(file);
        assertThat(temp.resolve(name + ".part")).doesNotExist();
        return file;
    }

    @Test
    void theSumsAreNotWrittenOver() throws IOException {
        RunningAverage average = begin(true);
        add(average, "base", 2);
        byte[] before = Files.readAllBytes(temp.resolve("sums.plain"));
        Path same = temp.resolve("../" + temp.getFileName() + "/sums.plain");
        assertThatThrownBy(() -> average.write(same))
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "average '"
                                + same
                                + "': expected another file than the sums, got the same; choose another path");
        assertThat(temp.resolve("sums.plain")).hasBinaryContent(before);
        add(average, "base", 1);
        assertThat(average.clients()).isEqualTo(2);
    }

    /** One tensor of two floats and a counter. */
    private static Map<String, ClientTensor> client(float a, float b, long steps) {
        Map<String, ClientTensor> client = new LinkedHashMap<>();
        client.put("w", new Given(new TensorInfo("w", DType.F32, Shape.of(2)), a, b, 0));
        client.put("steps", new Given(new TensorInfo("steps", DType.I64, Shape.of()), 0, 0, steps));
        return client;
    }

    private record Given(TensorInfo info, float a, float b, long steps) implements ClientTensor {
        @Override
        public void floats(long from, int n, float[] dst) {
            dst[0] = a;
            dst[1] = b;
        }

        @Override
        public void integers(long from, int n, long[] dst) {
            dst[0] = steps;
        }
    }

    private static List<Float> floats(RunningAverage average) throws IOException {
        List<Float> all = new java.util.ArrayList<>();
        average.read(
                new RunningAverage.Sink() {
                    @Override
                    public void floats(TensorInfo tensor, long from, float[] values, int n) {
                        for (int i = 0; i < n; i++) {
                            all.add(values[i]);
                        }
                    }

                    @Override
                    public void integers(TensorInfo tensor, long from, long[] values, int n) {
                        all.add((float) values[0]);
                    }
                });
        return all;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void everyClientCountsByItsExamples(boolean inFile) throws IOException {
        RunningAverage average = begin(inFile);
        average.add(client(1, -4, -7), 30);
        average.add(client(5, 4, -9), 10);
        assertThat(average.clients()).isEqualTo(2);
        assertThat(average.examples()).isEqualTo(40);
        assertThat(floats(average)).containsExactly(2f, -2f, -7f);
        average.add(client(2, -2, 3), 60);
        assertThat(floats(average)).containsExactly(2f, -2f, 3f);
    }

    /** The engine's fedavg rounds to float32 at each step, this once: a unit or so apart. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void agreesWithFedavgOfARecipe(boolean inFile) throws IOException {
        RunningAverage average = begin(inFile);
        add(average, "one", 30);
        add(average, "base", 11);
        add(average, "two", 7);
        Path ours = write(average, "average.plain");
        Merges.run(
                "merge_method: fedavg\nmodels: [{model: one, parameters: {examples: 30}}, {model: base, parameters: {examples: 11}}, {model: two, parameters: {examples: 7}}]\n",
                temp,
                temp.resolve("merged"),
                Options.DEFAULT);
        Path merged = temp.resolve("merged/model.plain");
        try (Checkpoint a = FORMAT.reader().open(ours, "ours");
                Checkpoint b = FORMAT.reader().open(merged, "merged")) {
            assertThat(a.tensors().keySet()).isEqualTo(b.tensors().keySet());
            for (String name : a.tensors().keySet()) {
                TensorInfo info = Objects.requireNonNull(b.tensors().get(name)).info();
                assertThat(Objects.requireNonNull(a.tensors().get(name)).info()).isEqualTo(info);
                if (info.dtype().arithmetic()) {
                    double allowed =
                            info.dtype() == DType.F32 || info.dtype() == DType.F64 ? 1e-5 : 1e-2;
                    float[] left = values(a, name);
                    float[] right = values(b, name);
                    for (int i = 0; i < left.length; i++) {
                        assertThat((double) left[i]).isCloseTo(right[i], within(allowed));
                    }
                }
            }
        }
    }

    private static float[] values(Checkpoint model, String name) throws IOException {
        ClientTensor tensor = ClientTensor.of(Objects.requireNonNull(model.tensors().get(name)));
        int n = (int) Math.min(RunningAverage.BLOCK, tensor.info().elements());
        float[] values = new float[n];
        tensor.floats(0, n, values);
        return values;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theOrderOfClientsDoesNotMatter(boolean inFile) throws IOException {
        RunningAverage average = begin(inFile);
        add(average, "one", 30);
        add(average, "base", 11);
        add(average, "two", 7);
        Path first = write(average, "first.plain");
        Files.deleteIfExists(temp.resolve("sums.plain"));
        RunningAverage turned = begin(inFile);
        add(turned, "two", 7);
        add(turned, "one", 30);
        add(turned, "base", 11);
        assertThat(write(turned, "second.plain")).hasSameBinaryContentAs(first);
    }

    @Test
    void memoryAndFileGiveTheSame() throws IOException {
        Path[] written = new Path[2];
        for (int i = 0; i < 2; i++) {
            RunningAverage average = begin(i == 1);
            add(average, "one", 30);
            add(average, "two", 0.5);
            written[i] = write(average, i + ".plain");
        }
        assertThat(written[1]).hasSameBinaryContentAs(written[0]);
    }

    @Test
    void aServerThatWasRestartedGoesOn() throws IOException {
        add(begin(true), "one", 30);
        RunningAverage again = begin(true);
        assertThat(again.clients()).isEqualTo(1);
        assertThat(again.examples()).isEqualTo(30);
        add(again, "two", 12);
        RunningAverage inMemory = begin(false);
        add(inMemory, "one", 30);
        add(inMemory, "two", 12);
        assertThat(write(again, "a.plain")).hasSameBinaryContentAs(write(inMemory, "b.plain"));
        try (Checkpoint written = FORMAT.reader().open(temp.resolve("a.plain"), "a")) {
            assertThat(written.metadata()).containsEntry("examples", "42");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatFailsAddsNothing(boolean inFile) throws IOException {
        RunningAverage average = begin(inFile);
        average.add(client(1, 2, 3), 1);
        assertThatThrownBy(() -> average.add(client(5, Float.NaN, 9), 1))
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "a client's tensor 'w': expected finite numbers, got NaN at element 1; the client is left out");
        Map<String, ClientTensor> broken = client(7, 8, 9);
        TensorInfo steps = new TensorInfo("steps", DType.I64, Shape.of());
        broken.put(
                "steps",
                new ClientTensor() {
                    @Override
                    public TensorInfo info() {
                        return steps;
                    }

                    @Override
                    public void floats(long from, int n, float[] dst) {
                        throw new IllegalStateException();
                    }

                    @Override
                    public void integers(long from, int n, long[] dst) throws IOException {
                        throw new IOException("connection lost");
                    }
                });
        assertThatThrownBy(() -> average.add(broken, 1)).hasMessage("connection lost");
        assertThat(floats(average)).containsExactly(1f, 2f, 3f);
        assertThat(average.clients()).isEqualTo(1);
        assertThat(temp.resolve("sums.plain.part")).doesNotExist();
    }

    @Test
    void othersTensorsAreRefused() throws IOException {
        RunningAverage average = begin(false);
        average.add(client(1, 2, 3), 1);
        Map<String, ClientTensor> other = client(1, 2, 3);
        other.put("more", other.remove("steps"));
        assertThatThrownBy(() -> average.add(other, 1))
                .hasMessage(
                        "a client's tensors: expected those of the first client, got none of 'steps' and 'more' beside them; the client is left out");
        Map<String, ClientTensor> wider = client(1, 2, 3);
        wider.put("w", new Given(new TensorInfo("w", DType.F32, Shape.of(3)), 0, 0, 0));
        assertThatThrownBy(() -> average.add(wider, 1))
                .hasMessage(
                        "a client's tensor 'w': expected F32 [2], got F32 [3]; the client is left out");
        for (double examples : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThatThrownBy(() -> average.add(client(1, 2, 3), examples))
                    .hasMessage("a client's examples: expected a number above 0, got " + examples);
        }
    }

    @Test
    void withoutClientsThereIsNoAverage() throws IOException {
        RunningAverage average = begin(false);
        assertThatThrownBy(() -> average.write(temp.resolve("x.plain")))
                .hasMessage("there is no average: no client was added; add one first");
    }

    @Test
    void anotherFileIsNoAccumulator() throws IOException {
        Path file = temp.resolve("one/model.plain");
        assertThatThrownBy(() -> RunningAverage.inFile(FORMAT, file))
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "accumulator '%s': expected sums of clients' tensors, got another safetensors file; choose another path, or remove the file",
                        file);
    }
}
