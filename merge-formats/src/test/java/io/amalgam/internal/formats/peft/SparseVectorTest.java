package io.amalgam.internal.formats.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.ModelLoader;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.error.BadInputException;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsWriter;
import io.amalgam.internal.lora.Adapter;
import io.amalgam.internal.lora.WeightedAdapter;
import io.amalgam.internal.lora.apply.LoraCheckpoint;
import io.amalgam.internal.lora.combine.AdapterCombiner;
import io.amalgam.internal.lora.combine.CombineOptions;
import io.amalgam.internal.lora.extract.ExtractOptions;
import io.amalgam.internal.lora.taskvector.SparseExtraction;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Task vectors as indices and values. */
class SparseVectorTest {
    private static final int ROWS = 173;
    private static final int COLS = 211;

    @TempDir private Path folder;
    private Path base;
    private Path tuned;
    private Path vector;
    private float[] origin;
    private float[] target;

    @BeforeEach
    void start() throws IOException {
        Adapters adapters = new Adapters(folder);
        Random random = new Random(3);
        origin = new float[ROWS * COLS];
        target = new float[ROWS * COLS];
        for (int i = 0; i < origin.length; i++) {
            // Eighths: differences are exact, and many are equal in magnitude.
            origin[i] = random.nextInt(-80, 80) / 8f;
            target[i] = origin[i] + (random.nextInt(3) == 0 ? 0 : random.nextInt(-30, 30) / 8f);
        }
        NamedTensor bias = adapters.random("fc.bias", ROWS);
        NamedTensor still = adapters.random("still.weight", 3, 3);
        base = adapters.model("base", weight(origin), bias, still);
        tuned = adapters.model("tuned", weight(target), adapters.random("fc.bias", ROWS), still);
        vector = folder.resolve("vector.safetensors");
    }

    private static NamedTensor weight(float[] values) {
        return NamedTensor.ofFloats("fc.weight", Shape.of(ROWS, COLS), values);
    }

    private SparseExtraction.Result extract(double share, ExtractOptions options, Path file)
            throws IOException {
        ModelLoader formats = ModelLoader.load();
        try (Checkpoint from = formats.open(tuned, "tuned");
                Checkpoint origin = formats.open(base, "base")) {
            return SparseExtraction.write(
                    from, origin, file, options, share, formats.output("safetensors"), 2);
        }
    }

