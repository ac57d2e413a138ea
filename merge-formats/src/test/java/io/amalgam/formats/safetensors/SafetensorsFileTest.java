package io.amalgam.formats.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.error.BadInputException;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsFileTest {
    private static final long FIVE_GIB = 5L << 30;

    @TempDir Path directory;

    @Test
    void readsBeyondFourGiB() throws IOException {
        Path path = directory.resolve("large.safetensors");
        String json =
                """
                {"big":{"dtype":"U8","shape":[5,1073741824],"data_offsets":[0,%1$d]},\
                "small":{"dtype":"F32","shape":[2],"data_offsets":[%1$d,%2$d]}}\
                """
                        .formatted(FIVE_GIB, FIVE_GIB + 8);
        writeSparse(path, json, FIVE_GIB, 1.5f, -2.25f);

        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            assertThat(file.floats("small")).containsExactly(1.5f, -2.25f);
            StoredTensor big = file.tensors().get("big");
            assertThat(big.storedBytes()).isEqualTo(FIVE_GIB);
            ByteBuffer end = ByteBuffer.allocate(2);
            big.region().readFully(FIVE_GIB - 2, end);
            assertThat(end.array()).containsExactly(0, 0);
            assertThatThrownBy(() -> file.bytes("big"))
                    .isInstanceOf(BadInputException.class)
                    .hasMessage(
                            "tensor 'big': expected at most 2147483639 bytes, got 5368709120 ('%s'); read it in"
                                    + " parts, by 'tensors().get(name)'",
                            path);
        }
    }

    @Test
    void aTensorOfTooManyElementsIsNotReadAsAnArray() throws IOException {
        Path path = directory.resolve("large.safetensors");
        String json =
                "{\"w\":{\"dtype\":\"F8_E4M3\",\"shape\":[3000000000],\"data_offsets\":[0,3000000000]}}";
        writeSparse(path, json, 3_000_000_000L - 4, 0);

        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            assertThatThrownBy(() -> file.floats("w"))
                    .isInstanceOf(BadInputException.class)
                    .hasMessageContaining("expected at most 2147483639 elements, got 3000000000");
        }
    }

    @Test
    void readsTensorsOfSeveralBlocks() throws IOException {
        float[] values = new float[100_003];
        IntStream.range(0, values.length).forEach(i -> values[i] = i);
        Path path = write(NamedTensor.ofFloats("w", Shape.of(values.length), values));

        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            assertThat(file.floats("w")).containsExactly(values);
        }
    }

    @Test
    void readsScalarsAndTensorsWithoutElements() throws IOException {
        Path path =
                write(
                        NamedTensor.ofFloats("scalar", Shape.of(), 7),
                        NamedTensor.ofFloats("none", Shape.of(3, 0)),
                        NamedTensor.ofBytes("flags", DType.BOOL, Shape.of(2), (byte) 1, (byte) 0));

        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            assertThat(file.floats("scalar")).containsExactly(7);
            assertThat(file.floats("none")).isEmpty();
            assertThat(file.bytes("none")).isEmpty();
            assertThat(file.bytes("flags")).containsExactly(1, 0);
        }
    }

    @Test
    void isACheckpointByItself() throws IOException {
        Path path = write(NamedTensor.ofFloats("w", Shape.of(1), 1));

        try (SafetensorsFile file = SafetensorsFile.open(path, "mine")) {
            assertThat(file.path()).isEqualTo(path);
            assertThat(file.metadata()).containsExactly(Map.entry("format", "pt"));
            assertThat(file.config()).isEmpty();
            assertThat(file.weightFiles()).containsExactly(path);
            assertThat(file.sideFiles()).isEmpty();
            assertThat(file.tensors().get("w").identity()).isEqualTo("mine:w");
        }
    }

    @Test
    void saysWhichTensorWasMeant() throws IOException {
        Path path = write(NamedTensor.ofFloats("lm_head.weight", Shape.of(1), 1));

        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            assertThatThrownBy(() -> file.bytes("lm_head.wieght"))
                    .isInstanceOf(BadInputException.class)
                    .hasMessage(
                            "no tensor is named 'lm_head.wieght' ('%s'); did you mean 'lm_head.weight'?",
                            path);
        }
    }

    @Test
    void doesNotGiveIntegersAsFloats() throws IOException {
        Path path = write(NamedTensor.ofBytes("ids", DType.I64, Shape.of(1), new byte[8]));

        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            assertThatThrownBy(() -> file.floats("ids"))
                    .isInstanceOf(BadInputException.class)
                    .hasMessageContaining("type of tensor 'ids': expected one of [")
                    .hasMessageContaining("got I64")
                    .hasMessageEndingWith("read its bytes instead");
        }
    }

    @Test
    void aFileCutShortWhileOpenIsAnIoException() throws IOException {
        Path path = write(NamedTensor.ofFloats("w", Shape.of(4), 1, 2, 3, 4));

        try (SafetensorsFile file = SafetensorsFile.open(path)) {
            try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
                channel.truncate(channel.size() - 4);
            }
            assertThatThrownBy(() -> file.floats("w")).isInstanceOf(EOFException.class);
        }
    }

    @Test
    void cannotBeReadOnceClosed() throws IOException {
        SafetensorsFile file =
                SafetensorsFile.open(write(NamedTensor.ofFloats("w", Shape.of(1), 1)));
        file.close();

        assertThatThrownBy(() -> file.floats("w")).isInstanceOf(ClosedChannelException.class);
    }

    @Test
    void aMissingFileIsAnIoException() {
        assertThatThrownBy(() -> SafetensorsFile.open(directory.resolve("none.safetensors")))
                .isInstanceOf(NoSuchFileException.class);
    }

    private Path write(NamedTensor... tensors) throws IOException {
        Path path = directory.resolve("model.safetensors");
        SafetensorsWriter.write(path, List.of(tensors), Map.of("format", "pt"));
        return path;
    }

    /** Only the header and the floats at {@code at} of the data take space on the disk. */
    private static void writeSparse(Path path, String json, long at, float... values)
            throws IOException {
        byte[] text = json.getBytes(StandardCharsets.UTF_8);
        ByteBuffer header = ByteBuffer.allocate(8 + text.length).order(ByteOrder.LITTLE_ENDIAN);
        header.putLong(text.length).put(text).flip();
        ByteBuffer data = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        data.asFloatBuffer().put(values);
        try (FileChannel channel =
                FileChannel.open(
                        path,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.SPARSE)) {
            channel.write(header, 0);
            channel.write(data, 8 + text.length + at);
        }
        assertThat(Files.size(path)).isEqualTo(8 + text.length + at + 4L * values.length);
    }
}
