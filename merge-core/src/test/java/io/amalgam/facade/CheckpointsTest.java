package io.amalgam.facade;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.Checkpoints;
import io.amalgam.ModelLoader;
import io.amalgam.OpenModel;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.error.BadInputException;
import io.amalgam.plan.ModelSource;
import io.amalgam.recipe.ModelRef;
import io.amalgam.tensor.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Checkpoints opened by path, as arrays. */
@ResourceLock("ND4J")
class CheckpointsTest {
    @TempDir Path temp;

    @ParameterizedTest
    @CsvSource({
        // One, minus two and a half.
        "F32, FLOAT, 0000803f000020c0",
        "F64, DOUBLE, 000000000000f03f00000000000004c0",
        "F16, HALF, 003c00c1",
        "BF16, BFLOAT16, 803f20c0",
        "F8_E4M3, FLOAT, 38c2",
        "F8_E5M2, FLOAT, 3cc1",
    })
    void floatingTypes(String dtype, DataType type, String bytes) throws IOException {
        INDArray array = read(dtype + "-2x1.tensor", bytes);
        assertThat(array.dataType()).isEqualTo(type);
        assertThat(array.shape()).containsExactly(2, 1);
        assertThat(array.getDouble(0)).isEqualTo(1);
        assertThat(array.getDouble(1)).isEqualTo(-2.5);
    }

    @ParameterizedTest
    @CsvSource({
        "I8, BYTE, 01fe, 1, -2",
        "U8, UBYTE, 01fe, 1, 254",
        "I16, SHORT, 0100feff, 1, -2",
        "I32, INT, 01000000feffffff, 1, -2",
        "I64, LONG, 0100000000000000feffffffffffffff, 1, -2",
        "BOOL, BOOL, 0100, 1, 0",
    })
    void integers(String dtype, DataType type, String bytes, double first, double second)
            throws IOException {
        INDArray array = read(dtype + "-2.tensor", bytes);
        assertThat(array.dataType()).isEqualTo(type);
        assertThat(array.castTo(DataType.DOUBLE).toDoubleVector()).containsExactly(first, second);
    }

    @Test
    void rowsStayRows() throws IOException {
        INDArray array = read("F32-2x3.tensor", floats(1, 2, 3, 4, 5, 6));
        assertThat(array.getDouble(0, 2)).isEqualTo(3);
        assertThat(array.getDouble(1, 0)).isEqualTo(4);
    }

    @Test
    void scalarsAndEmptyTensors() throws IOException {
        INDArray scalar = read("F32.tensor", floats(7));
        assertThat(scalar.rank()).isZero();
        assertThat(scalar.getDouble()).isEqualTo(7);
        INDArray empty = read("F32-0x4.tensor", "");
        assertThat(empty.isEmpty()).isTrue();
        assertThat(empty.dataType()).isEqualTo(DataType.FLOAT);
    }

    @Test
    void tensorsLargerThanAPieceAreWhole() throws IOException {
        int n = (1 << 19) + 7;
        ByteBuffer bytes = ByteBuffer.allocate(4 * n).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < n; i++) {
            bytes.putFloat(i);
        }
        Path file = Files.write(temp.resolve("F32-" + n + ".tensor"), bytes.array());
        try (OpenModel model = Checkpoints.open(file)) {
            float[] values = model.tensor("w").toFloatVector();
            for (int i = 0; i < n; i++) {
                if (values[i] != i) {
                    assertThat(values[i]).as("element %d", i).isEqualTo(i);
                }
            }
        }
    }

    @Test
    void typesWithoutAnArrayTypeAreRefused() throws IOException {
        Path file = Files.write(temp.resolve("F8_E8M0-2.tensor"), new byte[2]);
        try (OpenModel model = Checkpoints.open(file)) {
            assertThat(model.info("w").dtype()).isEqualTo(DType.F8_E8M0);
            assertThatThrownBy(() -> model.tensor("w"))
                    .isInstanceOf(BadInputException.class)
                    .hasMessage("tensor 'w': expected a type ND4J has, got F8_E8M0");
        }
    }

    @Test
    void unknownTensorsAreNamed() throws IOException {
        Path file = Files.write(temp.resolve("F32-1.tensor"), new byte[4]);
        try (OpenModel model = Checkpoints.open(file)) {
            assertThat(model.names()).containsExactly("w");
            assertThatThrownBy(() -> model.tensor("v"))
                    .isInstanceOf(BadInputException.class)
                    .hasMessage("no tensor 'v' in '%s'; did you mean 'w'?", file);
        }
    }

    @Test
    void whatIsNoModelIsRefused() throws IOException {
        Path nothing = temp.resolve("nothing");
        assertThatThrownBy(() -> Checkpoints.open(nothing))
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "model '%s': expected a model directory or weights file, got nothing at '%s'; models are local paths; download it first",
                        nothing, nothing);
        assertThatThrownBy(() -> Checkpoints.open(temp.resolve("base+adapter")))
                .isInstanceOf(BadInputException.class)
                .hasMessageEndingWith(
                        "; no adapter after '+' is taken here: merge it into its base first, as with 'amalgam lora merge BASE ADAPTER OUT'");
        Path text = Files.writeString(temp.resolve("notes.txt"), "no model");
        assertThatThrownBy(() -> Checkpoints.open(text))
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "model '%s': expected a model directory or weights file, got a file of another kind ('%s'); check the path, or save the model as safetensors first",
                        text, text);
        assertThatThrownBy(() -> Checkpoints.open(temp))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("got a directory without weights");
    }

    @Test
    void aFormatThatIsNotThereIsRefused() {
        assertThatThrownBy(() -> ModelLoader.load().output("safetensors"))
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "output format 'safetensors': expected one of the formats on the class path, got []; add the dependency io.amalgam:merge-formats");
    }

    @Test
    void modelsAreLookedForInFoldersInOrder() throws IOException {
        Path a = Files.createDirectories(temp.resolve("a"));
        Path b = Files.createDirectories(temp.resolve("b"));
        Files.write(b.resolve("F32-1.tensor"), new byte[4]);
        ModelSource source = ModelLoader.load().models(List.of(a, b));
        try (Checkpoint model = source.open(ModelRef.of("F32-1.tensor"))) {
            assertThat(model.path()).isEqualTo(b.resolve("F32-1.tensor"));
        }
        Files.write(a.resolve("F32-1.tensor"), new byte[4]);
        try (Checkpoint model = source.open(ModelRef.of("F32-1.tensor"))) {
            assertThat(model.path()).isEqualTo(a.resolve("F32-1.tensor"));
        }
        try (Checkpoint model = source.open(ModelRef.of(b + "/F32-1.tensor"))) {
            assertThat(model.path()).isEqualTo(b.resolve("F32-1.tensor"));
        }
        assertThatThrownBy(() -> source.open(ModelRef.of("c")))
                .isInstanceOf(BadInputException.class)
                .hasMessageStartingWith(
                        "model 'c': expected an existing path, got nothing at '%s' or '%s'",
                        a.resolve("c"), b.resolve("c"));
    }

    private INDArray read(String file, String hex) throws IOException {
        Files.write(temp.resolve(file), HexFormat.of().parseHex(hex));
        try (OpenModel model = Checkpoints.open(temp.resolve(file))) {
            return model.tensor("w");
        }
    }

    private static String floats(float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            bytes.putFloat(value);
        }
        return HexFormat.of().formatHex(bytes.array());
    }
}
