package io.amalgam.internal.encoding;

import io.amalgam.kernel.Workspace;
import java.nio.ByteBuffer;

/** float16. */
enum HalfEncoding implements TensorEncoding {
    INSTANCE;

    @Override
    public boolean decode(ByteBuffer bytes, int count, float[] dst, int at, Workspace workspace) {
        bytes.asShortBuffer().get(workspace.shorts(), 0, count);
        return workspace.kernels().f16ToFloat(workspace.shorts(), dst, at, count);
    }

    @Override
    public boolean encode(float[] src, int count, ByteBuffer bytes, Workspace workspace) {
        boolean finite = workspace.kernels().floatToF16(src, workspace.shorts(), count);
        bytes.asShortBuffer().put(workspace.shorts(), 0, count);
        return finite;
    }

    @Override
    public float largest() {
        return Math.nextDown(65520f);
    }

    @Override
    public boolean round(float[] values, int count, Workspace workspace) {
        boolean finite = workspace.kernels().floatToF16(values, workspace.shorts(), count);
        workspace.kernels().f16ToFloat(workspace.shorts(), values, 0, count);
        return finite;
    }
}
