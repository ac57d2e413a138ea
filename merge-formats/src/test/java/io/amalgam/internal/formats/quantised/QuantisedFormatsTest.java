package io.amalgam.internal.formats.quantised;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.Checkpoint.Quantisation;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsWriter;
import io.amalgam.internal.formats.huggingface.HuggingFaceFormat;
import io.amalgam.internal.formats.safetensors.SafetensorsFormat;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Layouts that no golden has, with values reckoned by hand. */
class QuantisedFormatsTest {
    /** E4M3 codes of 1, 2 and -0.5. */
    private static final byte ONE = 0x38;

    private static final byte TWO = 0x40;
    private static final byte MINUS_HALF = (byte) 0xB0;

    @TempDir Path folder;

    private static NamedTensor bytes(String name, DType type, long[] dims, int... values) {
        byte[] data = new byte[values.length];
        for (int i = 0; i < data.length; i++) {
            data[i] = (byte) values[i];
        }
        return NamedTensor.ofBytes(name, type, Shape.of(dims), data);
    }

    private static NamedTensor words(String name, long[] dims, int... values) {
        ByteBuffer data =
                ByteBuffer.allocate(values.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        data.asIntBuffer().put(values);
        return NamedTensor.ofBytes(name, DType.I32, Shape.of(dims), data.array());
    }

    private static NamedTensor floats(String name, long[] dims, float... values) {
        return NamedTensor.ofFloats(name, Shape.of(dims), values);
    }

    private static long[] dims(long... dims) {
        return dims;
    }

    private Checkpoint model(String config, NamedTensor... tensors) throws IOException {
        Files.writeString(folder.resolve("config.json"), config);
        SafetensorsWriter.write(
                folder.resolve("model.safetensors"), List.of(tensors), Map.of("format", "pt"));
        return new HuggingFaceFormat().open(folder, "m");
    }

    private static float[] read(Checkpoint model, String name) throws IOException {
        TensorSource source = model.tensors().get(name);
        float[] values = new float[(int) source.info().elements()];
        source.read(
                0, values.length, values, 0, new Workspace(ScalarKernels.INSTANCE, values.length));
        return values;
    }

    private static String config(String settings) {
        return "{\"torch_dtype\": \"bfloat16\", \"quantization_config\": " + settings + "}";
    }

    @Test
    void blocksOfFusedExpertsBeginAnewInEachMatrix() throws IOException {
        NamedTensor codes =
                bytes(
                        "e.gate_up_proj",
                        DType.F8_E4M3,
                        dims(2, 3, 2),
                        ONE,
                        TWO,
                        ONE,
                        TWO,
                        ONE,
                        TWO,
                        ONE,
                        TWO,
                        ONE,
                        TWO,
                        ONE,
                        MINUS_HALF);
        NamedTensor scales = floats("e.gate_up_proj_scale_inv", dims(2, 2, 1), 1, 10, 100, 1000);
        String settings = "{\"quant_method\": \"fp8\", \"weight_block_size\": [2, 2]}";
        try (Checkpoint model = model(config(settings), codes, scales)) {
            assertThat(read(model, "e.gate_up_proj"))
                    .containsExactly(1, 2, 1, 2, 10, 20, 100, 200, 100, 200, 1000, -500);
        }
    }

    @Test
    void rowsOfFusedExperts() throws IOException {
        NamedTensor codes =
                bytes("e.up", DType.F8_E4M3, dims(2, 2, 2), ONE, TWO, ONE, TWO, ONE, TWO, ONE, TWO);
        NamedTensor scales = floats("e.up_scale", dims(2, 2, 1), 1, 10, 100, 1000);
        String settings = "{\"quant_method\": \"compressed-tensors\"}";
        try (Checkpoint model = model(config(settings), codes, scales)) {
            assertThat(read(model, "e.up")).containsExactly(1, 2, 10, 20, 100, 200, 1000, 2000);
            assertThat(model.quantisation().map(Quantisation::name)).contains("FP8 by rows");
        }
    }

    @Test
    void integersWithZeros() throws IOException {
        try (Checkpoint model =
                model(
                        config("{\"quant_method\": \"compressed-tensors\"}"),
                        bytes("a.weight", DType.I8, dims(2, 2), 5, -3, 127, -128),
                        floats("a.weight_scale", dims(2, 1), 0.5f, 2),
                        bytes("a.weight_zero_point", DType.I8, dims(2, 1), 1, -1))) {
            assertThat(read(model, "a.weight")).containsExactly(2, -2, 256, -254);
            assertThat(model.tensors()).containsOnlyKeys("a.weight");
        }
    }

    @Test
    void integersInPlaceOfAWeightNeedAScale() throws IOException {
        NamedTensor codes = bytes("b.weight", DType.I8, dims(2, 2), 5, -3, 127, -128);
        for (String of :
                List.of(
                        "{\"quant_method\": \"compressed-tensors\"}",
                        "{\"quant_method\": \"bitsandbytes\", \"load_in_8bit\": true}")) {
            String scale = of.contains("bits") ? "b.SCB" : "b.weight_scale";
            assertThatThrownBy(() -> model(config(of), codes))
                    .isInstanceOf(BadInputException.class)
                    .hasMessageContaining(
                            "quantised tensor 'b.weight': expected a tensor '"
                                    + scale
                                    + "' beside it, got none");
        }
        NamedTensor fourBits = bytes("b.weight", DType.U8, dims(2, 1), 5, 3);
        String settings = "{\"quant_method\": \"bitsandbytes\", \"load_in_4bit\": true}";
        assertThatThrownBy(() -> model(config(settings), fourBits))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining(
                        "quantised tensor 'b.weight': expected a tensor 'b.weight.quant_state.bitsandbytes__nf4' beside it, got none");
        try (Checkpoint model =
                model(
                        config("{\"quant_method\": \"compressed-tensors\"}"),
                        bytes("a.weight", DType.I8, dims(1, 2), 5, -3),
                        floats("a.weight_scale", dims(1, 1), 2),
                        bytes("a.index", DType.I8, dims(1, 2), 1, 2))) {
            assertThat(model.tensors().get("a.index").info().dtype()).isEqualTo(DType.I8);
        }
    }

    @Test
    void codesOfBitsandbytesUnderAnotherType() throws IOException {
        float[] table = new float[16];
        for (int i = 0; i < 16; i++) {
            table[i] = i - 8;
        }
        byte[] state =
                "{\"quant_type\": \"nf4\", \"blocksize\": 4, \"shape\": [2, 4]}"
                        .getBytes(StandardCharsets.UTF_8);
        String text = "a.weight.quant_state.bitsandbytes__nf4";
        try (Checkpoint model =
                model(
                        config("{\"load_in_4bit\": true}"),
                        bytes("a.weight", DType.BF16, dims(2, 1), 0x9A, 0xBC, 0x01, 0x23),
                        floats("a.weight.absmax", dims(2), 1, 0.5f),
                        floats("a.weight.quant_map", dims(16), table),
                        NamedTensor.ofBytes(text, DType.U8, Shape.of(state.length), state))) {
            assertThat(model.tensors().get("a.weight").info().shape()).isEqualTo(Shape.of(2, 4));
            assertThat(read(model, "a.weight")).containsExactly(1, 2, 3, 4, -4, -3.5f, -3, -2.5f);
        }
    }

    @Test
    void awqWithoutZeros() throws IOException {
        int[] codes = new int[2];
        codes[0] = 0x76543210;
        codes[1] = 0x88888888;
        float[] scales = new float[8];
        Arrays.fill(scales, 2);
        try (Checkpoint model =
                model(
                        config("{\"quant_method\": \"awq\", \"zero_point\": false}"),
                        words("a.qweight", dims(2, 1), codes),
                        floats("a.scales", dims(1, 8), scales))) {
            // Nibbles 0, 4, 1, 5, 2, 6, 3, 7 of a word are neighbours.
            assertThat(read(model, "a.weight"))
                    .containsExactly(-16, 0, -8, 0, -14, 0, -6, 0, -12, 0, -4, 0, -10, 0, -2, 0);
            assertThat(model.quantisation().map(Quantisation::rescaled)).contains(true);
        }
    }

    private static NamedTensor[] gptq(NamedTensor... more) {
        int[] codes = new int[8];
        int[] zeros = {0x77777777};
        float[] scales = new float[8];
        Arrays.fill(scales, 1);
        for (int o = 0; o < 8; o++) {
            codes[o] = 0x76543210 + o * 0x11111111;
        }
        NamedTensor[] all = Arrays.copyOf(more, more.length + 3);
        all[more.length] = words("a.qweight", dims(1, 8), codes);
        all[more.length + 1] = words("a.qzeros", dims(1, 1), zeros);
        all[more.length + 2] = floats("a.scales", dims(1, 8), scales);
        return all;
    }

    @Test
    void gptqByTheSettingsOfAFileOfItsOwn() throws IOException {
        Files.writeString(
                folder.resolve("quantize_config.json"),
                "{\"bits\": 4, \"group_size\": -1, \"desc_act\": false, \"sym\": true}");
        try (Checkpoint model = model("{\"dtype\": \"float16\"}", gptq())) {
            float[] values = read(model, "a.weight");
            for (int o = 0; o < 8; o++) {
                for (int i = 0; i < 8; i++) {
                    assertThat(values[o * 8 + i]).isEqualTo(o + i - 8);
                }
            }
            assertThat(model.tensors().get("a.weight").info().dtype()).isEqualTo(DType.F16);
        }
    }

    @Test
    void groupsThatAreNotThere() throws IOException {
        NamedTensor index = words("a.g_idx", dims(8), 0, 0, 0, 0, 0, 1, 0, 0);
        try (Checkpoint model =
                model(config("{\"quant_method\": \"gptq\", \"bits\": 4}"), gptq(index))) {
            assertThatThrownBy(() -> read(model, "a.weight"))
                    .isInstanceOf(BadInputException.class)
                    .hasMessageContaining(
                            "element 5 of tensor 'a.g_idx': expected a group from 0 to 0, got 1");
        }
    }

    /** Texts with digits are no numbers, in all settings that say how weights are read. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    'group_size' | {'quant_method': 'gptq', 'bits': 4, 'group_size': '128'} | a whole number from -1 up, got "128"
                    'desc_act' | {'quant_method': 'gptq', 'bits': 4, 'desc_act': 'false'} | true or false, got "false"
                    'sym' | {'quant_method': 'gptq', 'bits': 4, 'sym': 1} | true or false, got 1
                    'bits' | {'quant_method': 'awq', 'bits': '4'} | a whole number from 1 up, got "4"
                    'w_bit' | {'quant_method': 'awq', 'w_bit': 4.5} | a whole number from 1 up, got 4.5
                    'zero_point' | {'quant_method': 'awq', 'bits': 4, 'zero_point': 'true'} | true or false, got "true"
                    'weight_block_size' | {'quant_method': 'fp8', 'weight_block_size': ['128', 128]} | two whole numbers from 1 up, got ["128",128]
                    'weight_block_size' | {'quant_method': 'fp8', 'weight_block_size': 128} | two whole numbers from 1 up, got 128
                    'num_bits' | {'quant_method': 'compressed-tensors', 'config_groups': {'g': {'weights': {'num_bits': '4'}}}} | a whole number from 0 up, got "4"
                    'group_size' | {'quant_method': 'compressed-tensors', 'config_groups': {'g': {'weights': {'group_size': true}}}} | a whole number from -1 up, got true
                    """)
    void settingsThatAreNoNumbers(String key, String settings, String expected) {
        assertThatThrownBy(() -> model(config(settings.replace('\'', '"')), gptq()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining(key + " in 'quantization_config' in config.json of model '")
                .hasMessageContaining("expected " + expected);
    }

    /** By other numbers, or without zeros, the same codes would be other weights. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    gptq | 'bits': 8 | 'a.qzeros': expected zeros of 8 bits, as the settings say, and not 4,
                    gptq | 'bits': 4, 'group_size': 4 | 'a.scales': expected 2 groups of 4
                    gptq | 'bits': 4, 'group_size': 8 |
                    gptq | 'bits': 8, 'group_size': 4, 'dynamic': {'+:a': {'bits': 4, 'group_size': -1}} |
                    awq | 'bits': 4, 'group_size': 2 | 'a.scales': expected 4 groups of 2
                    awq | 'w_bit': 4, 'q_group_size': 4 | 'a.scales': expected 2 groups of 4
                    awq | 'bits': 4, 'group_size': -1 |
                    packed | 'num_bits': 8 | 'a.weight_packed': expected words that hold rows of 8 codes of 8 (from the settings) bits
                    packed | 'num_bits': 4, 'group_size': 2 | 'a.weight_scale': expected scales [8, groups] in a float type, groups of 2 (from the settings),
                    packed | 'num_bits': 4, 'group_size': -1 | 'a.weight_scale': expected scales [8, groups] in a float type, groups of a whole row (from the settings),
                    packed | 'num_bits': 4, 'group_size': 4, 'symmetric': false | 'a.weight_packed': expected a tensor 'a.weight_zero_point' beside it, got none
                    packed | 'num_bits': 4, 'group_size': 4, 'symmetric': true |
                    int8 | 'num_bits': 8, 'symmetric': false | 'a.weight': expected a tensor 'a.weight_zero_point' beside it, got none
                    int8 | 'num_bits': 8, 'symmetric': null |
                    """)
    void settingsThatContradictTheFile(String kind, String settings, String expected)
            throws IOException {
        String said = settings.replace('\'', '"');
        String method = "{\"quant_method\": \"" + kind + "\", " + said + "}";
        String groups =
                "{\"quant_method\": \"compressed-tensors\", \"config_groups\": {\"g\": {\"weights\": {"
                        + said
                        + "}}}}";
        NamedTensor[] packed = {
            words("a.weight_packed", dims(8, 1), new int[8]),
            NamedTensor.ofBytes("a.weight_shape", DType.I64, Shape.of(2), eightByEight()),
            floats("a.weight_scale", dims(8, 2), new float[16])
        };
        NamedTensor[] bytes = {
            bytes("a.weight", DType.I8, dims(1, 2), 5, -3), floats("a.weight_scale", dims(1, 1), 2)
        };
        NamedTensor[] awq = {
            words("a.qweight", dims(8, 1), new int[8]),
            words("a.qzeros", dims(1, 1), 0),
            floats("a.scales", dims(1, 8), new float[8])
        };
        NamedTensor[] tensors =
                switch (kind) {
                    case "gptq" -> gptq(words("a.g_idx", dims(8), new int[8]));
                    case "awq" -> awq;
                    case "packed" -> packed;
                    default -> bytes;
                };
        String config = config(kind.endsWith("q") ? method : groups);
        if (expected == null) {
            try (Checkpoint model = model(config, tensors)) {
                assertThat(model.tensors()).containsOnlyKeys("a.weight");
            }
            return;
        }
        assertThatThrownBy(() -> model(config, tensors))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining(expected);
    }

    private static byte[] eightByEight() {
        return ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putLong(8).putLong(8).array();
    }

    @Test
    void groupsOfSingleInputsAreNotRead() throws IOException {
        NamedTensor[] tensors = {
            words("a.weight_packed", dims(8, 1), new int[8]),
            NamedTensor.ofBytes("a.weight_shape", DType.I64, Shape.of(2), eightByEight()),
            floats("a.weight_scale", dims(8, 2), new float[16]),
            words("a.weight_g_idx", dims(8), 0, 1, 0, 1, 0, 1, 0, 1)
        };
        for (String config : List.of("{}", config("{\"quant_method\": \"compressed-tensors\"}"))) {
            try (Checkpoint model = model(config, tensors)) {
                assertThat(model.quantisation().orElseThrow().readable()).isFalse();
                assertThat(model.quantisation().orElseThrow().name()).contains("weight_g_idx");
            }
        }
    }

    /** Numbers that are not known here are not read, whatever the settings say. */
    @ParameterizedTest
    @CsvSource({
        "F8_E4M3FNUZ, 2, 2",
        "F8_E5M2FNUZ, 2, 2",
        "F6_E2M3, 4, 3",
        "F6_E3M2, 4, 3",
        "F4, 2, 1"
    })
    void typesThatAreNotRead(DType type, int columns, int bytes) throws IOException {
        for (String settings : List.of("{}", config("{\"quant_method\": \"fp8\"}"))) {
            NamedTensor codes = bytes("a.weight", type, dims(1, columns), new int[bytes]);
            try (Checkpoint model = model(settings, codes)) {
                assertThat(model.quantisation().orElseThrow().readable()).isFalse();
                assertThat(model.quantisation().orElseThrow().name())
                        .isEqualTo("numbers of type " + type);
                assertThat(model.tensors()).containsOnlyKeys("a.weight");
            }
        }
    }

    /** Files of old libraries say by their name whose they are. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    quantize_config.json | {'bits': 4, 'group_size': 64, 'checkpoint_format': 'marlin'} | gptq with the 'checkpoint_format' 'marlin'
                    quantize_config.json | {'bits': 4, 'group_size': 64, 'is_marlin_format': true} | gptq with 'is_marlin_format'
                    quant_config.json | {'w_bit': 4, 'q_group_size': 64, 'version': 'GEMV'} | awq of the 'version' 'GEMV'
                    """)
    void oldSettingsOfFormatsThatAreNotRead(String file, String settings, String name)
            throws IOException {
        Files.writeString(folder.resolve(file), settings.replace('\'', '"'));
        try (Checkpoint model = model("{}", gptq())) {
            assertThat(model.quantisation().orElseThrow().name()).isEqualTo(name);
        }
    }

    /** What is expected is said of the format that the scales look like. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    32 | 2 | U8 | [2, 1], a scale for each 32 of a row, for 'a.weight' of F8_E4M3 [2, 32], got U8 [2, 2]
                    33 | 2 | U8 | a scale for each 32 of rows of whole groups, for 'a.weight' of F8_E4M3 [2, 33], got U8 [2, 2]
                    32 | 2 | I16 | scales in a float type, F8_E8M0 or U8, for 'a.weight' of F8_E4M3 [2, 32], got I16 [2, 2]
                    32 | 2 | BF16 | one scale, one a row, or [1, 1] of them for blocks of 128x128 for 'a.weight' of F8_E4M3 [2, 32], got BF16 [2, 2]
                    """)
    void scalesOfAnotherShape(int columns, int groups, DType type, String expected) {
        NamedTensor codes =
                bytes("a.weight", DType.F8_E4M3, dims(2, columns), new int[2 * columns]);
        int size = (int) type.bytesFor(2L * groups);
        NamedTensor scales = bytes("a.weight_scale", type, dims(2, groups), new int[size]);
        String settings = config("{\"quant_method\": \"compressed-tensors\"}");
        assertThatThrownBy(() -> model(settings, codes, scales))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("tensor 'a.weight_scale': expected " + expected);
    }

    /** Without the offset, scales would be other numbers. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "'nested_blocksize': 256",
                "'nested_blocksize': 256, 'nested_offset': null",
                "'nested_blocksize': 256, 'nested_offset': '0.5'",
                "'nested_blocksize': 256, 'nested_offset': 1e300",
                "'nested_blocksize': '256', 'nested_offset': 0.5",
                "'nested_blocksize': 256.5, 'nested_offset': 0.5"
            })
    void doubleQuantisationNeedsItsNumbers(String nested) {
        String state = "{'quant_type': 'nf4', 'blocksize': 64, 'shape': [2, 2], " + nested + "}";
        byte[] json = state.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
        int[] bytes = new int[json.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = json[i];
        }
        String name = "a.weight.quant_state.bitsandbytes__nf4";
        assertThatThrownBy(
                        () ->
                                model(
                                        config("{\"quant_method\": \"bitsandbytes\"}"),
                                        bytes("a.weight", DType.U8, dims(2, 1), 0, 0),
                                        bytes(name, DType.U8, dims(bytes.length), bytes),
                                        bytes("a.weight.absmax", DType.U8, dims(1), 0),
                                        floats("a.weight.quant_map", dims(16), new float[16]),
                                        floats("a.weight.nested_absmax", dims(1), 1),
                                        floats(
                                                "a.weight.nested_quant_map",
                                                dims(256),
                                                new float[256])))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining(
                        "tensor '"
                                + name
                                + "': expected JSON with 'nested_blocksize' and 'nested_offset' for");
    }

    /** Groups of inputs that are not neighbours need the list of them. */
    @Test
    void ordersThatAreNotThere() {
        String settings =
                "{\"quant_method\": \"gptq\", \"bits\": 4, \"group_size\": 4, \"desc_act\": true}";
        NamedTensor[] grouped = {
            words("a.qweight", dims(1, 8), 1, 2, 3, 4, 5, 6, 7, 8),
            words("a.qzeros", dims(2, 1), 0x77777777, 0x77777777),
            floats("a.scales", dims(2, 8), new float[16])
        };
        assertThatThrownBy(() -> model(config(settings), grouped))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining(
                        "quantised tensor 'a.qweight': expected a tensor 'a.g_idx' beside it, got none");
    }

    @Test
    void tensorsBesideQuantisedWeightsThatAreNotKnown() throws IOException {
        try (Checkpoint model =
                model(
                        config("{\"quant_method\": \"fp8\"}"),
                        bytes("a.weight", DType.F8_E4M3, dims(1, 2), ONE, TWO),
                        floats("a.weight_scale_inv", dims(), 3),
                        floats("a.bias", dims(1), 3),
                        floats("a.turn", dims(2), 1, 2))) {
            assertThat(model.warnings())
                    .extracting(Object::toString)
                    .containsExactly(
                            "model 'm' (FP8): 'turn' beside quantised weights is not known, as in 'a.turn': the weights are read without it, and it is copied");
        }
    }

    @Test
    void settingsInASection() throws IOException {
        String config =
                "{\"text_config\": {\"dtype\": \"float16\", \"quantization_config\": {\"quant_method\": \"fp8\"}}}";
        try (Checkpoint model =
                model(
                        config,
                        bytes("a.weight", DType.F8_E4M3, dims(1, 2), ONE, TWO),
                        floats("a.weight_scale_inv", dims(), 3))) {
            assertThat(read(model, "a.weight")).containsExactly(3, 6);
            assertThat(model.tensors().get("a.weight").info().dtype()).isEqualTo(DType.F16);
            assertThat(model.config().orElseThrow().toString())
                    .isEqualTo("{\"text_config\":{\"dtype\":\"float16\"}}");
        }
    }

    @Test
    void settingsThatAreNotTrueAnyMore() throws IOException {
        try (Checkpoint model =
                model(
                        config("{\"quant_method\": \"bitsandbytes\", \"load_in_4bit\": true}"),
                        floats("a.weight", dims(2), 1, 2))) {
            assertThat(model.quantisation()).isEmpty();
            assertThat(model.config().orElseThrow().has("quantization_config")).isFalse();
            assertThat(model.warnings())
                    .extracting(Object::toString)
                    .containsExactly(
                            "model 'm' is said to be quantised by 'bitsandbytes' ('quantization_config' in config.json), but none of its tensors is; it is read as the unquantised model it seems to be");
        }
    }

    @Test
    void namesTellWhereSettingsDoNot() throws IOException {
        NamedTensor[] tensors = {
            bytes("a.weight", DType.F8_E4M3, dims(1, 2), ONE, TWO),
            floats("a.weight_scale_inv", dims(1, 1), 3)
        };
        try (Checkpoint model = model("{}", tensors)) {
            assertThat(read(model, "a.weight")).containsExactly(3, 6);
        }
        Path file = folder.resolve("model.safetensors");
        try (Checkpoint model = new SafetensorsFormat().open(file, "m")) {
            assertThat(read(model, "a.weight")).containsExactly(3, 6);
            assertThat(model.tensors()).containsOnlyKeys("a.weight");
        }
        try (Checkpoint model = model("{}", gptq())) {
            assertThat(model.quantisation())
                    .contains(new Quantisation("GPTQ or AWQ without its settings", false, false));
        }
        try (Checkpoint model = model("{}", floats("logit_scale", dims(), 3))) {
            assertThat(model.quantisation()).isEmpty();
            assertThat(model.tensors()).containsOnlyKeys("logit_scale");
        }
    }

    /** Found by changing the JSON beside codes of bitsandbytes. */
    @Test
    void aShapeThatIsNoListIsRefused() {
        byte[] state =
                "{\"quant_type\":\"nf4\",\"blocksize\":64,\"shape\":{\"a\":1}}"
                        .getBytes(StandardCharsets.UTF_8);
        String weight = "model.layers.0.up.weight";
        assertThatThrownBy(
                        () ->
                                model(
                                        config("{\"quant_method\": \"bitsandbytes\"}"),
                                        bytes(weight, DType.U8, dims(1, 1), 0),
                                        NamedTensor.ofBytes(
                                                weight + ".quant_state.bitsandbytes__nf4",
                                                DType.U8,
                                                Shape.of(state.length),
                                                state)))
                .isInstanceOf(BadInputException.class);
    }
}
