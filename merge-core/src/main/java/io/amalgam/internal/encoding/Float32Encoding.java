package io.amalgam.internal.encoding;

import io.amalgam.kernel.Workspace;
import java.nio.ByteBuffer;

/** float32, which is what merges compute with. */
enum Float32Encoding implements TensorEncoding {
    INSTANCE;

    @Override
    public boolean decode(ByteBuffer bytes, int count, float[] dst, int at, Workspace workspace) {
        bytes.asFloatBuffer().get(dst, at, count);
        return false;
    }

    @Override
    public boolean encode(float[] src, int count, ByteBuffer bytes, Workspace workspace) {
        bytes.asFloatBuffer().put(src, 0, count);
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
