package io.amalgam.internal.encoding;

import io.amalgam.kernel.Workspace;
import java.nio.ByteBuffer;

/** The encoding of types without arithmetic: integers, and types that are only copied. */
enum NoNumbers implements TensorEncoding {
    INSTANCE;

    @Override
    public boolean decode(ByteBuffer bytes, int count, float[] dst, int at, Workspace workspace) {
        throw noNumbers();
    }

    @Override
    public boolean encode(float[] src, int count, ByteBuffer bytes, Workspace workspace) {
        throw noNumbers();
    }

    @Override
    public float largest() {
        throw noNumbers();
    }

    @Override
    public boolean round(float[] values, int count, Workspace workspace) {
        throw noNumbers();
    }

    private static IllegalStateException noNumbers() {
        return new IllegalStateException("no arithmetic on this type");
    }
}
