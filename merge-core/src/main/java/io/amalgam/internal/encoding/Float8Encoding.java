package io.amalgam.internal.encoding;

import io.amalgam.internal.tensor.Float8;
import io.amalgam.kernel.Kernels;
import io.amalgam.kernel.Workspace;
import java.nio.ByteBuffer;

/** The two 8-bit floats, without a scale. */
enum Float8Encoding implements TensorEncoding {
    E4M3(464f) {
        @Override
        float decode(byte bits) {
            return Float8.e4m3ToFloat(bits);
        }

        @Override
        void decode(byte[] codes, float[] dst, int at, int n, Kernels kernels) {
            kernels.e4m3ToFloat(codes, 0, 1, 1, dst, at, n);
        }

        @Override
        byte encode(float value) {
            return Float8.floatToE4m3(value);
        }
    },
    E5M2(Math.nextDown(61440f)) {
        @Override
        float decode(byte bits) {
            return Float8.e5m2ToFloat(bits);
        }

        @Override
        void decode(byte[] codes, float[] dst, int at, int n, Kernels kernels) {
            kernels.e5m2ToFloat(codes, 0, 1, 1, dst, at, n);
        }

        @Override
        byte encode(float value) {
            return Float8.floatToE5m2(value);
        }
    };

    private final float largest;

    Float8Encoding(float largest) {
        this.largest = largest;
    }

    abstract float decode(byte bits);

    abstract void decode(byte[] codes, float[] dst, int at, int n, Kernels kernels);

    abstract byte encode(float value);

    @Override
    public boolean decode(ByteBuffer bytes, int count, float[] dst, int at, Workspace workspace) {
        byte[] codes =
                workspace.kept(
                        Float8Encoding.class,
                        byte[].class,
                        w -> new byte[Math.max(1, w.capacity())]);
        for (int done = 0; done < count; done += codes.length) {
            int n = Math.min(codes.length, count - done);
            bytes.get(done, codes, 0, n);
            decode(codes, dst, at + done, n, workspace.kernels());
        }
        return false;
    }

    @Override
    public boolean encode(float[] src, int count, ByteBuffer bytes, Workspace workspace) {
        for (int i = 0; i < count; i++) {
            bytes.put(i, encode(src[i]));
        }
        return false;
    }

    @Override
    public float largest() {
        return largest;
    }

    @Override
    public boolean round(float[] values, int count, Workspace workspace) {
        for (int i = 0; i < count; i++) {
            values[i] = decode(encode(values[i]));
        }
        return false;
    }
}
