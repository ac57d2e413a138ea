package io.amalgam.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.checkpoint.FileRegion;
import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.formats.safetensors.SafetensorsFile;
import io.amalgam.internal.encoding.TensorEncoding;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Types of GGUF against gguf-py: {@code golden/quant/quantise}. */
class GoldenBlocksTest {
    private static final Path FILES = Path.of("src/test/resources/golden/quant/quantise");
    private static final Shape SHAPE = Shape.of(38, 96);
    private static final int N = (int) SHAPE.elements();

    private static float[] floats(String file, String tensor) throws IOException {
        try (SafetensorsFile opened = SafetensorsFile.open(FILES.resolve(file))) {
            return opened.floats(tensor);
        }
    }

    /** The one tensor of a file: it ends there, but for the padding to 32 bytes. */
    private static StoredTensor stored(DType type, FileChannel channel, Path file)
            throws IOException {
        TensorInfo info = new TensorInfo("x", type, SHAPE);
        long begin = channel.size() - (info.bytes() + 31) / 32 * 32;
        return new StoredTensor("m", info, new FileRegion(channel, file, begin, info.bytes()));
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.MATCH_ALL, names = "Q[45]_[01]|Q8_0")
    void anyRangeIsThatOfTheGolden(DType type) throws IOException {
        float[] expected = floats("dequantised.safetensors", type.name());
        Path file = FILES.resolve(type + ".gguf");
        try (FileChannel channel = FileChannel.open(file)) {
            StoredTensor tensor = stored(type, channel, file);
            Random random = new Random(7);
            for (int capacity : new int[] {1, 7, 32, 100, N}) {
                Workspace workspace = new Workspace(ScalarKernels.INSTANCE, capacity);
                for (int trial = 0; trial < 200; trial++) {
                    int count = random.nextInt(Math.min(capacity, N) + 1);
                    int from = random.nextInt(N - count + 1);
                    float[] read = new float[count + 2];
                    assertThat(tensor.read(from, count, read, 1, workspace)).isTrue();
                    assertThat(bits(Arrays.copyOfRange(read, 1, count + 1)))
                            .isEqualTo(bits(Arrays.copyOfRange(expected, from, from + count)));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.MATCH_ALL, names = "Q[45]_[01]|Q8_0|B?F16")
    void bytesAreThoseOfTheGolden(DType type) throws IOException {
        Path file = FILES.resolve(type + ".gguf");
        try (FileChannel channel = FileChannel.open(file)) {
            ByteBuffer expected = ByteBuffer.allocate((int) type.bytesFor(N));
            stored(type, channel, file).region().readFully(0, expected);
            ByteBuffer bytes =
                    ByteBuffer.allocate(expected.capacity()).order(ByteOrder.LITTLE_ENDIAN);
            Workspace workspace = new Workspace(ScalarKernels.INSTANCE, N);
            float[] x = floats("input.safetensors", "x");
            TensorEncoding.of(type).encode(x, N, bytes, workspace);
            assertThat(bytes.array()).isEqualTo(expected.array());
        }
    }

    private static int[] bits(float[] values) {
        int[] bits = new int[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToRawIntBits(values[i]);
        }
        return bits;
    }
}