    private SparseExtraction.Result extract(double share) throws IOException {
        return extract(share, ExtractOptions.ofEnergy(1), vector);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 1000, ROWS * COLS})
    void allThatChangedGivesTheFineTuneBack(int block) throws IOException {
        SparseExtraction.Result result = extract(1);
        assertThat(result.unchanged()).isEqualTo(1);
        assertThat(result.tensors()).extracting(SparseExtraction.Report::energy).containsOnly(1.0);
        long differ = IntStream.range(0, origin.length).filter(i -> origin[i] != target[i]).count();
        assertThat(result.tensors().get(1).kept() + result.tensors().get(0).kept())
                .isEqualTo(differ + ROWS);
        try (LoraCheckpoint merged = Adapters.merged(base, vector)) {
            assertThat(Adapters.read(merged.tensors().get("fc.weight"), block)).isEqualTo(target);
            assertThat(merged.tensors().get("still.weight").stored()).isPresent();
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e-9, 0.001, 0.1, 0.37, 0.6})
    void theLargestAreKeptAndOfEqualOnesTheFirst(double share) throws IOException {
        extract(share);
        int kept = (int) Math.ceil(share * origin.length);
        float[] expected = new float[origin.length];
        IntStream.range(0, origin.length)
                .boxed()
                .sorted(
                        Comparator.comparing((Integer i) -> -Math.abs(target[i] - origin[i]))
                                .thenComparing(i -> i))
                .limit(kept)
                .forEach(i -> expected[i] = target[i] - origin[i]);
        try (Adapter adapter = Adapters.open(vector)) {
            assertThat(Adapters.read(adapter.changes().get("fc.weight"), 500)).isEqualTo(expected);
        }
    }

    @Test
    void weightsScaleWhatIsAdded() throws IOException {
        extract(1);
        try (LoraCheckpoint merged =
                Adapters.merged(base, List.of(vector, vector), List.of(0.5, -2.0))) {
            float[] got = Adapters.read(merged.tensors().get("fc.weight"), 64);
            float[] expected = new float[got.length];
            for (int i = 0; i < got.length; i++) {
                expected[i] = origin[i] - 1.5f * (target[i] - origin[i]);
            }
            assertThat(got).isEqualTo(expected);
        }
    }

    @Test
    void threadsAndPatternsChooseNoOtherBytes() throws IOException {
        extract(0.2);
        Path again = folder.resolve("again.safetensors");
        extract(0.2, ExtractOptions.ofEnergy(1), again);
        assertThat(again).hasSameBinaryContentAs(vector);
        ExtractOptions none =
                new ExtractOptions(
                        Optional.empty(),
                        Optional.empty(),
                        List.of(Pattern.compile("nothing")),
                        List.of(),
                        false,
                        false);
        assertThatThrownBy(() -> extract(0.2, none, folder.resolve("none.safetensors")))
                .hasMessageContaining("no tensor differs");
        assertThat(folder.resolve("none.safetensors")).doesNotExist();
    }

    @Test
    void wideIndicesAndHalfValuesAreRead() throws IOException {
        vector(
                "sparse_task_vector",
                longs("fc.bias.indices", 2, 5, 172),
                new NamedTensor(
                        new TensorInfo("fc.bias.values", DType.BF16, Shape.of(3)),
                        ByteBuffer.allocate(6)
                                .order(ByteOrder.LITTLE_ENDIAN)
                                .putShort((short) 0x3f80)
                                .putShort((short) 0x4000)
                                .putShort((short) 0xbf80)
                                .flip()),
                longs("fc.bias.shape", ROWS));
        float[] expected = new float[ROWS];
        expected[2] = 1;
        expected[5] = 2;
        expected[172] = -1;
        try (Adapter adapter = Adapters.open(vector)) {
            assertThat(Adapters.read(adapter.changes().get("fc.bias"), 3)).isEqualTo(expected);
            assertThat(adapter.parameters()).isEqualTo(3);
        }
    }

    @Test
    void changesInFullAreAdded() throws IOException {
        vector("task_vector", NamedTensor.ofFloats("still.weight", Shape.of(3, 3), new float[9]));
        try (LoraCheckpoint merged = Adapters.merged(base, vector)) {
            assertThat(merged.matches()).hasSize(1);
        }
    }

    @Test
    void damagedFilesAreRefused() throws IOException {
        NamedTensor two = NamedTensor.ofFloats("fc.bias.values", Shape.of(2), 1, 2);
        NamedTensor shape = longs("fc.bias.shape", ROWS);
        assertRefused(
                "indices of tensor 'fc.bias': expected ascending numbers below 173, got 3 at entry 1",
                longs("fc.bias.indices", 4, 3),
                two,
                shape);
        assertRefused("got 173 at entry 1", longs("fc.bias.indices", 4, 173), two, shape);
        assertRefused("got -1 at entry 0", longs("fc.bias.indices", -1, 3), two, shape);
        assertRefused(
                "values of tensor 'fc.bias': expected as many as indices, 1",
                longs("fc.bias.indices", 4),
                two,
                shape);
        assertRefused(
                "tensor 'fc.bias.shape': expected a list of I64, got none",
                longs("fc.bias.indices", 4, 5),
                two);
        assertRefused("expected indices, values and shape for each", two, shape);
        assertRefused(
                "shape of tensor 'fc.bias'",
                longs("fc.bias.indices", 4, 5),
                two,
                longs("fc.bias.shape", -1));
    }

    private void assertRefused(String message, NamedTensor... tensors) throws IOException {
        vector("sparse_task_vector", tensors);
        assertThatThrownBy(() -> Adapters.open(vector))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining(message);
    }

    @Test
    void otherModelsAndCombinationsAreRefused() throws IOException {
        extract(1);
        Path other = new Adapters(folder).model("other", NamedTensor.ofFloats("x", Shape.of(1), 1));
        assertThatThrownBy(() -> Adapters.merged(other, vector))
                .hasMessageContaining("2 of 2 that match nothing");
        Path narrow = new Adapters(folder).model("narrow", weight(origin), longs("fc.bias", 1));
        assertThatThrownBy(() -> Adapters.merged(narrow, vector))
                .hasMessageContaining("floating-point numbers to add");
        try (Adapter adapter = Adapters.open(vector)) {
            List<WeightedAdapter> both =
                    List.of(new WeightedAdapter(adapter, 1), new WeightedAdapter(adapter, 1));
            assertThatThrownBy(
                            () ->
                                    AdapterCombiner.of(
                                            both, CombineOptions.of("cat"), Optional.empty()))
                    .hasMessageContaining("a task vector's changes of tensors");
        }
    }

    private void vector(String kind, NamedTensor... tensors) throws IOException {
        SafetensorsWriter.write(vector, List.of(tensors), Map.of("amalgam", kind));
    }

    private static NamedTensor longs(String name, long... values) {
        ByteBuffer data =
                ByteBuffer.allocate(values.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        Arrays.stream(values).forEach(data::putLong);
        return new NamedTensor(
                new TensorInfo(name, DType.I64, Shape.of(values.length)), data.flip());
    }
}
