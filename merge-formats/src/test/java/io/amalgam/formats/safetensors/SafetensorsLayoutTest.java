package io.amalgam.formats.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.error.BadInputException;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class SafetensorsLayoutTest {
    @Test
    void writesWideTypesFirstThenByName() {
        SafetensorsLayout layout =
                SafetensorsLayout.of(
                        List.of(
                                tensor("b", DType.BF16, 3),
                                tensor("a", DType.BF16, 1),
                                tensor("flag", DType.BOOL, 1),
                                tensor("ids", DType.I64, 2)),
                        Map.of("author", "a \"b\"", "format", "pt"));

        String json =
                "{\"__metadata__\":{\"format\":\"pt\",\"author\":\"a \\\"b\\\"\"},"
                        + "\"ids\":{\"dtype\":\"I64\",\"shape\":[2],\"data_offsets\":[0,16]},"
                        + "\"a\":{\"dtype\":\"BF16\",\"shape\":[1],\"data_offsets\":[16,18]},"
                        + "\"b\":{\"dtype\":\"BF16\",\"shape\":[3],\"data_offsets\":[18,24]},"
                        + "\"flag\":{\"dtype\":\"BOOL\",\"shape\":[1],\"data_offsets\":[24,25]}}";
        assertThat(json(layout).stripTrailing()).isEqualTo(json);
        int start = layout.header().length;
        assertThat(start % 8).isZero();
        assertThat(IntStream.range(0, 4).mapToLong(layout::offset))
                .containsExactly(start + 18L, start + 16L, start + 24L, (long) start);
        assertThat(layout.size()).isEqualTo(start + 25L);
    }

    @Test
    void everyTypeHasItsPlace() {
        assertThat(SafetensorsLayout.ORDER)
                .containsExactlyInAnyOrderElementsOf(
                        Arrays.stream(DType.values()).filter(DType::safetensors).toList());
    }

    @Test
    void doesNotDependOnTheOrderGiven() {
        List<TensorInfo> tensors = new ArrayList<>(everyType());
        byte[] header =
                SafetensorsLayout.of(tensors, Map.of("a", "1", "b", "2", "format", "pt")).header();
        Random random = new Random(1);
        for (int i = 0; i < 20; i++) {
            Collections.shuffle(tensors, random);
            assertThat(
                            SafetensorsLayout.of(
                                            tensors, Map.of("b", "2", "format", "pt", "a", "1"))
                                    .header())
                    .isEqualTo(header);
        }
    }

    @Test
    void everyTensorIsAlignedToItsElement() {
        List<TensorInfo> tensors = everyType();
        SafetensorsLayout layout = SafetensorsLayout.of(tensors, Map.of());
        for (int i = 0; i < tensors.size(); i++) {
            DType dtype = tensors.get(i).dtype();
            int width = dtype.blockElements() == 1 ? dtype.blockBytes() : 1;
            assertThat(layout.offset(i) % width).as(dtype.name()).isZero();
        }
    }

    @Test
    void isReadAsItWasLaidOut() {
        List<TensorInfo> tensors = everyType();
        SafetensorsLayout layout =
                SafetensorsLayout.of(tensors, Map.of("k", "\u0001\t\u00e9\ud83d\ude00"));

        SafetensorsHeader header = read(layout);

        assertThat(header.tensors()).hasSize(tensors.size());
        for (int i = 0; i < tensors.size(); i++) {
            SafetensorsHeader.Entry entry = header.tensors().get(tensors.get(i).name());
            assertThat(entry.info()).isEqualTo(tensors.get(i));
            assertThat(header.dataStart() + entry.begin()).isEqualTo(layout.offset(i));
        }
        assertThat(header.metadata()).containsExactly(Map.entry("k", "\u0001\t\u00e9\ud83d\ude00"));
    }

    @Test
    void anEmptyFileIsAHeaderOfNothing() {
        SafetensorsLayout layout = SafetensorsLayout.of(List.of(), Map.of());

        assertThat(json(layout)).isEqualTo("{}      ");
        assertThat(layout.size()).isEqualTo(16);
    }

    @Test
    void refusesNamesThatCannotBeReadBack() {
        assertThatThrownBy(() -> of(tensor("w", DType.U8, 1), tensor("w", DType.I8, 1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("two tensors are named 'w'");
        assertThatThrownBy(() -> of(tensor("__metadata__", DType.U8, 1)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> of(tensor("\ud83d", DType.U8, 1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("not a text of whole characters: '\\ud83d'");
        assertThatThrownBy(() -> SafetensorsLayout.of(List.of(), Map.of("k", "\ude00")))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void refusesSizesBeyondALong() {
        TensorInfo half = tensor("a", DType.U8, Long.MAX_VALUE / 2 + 1);
        assertThatThrownBy(() -> of(half, half.withName("b")))
                .isInstanceOf(ArithmeticException.class);
    }

    @Test
    @Tag("one-pass")
    void refusesAHeaderNobodyWouldRead() {
        TensorInfo tensor = tensor("n".repeat(SafetensorsHeader.MAX_LENGTH), DType.U8, 1);

        assertThatThrownBy(() -> of(tensor))
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "header: expected at most 100000000 bytes, got 100000056; write the tensors to several files");
    }

    private static SafetensorsLayout of(TensorInfo... tensors) {
        return SafetensorsLayout.of(List.of(tensors), Map.of());
    }

    private static List<TensorInfo> everyType() {
        return Arrays.stream(DType.values())
                .filter(DType::safetensors)
                .flatMap(
                        type ->
                                IntStream.of(1, 3)
                                        .mapToObj(n -> tensor(type + "." + n, type, 4L * n)))
                .toList();
    }

    private static TensorInfo tensor(String name, DType dtype, long elements) {
        return new TensorInfo(name, dtype, Shape.of(elements));
    }

    private static String json(SafetensorsLayout layout) {
        byte[] header = layout.header();
        return new String(header, 8, header.length - 8, StandardCharsets.UTF_8);
    }

    private static SafetensorsHeader read(SafetensorsLayout layout) {
        byte[] header = layout.header();
        return SafetensorsHeader.parse(
                "f", layout.size(), Arrays.copyOfRange(header, 8, header.length));
    }
}
