package io.amalgam.internal.encoding;

import io.amalgam.kernel.Workspace;
import java.nio.ByteBuffer;

/** float64: holds every float32. */
enum Float64Encoding implements TensorEncoding {
    INSTANCE;

    @Override
    public boolean decode(ByteBuffer bytes, int count, float[] dst, int at, Workspace workspace) {
        for (int i = 0; i < count; i++) {
            dst[at + i] = (float) bytes.getDouble(i * Double.BYTES);
        }
        return false;
    }

    @Override
    public boolean encode(float[] src, int count, ByteBuffer bytes, Workspace workspace) {
        for (int i = 0; i < count; i++) {
            bytes.putDouble(i * Double.BYTES, src[i]);
        }
        return false;
    }

    @Override
    public float largest() {
        return Float.MAX_VALUE;
    }

    @Override
    public boolean round(float[] values, int count, Workspace workspace) {
        return false;
    }
}
