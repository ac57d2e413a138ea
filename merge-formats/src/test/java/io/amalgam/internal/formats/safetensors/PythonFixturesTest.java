package io.amalgam.internal.formats.safetensors;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsFile;
import io.amalgam.formats.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Files that Python's safetensors wrote, with what it put into them. */
class PythonFixturesTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    static List<Path> files() {
        return Resources.files("python");
    }

    @ParameterizedTest
    @MethodSource("files")
    void holdsWhatPythonWrote(Path path) throws IOException {
        JsonNode expected = expected(path);
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            Map<String, String> metadata = new TreeMap<>();
            expected.get("metadata")
                    .properties()
                    .forEach(e -> metadata.put(e.getKey(), e.getValue().textValue()));
            assertThat(file.metadata()).isEqualTo(metadata);
            assertThat(file.tensors()).hasSize(expected.get("tensors").size());
            for (Map.Entry<String, JsonNode> entry : expected.get("tensors").properties()) {
                StoredTensor tensor = file.tensors().get(entry.getKey());
                assertThat(tensor).as(entry.getKey()).isNotNull();
                assertThat(tensor.info().dtype().name())
                        .isEqualTo(entry.getValue().get("dtype").textValue());
                assertThat(tensor.info().shape().dims())
                        .isEqualTo(JSON.convertValue(entry.getValue().get("shape"), long[].class));
                assertThat(sha256(file.bytes(entry.getKey())))
                        .isEqualTo(entry.getValue().get("sha256").textValue());
            }
        }
    }

    @ParameterizedTest
    @MethodSource("files")
    void decodesAsPythonDoes(Path path) throws IOException {
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            for (Map.Entry<String, JsonNode> entry : expected(path).get("tensors").properties()) {
                JsonNode floats = entry.getValue().get("floats");
                assertThat(floats != null)
                        .isEqualTo(file.tensors().get(entry.getKey()).info().dtype().arithmetic());
                if (floats == null) {
                    continue;
                }
                float[] expected = new float[floats.size()];
                for (int i = 0; i < expected.length; i++) {
                    expected[i] = Float.parseFloat(floats.get(i).textValue());
                }
                // Float.compare tells -0.0 from 0.0 and takes all NaN for equal.
                assertThat(file.floats(entry.getKey()))
                        .as(entry.getKey())
                        .containsExactly(expected);
            }
        }
    }

    /** With at most one metadata entry: Python writes several in no fixed order. */
    @ParameterizedTest
    @MethodSource("files")
    void writtenAgainGivesTheSameBytes(Path path, @TempDir Path directory) throws IOException {
        Path copy = directory.resolve("copy.safetensors");
        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            List<NamedTensor> tensors = new ArrayList<>();
            for (StoredTensor tensor : file.tensors().values()) {
                tensors.add(
                        new NamedTensor(
                                tensor.info(), ByteBuffer.wrap(file.bytes(tensor.info().name()))));
            }
            Collections.reverse(tensors);
            SafetensorsWriter.write(copy, tensors, file.metadata());
            if (file.metadata().size() <= 1) {
                assertThat(copy).hasSameBinaryContentAs(path);
            } else {
                assertThat(copy).hasSize(Files.size(path));
            }
        }
    }

    @Test
    void everyTypePythonWritesIsThere() throws IOException {
        assertThat(files()).hasSize(6);
        assertThat(
                        expected(Resources.directory("python").resolve("types.safetensors"))
                                .get("tensors"))
                .hasSize(20);
    }

    private static JsonNode expected(Path path) throws IOException {
        String name = path.getFileName().toString().replace(".safetensors", ".json");
        return JSON.readTree(path.resolveSibling(name).toFile());
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
