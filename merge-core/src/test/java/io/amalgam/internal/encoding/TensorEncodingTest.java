package io.amalgam.internal.encoding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What every encoding promises. */
class TensorEncodingTest {
    private static final int N = 512;

    private final Workspace workspace = new Workspace(ScalarKernels.INSTANCE, N);

    static Stream<DType> numbers() {
        return Arrays.stream(DType.values())
                .filter(type -> type.arithmetic() && TensorEncoding.of(type).writes());
    }

    static Stream<DType> onlyRead() {
        return Arrays.stream(DType.values()).filter(type -> !TensorEncoding.of(type).writes());
    }

    static Stream<DType> others() {
        return Arrays.stream(DType.values()).filter(type -> !type.arithmetic());
    }

    /** Zeros of both signs, halfway cases and values of every size. */
    private static float[] values() {
        float[] values = new float[N];
        Random random = new Random(1);
        for (int i = 0; i < N; i++) {
            values[i] = (random.nextInt(65) - 32) * Math.scalb(1f, random.nextInt(20) - 16);
        }
        values[0] = -0f;
        return values;
    }

    private static ByteBuffer buffer(DType type) {
        return ByteBuffer.allocate((int) type.bytesFor(N)).order(ByteOrder.LITTLE_ENDIAN);
    }

    @ParameterizedTest
    @MethodSource("numbers")
    void decodedValuesAreEncodedToTheSameBytes(DType type) {
        TensorEncoding encoding = TensorEncoding.of(type);
        ByteBuffer bytes = buffer(type);
        encoding.encode(values(), N, bytes, workspace);
        float[] decoded = new float[N + 3];
        encoding.decode(bytes, N, decoded, 3, workspace);
        ByteBuffer again = buffer(type);
        encoding.encode(Arrays.copyOfRange(decoded, 3, N + 3), N, again, workspace);
        assertThat(again).isEqualTo(bytes);
        assertThat(Arrays.copyOf(decoded, 3)).containsOnly(0f);
    }

    @ParameterizedTest
    @MethodSource("numbers")
    void roundingIsEncodingAndDecoding(DType type) {
        TensorEncoding encoding = TensorEncoding.of(type);
        float[] rounded = values();
        encoding.round(rounded, N, workspace);
        ByteBuffer bytes = buffer(type);
        encoding.encode(values(), N, bytes, workspace);
        float[] decoded = new float[N];
        encoding.decode(bytes, N, decoded, 0, workspace);
        assertThat(bits(rounded)).isEqualTo(bits(decoded));
    }

    @ParameterizedTest
    @MethodSource("numbers")
    void theLargestIsTheLastThatStaysFinite(DType type) {
        TensorEncoding encoding = TensorEncoding.of(type);
        float[] values = new float[N];
        values[0] = encoding.largest();
        // Each in a block of its own.
        values[256 - 1] = -encoding.largest();
        values[256] = -Math.nextUp(encoding.largest());
        encoding.round(values, N, workspace);
        assertThat(values[0]).isFinite();
        assertThat(values[256 - 1]).isFinite();
        assertThat(Float.isFinite(values[256])).isFalse();
    }

    @ParameterizedTest
    @MethodSource("others")
    void otherTypesHaveNoNumbers(DType type) {
        TensorEncoding encoding = TensorEncoding.of(type);
        ByteBuffer bytes = buffer(type);
        assertThatThrownBy(() -> encoding.decode(bytes, N, new float[N], 0, workspace))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> encoding.encode(new float[N], N, bytes, workspace))
                .isInstanceOf(IllegalStateException.class);
    }

    @ParameterizedTest
    @MethodSource("onlyRead")
    void blocksAreReadOneByOne(DType type) {
        TensorEncoding encoding = TensorEncoding.of(type);
        ByteBuffer bytes = buffer(type);
        new Random(5).nextBytes(bytes.array());
        float[] all = new float[N];
        encoding.decode(bytes, N, all, 0, workspace);
        float[] last = new float[N];
        int block = type.blockElements();
        ByteBuffer own =
                bytes.slice(buffer(type).capacity() - type.blockBytes(), type.blockBytes());
        encoding.decode(own.order(ByteOrder.LITTLE_ENDIAN), block, last, 3, workspace);
        assertThat(bits(Arrays.copyOfRange(last, 3, 3 + block)))
                .isEqualTo(bits(Arrays.copyOfRange(all, N - block, N)));
        assertThat(Arrays.copyOf(last, 3)).containsOnly(0f);
    }

    @ParameterizedTest
    @MethodSource("onlyRead")
    void typesThatAreOnlyReadAreNotWritten(DType type) {
        TensorEncoding encoding = TensorEncoding.of(type);
        assertThatThrownBy(() -> encoding.encode(values(), N, buffer(type), workspace))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> encoding.round(values(), N, workspace))
                .isInstanceOf(IllegalStateException.class);
    }

    private static int[] bits(float[] values) {
        int[] bits = new int[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToRawIntBits(values[i]);
        }
        return bits;
    }
}
