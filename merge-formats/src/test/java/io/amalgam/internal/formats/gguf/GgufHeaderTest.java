package io.amalgam.internal.formats.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.amalgam.error.BadInputException;
import io.amalgam.tensor.Shape;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Headers of GGUF, right and wrong. */
class GgufHeaderTest {
    private static final Path MODELS = Path.of("src/test/resources/golden/gguf/models");
    private static final int F32 = GgmlType.F32.id();

    private static GgufHeader read(byte[] bytes) throws IOException {
        return GgufHeader.read(
                "f", Channels.newChannel(new ByteArrayInputStream(bytes)), bytes.length, true);
    }

    private static void refused(byte[] bytes, String message) {
        assertThatThrownBy(() -> read(bytes))
                .isInstanceOf(BadInputException.class)
                .hasMessage(message);
    }

    private static void refused(GgufBytes bytes, String message) {
        refused(bytes.bytes(), message);
    }

    @Test
    void everyKindOfKey() throws IOException {
        JsonNode expected =
                JsonMapper.builder()
                        .build()
                        .readTree(Files.readString(MODELS.resolve("gguf-container/keys.json")));
        try (GgufFile file = GgufFile.open(MODELS.resolve("gguf-container/keys.gguf"))) {
            assertThat(file.version()).isEqualTo(3);
            List<String> keys = new ArrayList<>();
            expected.fieldNames().forEachRemaining(keys::add);
            keys.removeIf(key -> key.startsWith("GGUF."));
            GgufMetadata metadata = file.metadata();
            assertThat(metadata.values().keySet()).containsExactlyElementsOf(keys);
            for (String key : keys) {
                check(metadata.values().get(key), expected.get(key));
            }
            assertThat(metadata.architecture()).contains("llama");
            assertThat(metadata.whole("t.uint64")).isEmpty();
            assertThat(metadata.whole("t.int64")).hasValue(-1099511627776L);
            assertThat(metadata.whole("t.float32")).isEmpty();
            assertThat(file.tensors().get("three.dims").shape()).isEqualTo(Shape.of(2, 3, 4));
        }
    }

    private static void check(GgufValue value, JsonNode expected) {
        if (value instanceof GgufValue.Whole whole) {
            assertThat(whole.value()).isEqualTo(expected.bigIntegerValue().longValue());
        } else if (value instanceof GgufValue.Real real) {
            assertThat(real.value()).isEqualTo(expected.doubleValue());
        } else if (value instanceof GgufValue.Flag flag) {
            assertThat(flag.value()).isEqualTo(expected.booleanValue());
        } else if (value instanceof GgufValue.Text text) {
            assertThat(text.value()).isEqualTo(expected.textValue());
        } else if (value instanceof GgufValue.Texts texts) {
            List<String> all = new ArrayList<>();
            expected.forEach(node -> all.add(node.textValue()));
            assertThat(texts.values()).isEqualTo(all);
        } else if (value instanceof GgufValue.Numbers numbers) {
            assertThat(numbers.size()).isEqualTo(expected.size());
            for (int i = 0; i < numbers.size(); i++) {
                JsonNode one = expected.get(i);
                assertThat(numbers.real(i))
                        .isEqualTo(one.isBoolean() ? (one.booleanValue() ? 1 : 0) : one.asDouble());
            }
        }
    }

    @Test
    void theLastPaddingMayBeMissing() throws IOException {
        GgufBytes bytes = GgufBytes.of(3, 1, 0).tensor("a", F32, 0, 3).data(32, 12);
        assertThat(read(bytes.bytes()).tensors().get("a").shape()).isEqualTo(Shape.of(3));
        assertThat(read(GgufBytes.of(2, 0, 0).bytes()).tensors()).isEmpty();
        GgufBytes scalar = GgufBytes.of(3, 1, 0).tensor("a", F32, 0).data(32, 4);
        assertThat(read(scalar.bytes()).tensors().get("a").shape()).isEqualTo(Shape.of());
    }

    @Test
    void anyAlignedOffset() throws IOException {
        GgufBytes bytes =
                GgufBytes.of(3, 2, 1)
                        .key("general.alignment", 8)
                        .tensor("a", F32, 16, 2)
                        .tensor("b", F32, 8, 1)
                        .data(8, 24);
        assertThat(read(bytes.bytes()).tensors().keySet()).containsExactly("a", "b");
    }

