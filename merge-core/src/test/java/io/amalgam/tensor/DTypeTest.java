package io.amalgam.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class DTypeTest {
    @ParameterizedTest
    @CsvSource({
        "F16, F16, F16",
        "F16, BF16, F32",
        "BF16, F32, F32",
        "F32, F64, F64",
        "F8_E4M3, F8_E5M2, F16",
        "F8_E4M3, BF16, BF16"
    })
    void promotesWithoutLosingRangeInEitherOrder(DType a, DType b, DType expected) {
        assertThat(DType.promote(a, b)).isEqualTo(expected);
        assertThat(DType.promote(b, a)).isEqualTo(expected);
    }

    @Test
    void doesNotPromoteIntegers() {
        assertThatThrownBy(() -> DType.promote(DType.I64, DType.F32))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("no common type for I64 and F32");
    }

    @ParameterizedTest
    @CsvSource({
        "F4, 4, 2",
        "Q8_0, 64, 68",
        "F6_E2M3, 4, 3",
        "BOOL, 5, 5",
        "BF16, 3, 6",
        "F64, 3, 24",
        "F32, 0, 0"
    })
    void sizes(DType type, long elements, long bytes) {
        assertThat(type.bytesFor(elements)).isEqualTo(bytes);
    }

    @Test
    void sizesThatAreNotWholeBytesOrOverflowAreRefused() {
        assertThatThrownBy(() -> DType.F4.bytesFor(3))
                .isInstanceOf(ArithmeticException.class)
                .hasMessage("3 elements of F4 do not fill whole bytes");
        assertThatThrownBy(() -> DType.F32.bytesFor(Long.MAX_VALUE / 2))
                .isInstanceOf(ArithmeticException.class);
    }

    @ParameterizedTest
    @EnumSource
    void headerNamesAreReadBack(DType type) {
        assertThat(DType.fromName(type.name()))
                .isEqualTo(type.safetensors() ? Optional.of(type) : Optional.empty());
    }

    @Test
    void recipeNames() {
        assertThat(DType.fromRecipeName("bfloat16")).contains(DType.BF16);
        assertThat(DType.fromRecipeName("torch.float16")).contains(DType.F16);
        assertThat(DType.fromRecipeName("int64")).contains(DType.I64);
        assertThat(DType.fromRecipeName("bf16")).isEmpty();
        assertThat(DType.fromName("bfloat16")).isEmpty();
        assertThat(DType.F8_E4M3.recipeName()).isEqualTo("float8_e4m3fn");
        assertThat(DType.U8.recipeName()).isEqualTo("u8");
    }
}
