package io.amalgam.formats.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsWriterTest {
    @TempDir Path directory;

    @Test
    void writesWhatIsReadBack() throws IOException {
        Path path = directory.resolve("m.safetensors");
        NamedTensor bytes =
                NamedTensor.ofBytes("b", DType.U8, Shape.of(3), (byte) 1, (byte) 2, (byte) 3);

        SafetensorsWriter.write(
                path,
                List.of(bytes, NamedTensor.ofFloats("f", Shape.of(2, 1), 0.5f, -1)),
                Map.of("k", "v"));

        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            assertThat(file.tensors().keySet()).containsExactly("f", "b");
            assertThat(file.floats("f")).containsExactly(0.5f, -1);
            assertThat(file.bytes("b")).containsExactly(1, 2, 3);
            assertThat(file.metadata()).containsExactly(Map.entry("k", "v"));
        }
        assertThat(bytes.data().remaining()).isEqualTo(3);
    }

    @Test
    void writesOnlyWhatIsBetweenPositionAndLimit() throws IOException {
        Path path = directory.resolve("m.safetensors");
        ByteBuffer data = ByteBuffer.wrap(new byte[] {9, 1, 2, 9}).position(1).limit(3);

        SafetensorsWriter.write(
                path,
                List.of(new NamedTensor(new TensorInfo("b", DType.U8, Shape.of(2)), data)),
                Map.of());

        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            assertThat(file.bytes("b")).containsExactly(1, 2);
        }
    }

    @Test
    void replacesAFileAndLeavesNothingBesideIt() throws IOException {
        Path path = Files.writeString(directory.resolve("m.safetensors"), "old");

        SafetensorsWriter.write(path, List.of(), Map.of());

        assertThat(Files.size(path)).isEqualTo(16);
        assertThat(directory)
                .isDirectoryContaining(file -> file.equals(path))
                .isDirectoryNotContaining("glob:*.tmp");
    }

    @Test
    void leavesNothingWhereTheTargetCannotBeReplaced() throws IOException {
        Path target = Files.createDirectories(directory.resolve("m.safetensors/full")).getParent();

        assertThatThrownBy(() -> SafetensorsWriter.write(target, List.of(), Map.of()))
                .isInstanceOf(IOException.class);

        assertThat(Files.list(directory)).containsExactly(target);
    }

    @Test
    void leavesTheOldFileWhereTensorsCannotBeWritten() throws IOException {
        Path path = Files.writeString(directory.resolve("m.safetensors"), "old");
        NamedTensor tensor = NamedTensor.ofFloats("w", Shape.of(1), 1);

        assertThatThrownBy(() -> SafetensorsWriter.write(path, List.of(tensor, tensor), Map.of()))
                .isInstanceOf(IllegalArgumentException.class);

        assertThat(path).hasContent("old");
        assertThat(directory).isDirectoryNotContaining("glob:*.tmp");
    }

    @Test
    void aTensorIsAsLongAsItsShape() {
        assertThatThrownBy(() -> NamedTensor.ofFloats("w", Shape.of(2, 2), 1, 2, 3))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("w F32 [2, 2] takes 16 bytes, not 12");
    }
}