    @Test
    void otherFiles() throws IOException {
        refused(
                new byte[] {'G', 'G', 'M', 'L', 1, 0, 0, 0},
                "beginning of the file: expected the letters 'GGUF', got other bytes: 47474d4c ('f', byte 0); it is no GGUF file");
        refused(
                Files.readAllBytes(MODELS.resolve("gguf-mixed/big-endian.gguf")),
                "order of bytes: expected little-endian, got big-endian, for other machines ('f', byte 4); get the model for ordinary machines, or convert it again");
        refused(
                GgufBytes.of(1, 0, 0),
                "version of GGUF: expected 2 or 3, got 1 ('f', byte 4); convert the model again with a llama.cpp of today");
        refused(
                GgufBytes.of(4, 0, 0),
                "version of GGUF: expected 2 or 3, got 4 ('f', byte 4); the file is damaged, or made by a newer llama.cpp");
        refused(
                GgufBytes.of(0, 0, 0),
                "version of GGUF: expected 2 or 3, got 0 ('f', byte 4); the file is damaged, or made by a newer llama.cpp");
    }

    @Test
    void everyShorterFile() throws IOException {
        byte[] whole = Files.readAllBytes(MODELS.resolve("gguf-container/keys.gguf"));
        int data = 4 + 12 + 192; // what is left of the last tensor is checked too
        for (int length = 0; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            if (length < whole.length - data) {
                assertThatThrownBy(() -> read(cut)).isInstanceOf(BadInputException.class);
            }
        }
        refused(
                Arrays.copyOf(whole, 10),
                "header: expected number of tensors of 8 bytes, got the end of the file after 2 ('f', byte 8); the download is incomplete: get the file again");
    }

    @Test
    void counts() {
        refused(
                GgufBytes.of(3, -1, 0),
                "number of tensors: expected at most 0, which the file has room for, got 18446744073709551615 ('f', byte 8); the file is damaged: get it again");
        refused(
                GgufBytes.of(3, 0, 1L << 60),
                "number of keys: expected at most 0, which the file has room for, got 1152921504606846976 ('f', byte 16); the file is damaged: get it again");
        refused(
                GgufBytes.of(3, 0, 1).u64(1L << 62).raw(new byte[20]),
                "length of name of key 0: expected at most 20, which the file has room for, got 4611686018427387904 ('f', byte 24); the file is damaged: get it again");
        refused(
                GgufBytes.of(3, 0, 1).text("k").u32(8).u64(77).raw(new byte[3]),
                "length of value of key 'k': expected at most 3, which the file has room for, got 77 ('f', byte 37); the file is damaged: get it again");
        refused(
                GgufBytes.of(3, 0, 1).text("k").u32(9).u32(12).u64(1L << 61).raw(new byte[8]),
                "length of array of key 'k': expected at most 1, which the file has room for, got 2305843009213693952 ('f', byte 41); the file is damaged: get it again");
        refused(
                GgufBytes.of(3, 0, 1).text("k").u32(9).u32(8).u64(2).raw(new byte[8]),
                "length of array of key 'k': expected at most 1, which the file has room for, got 2 ('f', byte 41); the file is damaged: get it again");
    }

    @Test
    void keys() {
        refused(
                GgufBytes.of(3, 0, 1).text("k").u32(13).u64(0),
                "type of value of key 'k': expected a number from 0 to 12, got 13 ('f', byte 33); the file is damaged: get it again");
        refused(
                GgufBytes.of(3, 0, 1).text("k").u32(9).u32(9).u64(0),
                "array of key 'k': expected numbers or texts, got arrays, which no model needs ('f', byte 41); the file is damaged: get it again");
        refused(
                GgufBytes.of(3, 0, 2).key("k", 1).key("k", 1),
                "key 'k': expected one value, got a second one ('f', byte 41); the file is damaged: get it again");
        refused(
                GgufBytes.of(3, 0, 1).text("k").u32(7).raw((byte) 2),
                "value of key 'k': expected 0 or 1, got 2 ('f', byte 37); the file is damaged: get it again");
        refused(
                GgufBytes.of(3, 0, 1).u64(2).raw((byte) 0xC3, (byte) 0x28).u32(4).u32(0),
                "name of key 0: expected UTF-8, got other bytes ('f', byte 32); the file is damaged: get it again");
        for (int alignment : new int[] {0, 3, 48}) {
            refused(
                    GgufBytes.of(3, 0, 1).key("general.alignment", alignment),
                    "key 'general.alignment': expected a power of two, got "
                            + alignment
                            + " ('f', byte 57); the file is damaged: get it again");
        }
        refused(
                GgufBytes.of(3, 0, 1).key("general.alignment", "32"),
                "key 'general.alignment': expected a number of type u32, got string ('f', byte 63); the file is damaged: get it again");
    }

