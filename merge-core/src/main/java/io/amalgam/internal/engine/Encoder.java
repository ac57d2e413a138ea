package io.amalgam.internal.engine;

import io.amalgam.internal.tensor.Float8;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.DType;
import java.nio.ByteBuffer;

/** Rounds float32 values to an output type, once, to the nearest, ties to even. */
final class Encoder {
    private Encoder() {}

    /**
     * Encodes the first {@code n} values into {@code bytes}, from its first byte on.
     *
     * @return whether all results are known to be finite; false means that they must be looked at
     */
    static boolean encode(float[] src, int n, DType type, ByteBuffer bytes, Workspace workspace) {
        boolean finite = false;
        switch (type) {
            case BF16 -> {
                finite = workspace.kernels().floatToBf16(src, workspace.shorts(), n);
                bytes.asShortBuffer().put(workspace.shorts(), 0, n);
            }
            case F16 -> {
                finite = workspace.kernels().floatToF16(src, workspace.shorts(), n);
                bytes.asShortBuffer().put(workspace.shorts(), 0, n);
            }
            case F32 -> bytes.asFloatBuffer().put(src, 0, n);
            case F64 -> {
                for (int i = 0; i < n; i++) {
                    bytes.putDouble(i * Double.BYTES, src[i]);
                }
            }
            case F8_E4M3 -> {
                for (int i = 0; i < n; i++) {
                    bytes.put(i, Float8.floatToE4m3(src[i]));
                }
            }
            case F8_E5M2 -> {
                for (int i = 0; i < n; i++) {
                    bytes.put(i, Float8.floatToE5m2(src[i]));
                }
            }
            default -> throw new IllegalStateException("no encoder for " + type);
        }
        return finite;
    }

    /**
     * The largest float32 that does not round to infinity in a type, where that is less than
     * float32's own.
     */
    static float largest(DType type) {
        return switch (type) {
            case BF16 -> Math.nextDown(0x1.ffp127f);
            case F16 -> Math.nextDown(65520f);
            case F8_E4M3 -> 464f;
            case F8_E5M2 -> Math.nextDown(61440f);
            default -> Float.MAX_VALUE;
        };
    }
}
