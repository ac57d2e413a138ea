package io.amalgam.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ShapeTest {
    @Test
    void countsElements() {
        assertThat(Shape.of().elements()).isEqualTo(1);
        assertThat(Shape.of(3, 4).elements()).isEqualTo(12);
        assertThat(Shape.of(3, 0, 4).elements()).isZero();
        assertThat(Shape.of(1L << 40, 1L << 20).elements()).isEqualTo(1L << 60);
    }

    @Test
    void anEmptyShapeMayHaveHugeDimensions() {
        assertThat(Shape.of(Long.MAX_VALUE, 0, Long.MAX_VALUE).elements()).isZero();
    }

    @Test
    void refusesWhatCannotBe() {
        assertThatThrownBy(() -> Shape.of(2, -1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("negative dimension in [2, -1]");
        assertThatThrownBy(() -> Shape.of(Long.MAX_VALUE, 2))
                .isInstanceOf(ArithmeticException.class);
    }

    @Test
    void aVectorIsOneRow() {
        assertThat(Shape.of().rowLength()).isEqualTo(1);
        assertThat(Shape.of(7).rowLength()).isEqualTo(7);
        assertThat(Shape.of(2, 7).rowLength()).isEqualTo(7);
    }

    @Test
    void isAValue() {
        long[] dims = {2, 3};
        Shape shape = Shape.of(dims);
        dims[0] = 9;
        shape.dims()[1] = 9;
        assertThat(shape)
                .isEqualTo(Shape.of(2, 3))
                .hasSameHashCodeAs(Shape.of(2, 3))
                .isNotEqualTo(Shape.of(3, 2));
        assertThat(shape).hasToString("[2, 3]");
        assertThat(shape.rank()).isEqualTo(2);
        assertThat(shape.dim(1)).isEqualTo(3);
    }

    @Test
    void tensorInfoCountsBytes() {
        TensorInfo info = new TensorInfo("w", DType.BF16, Shape.of(2, 3));
        assertThat(info.bytes()).isEqualTo(12);
        assertThat(info.withDType(DType.F32).bytes()).isEqualTo(24);
        assertThat(info.withName("v")).isEqualTo(new TensorInfo("v", DType.BF16, Shape.of(2, 3)));
        assertThat(info).hasToString("w BF16 [2, 3]");
    }
}