    @Test
    void tensors() {
        refused(
                GgufBytes.of(3, 1, 0).tensor("a", F32, 0, 1, 1, 1, 1, 1),
                "dimensions of tensor 'a': expected at most 4, got 5 ('f', byte 24); the file is damaged: get it again");
        refused(
                GgufBytes.of(3, 1, 0).text("a").u32(-1).raw(new byte[20]),
                "dimensions of tensor 'a': expected at most 4, got 4294967295 ('f', byte 24); the file is damaged: get it again");
        refused(
                GgufBytes.of(3, 1, 0).tensor("a", 77, 0, 1),
                "type of tensor 'a': expected a type of GGUF, got number 77 ('f', byte 24); convert the model again with a llama.cpp of today");
        refused(
                GgufBytes.of(3, 1, 0).tensor("a", 31, 0, 1),
                "type of tensor 'a': expected a type of GGUF, got Q4_0_4_4, which llama.cpp has given up ('f', byte 24); convert the model again with a llama.cpp of today");
        refused(
                GgufBytes.of(3, 1, 0).tensor("a", GgmlType.Q4_K.id(), 0, 128, 2).data(32, 144),
                "tensor 'a': expected rows of whole blocks of 256 elements, got rows of 128 elements of Q4_K ('f', byte 24); the file is damaged: get it again");
        for (long[] dims : new long[][] {{1L << 32, 1L << 32}, {1L << 62}, {-1}}) {
            assertThatThrownBy(() -> read(GgufBytes.of(3, 1, 0).tensor("a", F32, 0, dims).bytes()))
                    .isInstanceOf(BadInputException.class)
                    .hasMessageStartingWith(
                            "tensor 'a': expected dimensions that the file has room for, got [");
        }
        refused(
                GgufBytes.of(3, 1, 0).tensor("a", F32, 0, 4, 0).data(32, 32),
                "tensor 'a': expected dimensions of 1 or more, got [0, 4] ('f', byte 24); the file is damaged: get it again");
        refused(
                GgufBytes.of(3, 2, 0).tensor("a", F32, 0, 1).tensor("a", F32, 32, 1).data(32, 36),
                "tensor 'a': expected one of this name, got a second one ('f', byte 57); the file is damaged: get it again");
        refused(
                GgufBytes.of(3, 1, 0).tensor("a\u001b[2J", F32, 0, 1L << 40).data(32, 64),
                "data of tensor 'a\\u001b[2J': expected 4398046511104 bytes from byte 0 on, got 64 bytes in all ('f', byte 61); the download is incomplete: get the file again");
    }

    @Test
    void offsets() {
        refused(
                GgufBytes.of(3, 1, 0).tensor("a", F32, 4, 1).data(32, 64),
                "offset of tensor 'a': expected a multiple of 32, got 4 ('f', byte 57); the file is damaged: get it again");
        for (long offset : new long[] {64, 96, 1L << 62, -32}) {
            refused(
                    GgufBytes.of(3, 1, 0).tensor("a", F32, offset, 1).data(32, 64),
                    "data of tensor 'a': expected 4 bytes from byte "
                            + Long.toUnsignedString(offset)
                            + " on, got 64 bytes in all ('f', byte 57); the download is incomplete: get the file again");
        }
        refused(
                GgufBytes.of(3, 2, 0).tensor("a", F32, 32, 2).tensor("b", F32, 0, 9).data(32, 64),
                "tensor 'a': expected data of its own, got some of tensor 'b' ('f', byte 90); the file is damaged: get it again");
    }

    /** A vocabulary takes more memory than a merge. */
    @Test
    void longArraysCanBeLeftOut() throws IOException {
        byte[] bytes = Files.readAllBytes(MODELS.resolve("gguf-llama/llama-f32.gguf"));
        GgufHeader whole = read(bytes);
        GgufHeader lean =
                GgufHeader.read(
                        "f",
                        Channels.newChannel(new ByteArrayInputStream(bytes)),
                        bytes.length,
                        false);
        assertThat(lean.tensors()).isEqualTo(whole.tensors());
        assertThat(whole.metadata().texts("tokenizer.ggml.tokens").orElseThrow()).hasSize(295);
        assertThat(lean.metadata().values()).doesNotContainKey("tokenizer.ggml.tokens");
        assertThat(lean.metadata().text("tokenizer.ggml.model")).contains("gpt2");
        assertThat(whole.metadata().values().keySet())
                .containsAll(lean.metadata().values().keySet());
    }

    @Test
    void keysThatAreLeftOutAreUniqueToo() {
        GgufBytes bytes = GgufBytes.of(3, 0, 2);
        for (int i = 0; i < 2; i++) {
            bytes.text("k").u32(9).u32(0).u64(100).raw(new byte[100]);
        }
        byte[] all = bytes.bytes();
        assertThatThrownBy(
                        () ->
                                GgufHeader.read(
                                        "f",
                                        Channels.newChannel(new ByteArrayInputStream(all)),
                                        all.length,
                                        false))
                .hasMessageStartingWith("key 'k': expected one value, got a second one");
    }

    @Test
    void moreThanAnyModelHas() {
        byte[] bytes = GgufBytes.of(3, 1 << 20, 1 << 20).raw(new byte[30 << 20]).bytes();
        refused(
                bytes,
                "number of tensors: expected at most 131072, got 1048576 ('f', byte 8); the file is damaged: get it again");
    }
}
