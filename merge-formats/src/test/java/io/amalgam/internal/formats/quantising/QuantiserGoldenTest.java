package io.amalgam.internal.formats.quantising;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.formats.safetensors.SafetensorsFile;
import io.amalgam.internal.encoding.Quantiser;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The bytes that the packages write which own these formats. */
class QuantiserGoldenTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden/quant/quantise");
    private static final int ROWS = 130;
    private static final int COLUMNS = 96;

    private static WeightType named(String name) {
        return WeightTypes.all().stream().filter(t -> t.name().equals(name)).findFirst().get();
    }

    static Stream<Arguments> types() {
        return Stream.of(
                Arguments.of("fp8-ct-block", named("fp8_block"), ROWS),
                Arguments.of("fp8-ct-channel", named("fp8"), ROWS),
                Arguments.of("fp8-ct-tensor", named("fp8_tensor"), ROWS),
                Arguments.of("fp8-transformers-float", new TransformersFp8("", 64, 32, false), 128),
                Arguments.of("fp8-transformers-ue8m0", new TransformersFp8("", 64, 32, true), 128),
                Arguments.of("int4-ct-asym", named("int4_asym_g32"), ROWS),
                Arguments.of("int4-ct-sym", named("int4_g32"), ROWS),
                Arguments.of("int8-ct-channel", named("int8"), ROWS),
                Arguments.of("mxfp4-ct", named("mxfp4"), ROWS),
                Arguments.of("mxfp8-modelopt", named("mxfp8"), ROWS),
                Arguments.of("nvfp4-ct", named("nvfp4"), ROWS),
                Arguments.of("nvfp4-modelopt", named("nvfp4_modelopt"), ROWS));
    }

    @ParameterizedTest
    @MethodSource("types")
    void bytesAreThoseOfTheOwners(String golden, WeightType type, int rows) throws IOException {
        float[] values = new float[rows * COLUMNS];
        try (SafetensorsFile dense = SafetensorsFile.open(file("dense"))) {
            dense.tensors().get("w").read(0, values.length, values, 0, workspace());
        }
        TensorInfo info = new TensorInfo(golden + ".weight", DType.BF16, Shape.of(rows, COLUMNS));
        Quantiser quantiser = type.quantiser(info).orElseThrow();
        List<byte[]> inOne = encode(quantiser, values, values.length);
        List<byte[]> inSteps = encode(quantiser, values, quantiser.step());
        try (SafetensorsFile written = SafetensorsFile.open(file("compressed"))) {
            List<String> names = new ArrayList<>();
            for (int part = 0; part < inOne.size(); part++) {
                TensorInfo made = quantiser.stored().get(part);
                TensorSource wanted = written.tensors().get(made.name());
                assertThat(wanted).as(made.name()).isNotNull();
                assertThat(made).isEqualTo(wanted.info());
                ByteBuffer bytes = ByteBuffer.allocate((int) made.bytes());
                wanted.stored().orElseThrow().region().readFully(0, bytes);
                assertThat(inOne.get(part)).as(made.name()).isEqualTo(bytes.array());
                assertThat(inSteps.get(part)).as(made.name()).isEqualTo(bytes.array());
                names.add(made.name());
            }
            assertThat(written.tensors().keySet().stream().filter(n -> n.startsWith(golden + ".")))
                    .containsExactlyInAnyOrderElementsOf(names);
        }
    }

    private static Path file(String name) {
        return GOLDEN.resolve(name + ".safetensors");
    }

    private static Workspace workspace() {
        return new Workspace(ScalarKernels.INSTANCE, ROWS * COLUMNS);
    }

    /** What is written of each stored tensor, without gaps. */
    private static List<byte[]> encode(Quantiser quantiser, float[] values, int piece)
            throws IOException {
        List<byte[]> stored = new ArrayList<>();
        quantiser.stored().forEach(info -> stored.add(new byte[(int) info.bytes()]));
        Map<Integer, Long> next = new HashMap<>();
        float largest = 0;
        for (float value : values) {
            largest = Math.max(largest, Math.abs(value));
        }
        for (int from = 0; from < values.length; from += piece) {
            int n = Math.min(piece, values.length - from);
            float needed = quantiser.needsLargest() ? largest : 0;
            quantiser.encode(
                    values,
                    from,
                    n,
                    from,
                    needed,
                    (part, position, bytes, count) -> {
                        assertThat(next.getOrDefault(part, 0L)).isEqualTo(position);
                        System.arraycopy(bytes, 0, stored.get(part), (int) position, count);
                        next.put(part, position + count);
                    },
                    workspace());
        }
        for (int part = 0; part < stored.size(); part++) {
            assertThat(next.get(part)).isEqualTo(stored.get(part).length);
        }
        return stored;
    }

    @Test
    void everyCodeOfE4m3IsTheNearest() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            float value = Float.intBitsToFloat(bits << 16 | 0x1234);
            if (Float.isFinite(value)) {
                float clamped = Math.max(-448, Math.min(448, value));
                assertThat(Codes.e4m3(value))
                        .as("%s", value)
                        .isEqualTo(io.amalgam.internal.tensor.Float8.floatToE4m3(clamped));
            }
        }
        for (int code = 0; code < 0x7E; code++) {
            float low = io.amalgam.internal.tensor.Float8.e4m3ToFloat((byte) code);
            float high = io.amalgam.internal.tensor.Float8.e4m3ToFloat((byte) (code + 1));
            float middle = (low + high) / 2;
            assertThat(Codes.e4m3(middle)).isEqualTo((byte) (code % 2 == 0 ? code : code + 1));
        }
    }
}
