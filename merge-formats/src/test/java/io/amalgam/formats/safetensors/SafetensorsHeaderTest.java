package io.amalgam.formats.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.formats.safetensors.SafetensorsException.Rule;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsHeaderTest {
    static Stream<DType> types() {
        return Arrays.stream(DType.values()).filter(DType::safetensors);
    }

    @ParameterizedTest
    @MethodSource("types")
    void knowsEveryType(DType dtype) {
        TensorInfo info = new TensorInfo("w", dtype, Shape.of(2, 4));
        String json =
                "{\"w\":{\"dtype\":\"%s\",\"shape\":[2,4],\"data_offsets\":[0,%d]}}"
                        .formatted(dtype, info.bytes());

        SafetensorsHeader header = parse(json, info.bytes());

        assertThat(header.tensors())
                .containsExactly(
                        Map.entry("w", new SafetensorsHeader.Entry(info, 0, info.bytes())));
        assertThat(header.dataStart()).isEqualTo(8 + json.length());
    }

    @Test
    void ordersTensorsByTheirData() {
        SafetensorsHeader header =
                parse(
                        """
                        {"a":{"shape":[4],"dtype":"U8","data_offsets":[2,6]},
                         "__metadata__":{"k":"v"},
                         "z":{"data_offsets":[2,2],"dtype":"F32","shape":[7,0]},
                         "b":{"dtype":"U8","data_offsets":[0,2],"shape":[2]}}
                        """,
                        6);

        assertThat(header.tensors().keySet()).containsExactly("b", "z", "a");
        assertThat(header.metadata()).containsExactly(Map.entry("k", "v"));
    }

    @Test
    void acceptsWhatOtherReadersAccept() {
        assertThat(parse("{}", 0).tensors()).isEmpty();
        assertThat(parse("{}       ", 0).metadata()).isEmpty();
        assertThat(parse("{ \n\t\"__metadata__\" : null }\r\n", 0).metadata()).isEmpty();
        assertThat(parse("{\"__metadata__\":{}}", 0).metadata()).isEmpty();
        String unnamed = "{\"\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}";
        assertThat(parse(unnamed, 1).tensors().get("").info().shape()).isEqualTo(Shape.of());
        String dims = IntStream.range(0, 256).mapToObj(i -> "1").toList().toString();
        String deep = "{\"w\":{\"dtype\":\"U8\",\"shape\":" + dims + ",\"data_offsets\":[0,1]}}";
        assertThat(parse(deep, 1).tensors().get("w").info().shape().rank()).isEqualTo(256);
    }

    /** As Python's safetensors 0.8.0 does: tools/compare_readers.py asks both. */
    @ParameterizedTest
    @ValueSource(strings = {" ", "\t", "\n", "\r", " \n\t\r  "})
    void readsPastWhiteSpaceBeforeTheHeader(String space) {
        String json = space + "{\"w\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}";

        SafetensorsHeader header = parse(json, 2);

        assertThat(header.tensors()).containsOnlyKeys("w");
        assertThat(header.dataStart()).isEqualTo(8 + json.length());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"strides\":[1]",
                "\"note\":\"a text\"",
                "\"\":{\"dtype\":\"F64\",\"shape\":[9],\"x\":[[],{\"y\":null}]}",
                "\"__metadata__\":-1.5e10",
                "\"DTYPE\":\"F64\",\"DTYPE\":true",
                "\"big\":123456789012345678901234567890"
            })
    void fieldsThatTheFormatDoesNotHaveAreNotRead(String fields) {
        for (String order :
                List.of("{%s,%s}", "{%2$s,%1$s}", "{\"before\":1,%1$s,%2$s,\"after\":[]}")) {
            String entry =
                    order.formatted(
                            "\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]", fields);

            SafetensorsHeader header = parse("{\"w\":" + entry + "}", 2);

            assertThat(header.tensors().get("w").info())
                    .isEqualTo(new TensorInfo("w", DType.U8, Shape.of(2)));
        }
    }

    @Test
    void readsEscapedCharacters() {
        String json =
                "{\"\\ud83d\\ude00\\u00e9\\n\":{\"\\u0064type\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},"
                        + "\"__meta\\u0064ata__\":{\"\\ud83d\\ude00\":\"\\ud83d\\ude00\"}}";

        SafetensorsHeader header = parse(json, 0);

        assertThat(header.tensors()).containsOnlyKeys("\ud83d\ude00\u00e9\n");
        assertThat(header.metadata()).containsExactly(Map.entry("\ud83d\ude00", "\ud83d\ude00"));
    }

    @Test
    void readsNothingBeyondTheHeader() throws IOException {
        byte[] start = "\u0002\0\0\0\0\0\0\0{}".getBytes(StandardCharsets.US_ASCII);
        ByteArrayInputStream input = new ByteArrayInputStream(start);

        // Ten bytes suffice, although the file is said to go on: the complaint is about what
        // follows.
        assertThatThrownBy(() -> SafetensorsHeader.read("f", Channels.newChannel(input), 1000))
                .isInstanceOfSatisfying(
                        SafetensorsException.class,
                        e -> assertThat(e.rule()).isEqualTo(Rule.TRAILING_BYTES));
    }

    @Test
    void aFileThatShrinksIsAnIoException() {
        byte[] start = "\u0009\0\0\0\0\0\0\0{}".getBytes(StandardCharsets.US_ASCII);

        assertThatThrownBy(
                        () ->
                                SafetensorsHeader.read(
                                        "f",
                                        Channels.newChannel(new ByteArrayInputStream(start)),
                                        1000))
                .isInstanceOf(EOFException.class)
                .hasMessageContaining("'f'");
    }

    @Test
    void holdsHundredsOfThousandsOfTensors() {
        List<TensorInfo> tensors =
                IntStream.range(0, 200_000)
                        .mapToObj(
                                i ->
                                        new TensorInfo(
                                                "model.layers." + i + ".w", DType.U8, Shape.of(1)))
                        .toList();
        SafetensorsLayout layout = SafetensorsLayout.of(tensors, Map.of());
        byte[] prefixed = layout.header();
        byte[] json = Arrays.copyOfRange(prefixed, 8, prefixed.length);

        assertThat(SafetensorsHeader.parse("f", layout.size(), json).tensors()).hasSize(200_000);
    }

    @Test
    void holdsVeryLongNames() {
        String name = "n".repeat(3_000_000);
        String json = "{\"" + name + "\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}";

        assertThat(parse(json, 0).tensors()).containsOnlyKeys(name);
    }

    @Test
    void messagesShortenLongTextAndEscapeControlCharacters() {
        String name = "\\u001b[2J" + "n".repeat(5000);

        assertThatThrownBy(() -> parse("{\"" + name + "\":1}", 0))
                .hasMessageContaining("tensor '\\u001b[2Jnnn")
                .message()
                .hasSizeLessThan(400);
    }

    private static SafetensorsHeader parse(String json, long data) {
        byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
        return SafetensorsHeader.parse("f", 8 + bytes.length + data, bytes);
    }
}
