package io.amalgam.golden;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.Checkpoint.Quantisation;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.formats.safetensors.SafetensorsFile;
import io.amalgam.internal.formats.huggingface.HuggingFaceFormat;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Quantised models against the packages that own their formats: {@code golden/quant}. */
class GoldenQuantTest {
    private static final Path FOLDER = Path.of("src/test/resources/golden/quant");

    static List<String> cases() throws IOException {
        List<String> names = new ArrayList<>();
        cases(FOLDER).fieldNames().forEachRemaining(names::add);
        return names;
    }

    private static JsonNode cases(Path folder) throws IOException {
        return JsonMapper.builder()
                .build()
                .readTree(Files.readString(folder.resolve("cases.json")));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void anyRangeIsThatOfTheGolden(String name) throws IOException {
        JsonNode golden = cases(FOLDER).path(name);
        Path folder = FOLDER.resolve("models").resolve(golden.path("model").asText());
        Path expected = FOLDER.resolve("expected").resolve(golden.path("expected").asText());
        boolean signs = golden.path("signOfZeros").asBoolean();
        try (Checkpoint model = new HuggingFaceFormat().open(folder, "m");
                SafetensorsFile dense = SafetensorsFile.open(expected)) {
            assertThat(model.tensors().keySet())
                    .containsExactlyInAnyOrderElementsOf(dense.tensors().keySet());
            Random random = new Random(3);
            for (Map.Entry<String, ? extends TensorSource> entry : model.tensors().entrySet()) {
                float[] values = dense.floats(entry.getKey());
                TensorSource source = entry.getValue();
                assertThat(source.info().name()).isEqualTo(entry.getKey());
                assertThat(source.info().shape())
                        .isEqualTo(dense.tensors().get(entry.getKey()).info().shape());
                for (int capacity : new int[] {1, 7, 64, 1000, 1 << 14}) {
                    Workspace workspace = new Workspace(ScalarKernels.INSTANCE, capacity);
                    check(source, 0, Math.min(capacity, values.length), values, signs, workspace);
                    for (int trial = 0; trial < 20; trial++) {
                        int n = random.nextInt(Math.min(capacity, values.length) + 1);
                        int from = random.nextInt(values.length - n + 1);
                        check(source, from, n, values, signs, workspace);
                    }
                }
            }
        }
    }

    private static void check(
            TensorSource source,
            int from,
            int n,
            float[] expected,
            boolean signs,
            Workspace workspace)
            throws IOException {
        float[] read = new float[n + 2];
        source.read(from, n, read, 1, workspace);
        for (int i = 0; i < n; i++) {
            float got = read[1 + i];
            float wanted = expected[from + i];
            boolean zeros = !signs && got == 0 && wanted == 0;
            if (!zeros && Float.floatToRawIntBits(got) != Float.floatToRawIntBits(wanted)) {
                throw new AssertionError(
                        source.identity() + "[" + (from + i) + "]: " + got + ", not " + wanted);
            }
        }
        assertThat(read[0]).isZero();
        assertThat(read[n + 1]).isZero();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void theModelIsDense(String name) throws IOException {
        JsonNode golden = cases(FOLDER).path(name);
        Path folder = FOLDER.resolve("models").resolve(golden.path("model").asText());
        try (Checkpoint model = new HuggingFaceFormat().open(folder, "m")) {
            JsonNode config = model.config().orElseThrow();
            assertThat(config.has("quantization_config")).isFalse();
            assertThat(model.quantisation().map(Quantisation::readable)).contains(true);
            DType type = DType.fromRecipeName(config.path("torch_dtype").asText()).orElseThrow();
            assertThat(model.tensors().values())
                    .allSatisfy(tensor -> assertThat(tensor.info().dtype()).isEqualTo(type));
        }
    }
}
