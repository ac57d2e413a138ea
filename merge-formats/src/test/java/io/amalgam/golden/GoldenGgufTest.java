package io.amalgam.golden;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.formats.safetensors.SafetensorsFile;
import io.amalgam.internal.checkpoint.SliceTensor;
import io.amalgam.internal.formats.gguf.GgufFile;
import io.amalgam.internal.formats.gguf.GgufFormat;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** GGUF files against the packages that own the format: {@code golden/gguf}. */
class GoldenGgufTest {
    private static final Path FOLDER = Path.of("src/test/resources/golden/gguf");
    private static final String POSITIONS = "embeddings.position_embeddings.weight";

    static List<String> cases() throws IOException {
        List<String> names = new ArrayList<>();
        golden().fieldNames().forEachRemaining(names::add);
        return names;
    }

    private static JsonNode golden() throws IOException {
        return JsonMapper.builder()
                .build()
                .readTree(Files.readString(FOLDER.resolve("cases.json")));
    }

    private static Path model(String name) throws IOException {
        return FOLDER.resolve(golden().path(name).path("model").asText());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void anyRangeIsThatOfTheGolden(String name) throws IOException {
        Path expected = FOLDER.resolve(golden().path(name).path("expected").asText());
        Map<String, TensorSource> read = new LinkedHashMap<>();
        try (SafetensorsFile dense = SafetensorsFile.open(expected)) {
            if (name.equals("gguf-container")) {
                try (GgufFile file = GgufFile.open(model(name))) {
                    file.tensors().forEach((tensor, t) -> read.put(tensor, t.stored("m")));
                    read.values().removeIf(tensor -> tensor.info().dtype().integer());
                    check(read, dense, false);
                }
            } else {
                try (Checkpoint model = new GgufFormat().open(model(name), "m")) {
                    read.putAll(model.tensors());
                    if (name.equals("gguf-roberta")) {
                        read.put(POSITIONS, withoutPadding(read.get(POSITIONS)));
                    }
                    check(read, dense, true);
                }
            }
        }
    }

    /** The rows that the file has, which the golden has too. */
    private static TensorSource withoutPadding(TensorSource positions) {
        assertThat(positions.info().shape()).isEqualTo(Shape.of(34, 32));
        TensorInfo info = new TensorInfo(POSITIONS, positions.info().dtype(), Shape.of(32, 32));
        return new SliceTensor(positions, info, 2 * 32);
    }

    private static void check(
            Map<String, TensorSource> read, SafetensorsFile dense, boolean everyTensor)
            throws IOException {
        if (everyTensor) {
            assertThat(read.keySet()).containsExactlyInAnyOrderElementsOf(dense.tensors().keySet());
        }
        assertThat(read).isNotEmpty();
        Random random = new Random(3);
        for (Map.Entry<String, TensorSource> entry : read.entrySet()) {
            float[] values = dense.floats(entry.getKey());
            TensorSource source = entry.getValue();
            assertThat(source.info().name()).isEqualTo(entry.getKey());
            assertThat(source.info().shape())
                    .isEqualTo(dense.tensors().get(entry.getKey()).info().shape());
            for (int capacity : new int[] {1, 7, 64, 1000, 1 << 14}) {
                Workspace workspace = new Workspace(ScalarKernels.INSTANCE, capacity);
                check(source, 0, Math.min(capacity, values.length), values, workspace);
                for (int trial = 0; trial < 20; trial++) {
                    int n = random.nextInt(Math.min(capacity, values.length) + 1);
                    check(source, random.nextInt(values.length - n + 1), n, values, workspace);
                }
            }
        }
    }

    private static void check(
            TensorSource source, int from, int n, float[] expected, Workspace workspace)
            throws IOException {
        float[] read = new float[n + 2];
        source.read(from, n, read, 1, workspace);
        for (int i = 0; i < n; i++) {
            if (Float.floatToRawIntBits(read[1 + i])
                    != Float.floatToRawIntBits(expected[from + i])) {
                throw new AssertionError(
                        "%s[%d]: %s, not %s"
                                .formatted(
                                        source.identity(),
                                        from + i,
                                        read[1 + i],
                                        expected[from + i]));
            }
        }
        assertThat(read[0]).isZero();
        assertThat(read[n + 1]).isZero();
    }

    @Test
    void rowsOfPaddingAreZeros() throws IOException {
        try (Checkpoint model = new GgufFormat().open(model("gguf-roberta"), "m")) {
            float[] rows = new float[64];
            Workspace workspace = new Workspace(ScalarKernels.INSTANCE, 64);
            model.tensors().get(POSITIONS).read(0, 64, rows, 0, workspace);
            assertThat(rows).containsOnly(0);
        }
    }
}
