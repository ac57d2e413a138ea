package io.amalgam.internal.formats.quantised;

import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.internal.checkpoint.TensorReads;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.DType;
import java.io.IOException;
import java.util.List;

/** A list of scales that is read in runs. */
sealed interface Scales {
    /** Reads scales into the beginning of {@code dst}. */
    void read(long from, int count, float[] dst, Workspace workspace) throws IOException;

    /** The tensors they are in. */
    List<StoredTensor> tensors();

    /** Whether a tensor holds scales of a kind that is known. */
    static boolean fits(StoredTensor tensor) {
        DType type = tensor.info().dtype();
        return type.arithmetic() || isExponent(type);
    }

    /** Whether scales are powers of two, of which only the exponent is stored. */
    static boolean isExponent(DType type) {
        return type == DType.F8_E8M0 || type == DType.U8;
    }

    /** Scales as a tensor holds them: numbers, or exponents. */
    static Scales of(StoredTensor tensor) {
        return isExponent(tensor.info().dtype()) ? new Exponents(tensor) : new Numbers(tensor);
    }

    /** 2 to the power of the byte less 127; 255 is NaN. */
    static float power(byte exponent) {
        int bits = exponent & 0xFF;
        if (bits == 255) {
            return Float.NaN;
        }
        // Exponent 0 is the float32 subnormal 2^-127.
        return Float.intBitsToFloat(bits == 0 ? 0x400000 : bits << 23);
    }

    /** Floating-point numbers. */
    record Numbers(StoredTensor tensor) implements Scales {
        @Override
        public void read(long from, int count, float[] dst, Workspace workspace)
                throws IOException {
            TensorReads.into(tensor, from, count, dst, 0, workspace);
        }

        @Override
        public List<StoredTensor> tensors() {
            return List.of(tensor);
        }
    }

    /** 8-bit exponents, E8M0. */
    record Exponents(StoredTensor tensor) implements Scales {
        @Override
        public void read(long from, int count, float[] dst, Workspace workspace)
                throws IOException {
            byte[] bytes = Scratch.of(workspace).bytes(tensor, from, count, workspace);
            for (int i = 0; i < count; i++) {
                dst[i] = power(bytes[i]);
            }
        }

        @Override
        public List<StoredTensor> tensors() {
            return List.of(tensor);
        }
    }

    /**
     * Scales that a factor of the whole tensor belongs to.
     *
     * @param factor one number
     * @param divides whether it divides the scales; else it multiplies them
     */
    record Scaled(Scales scales, StoredTensor factor, boolean divides) implements Scales {
        @Override
        public void read(long from, int count, float[] dst, Workspace workspace)
                throws IOException {
            float[] one = Scratch.of(workspace).outer(1);
            factor.read(0, 1, one, 0, workspace);
            float value = one[0];
            scales.read(from, count, dst, workspace);
            for (int i = 0; i < count; i++) {
                dst[i] = divides ? dst[i] / value : dst[i] * value;
            }
        }

        @Override
        public List<StoredTensor> tensors() {
            return List.of(scales.tensors().get(0), factor);
        }
    }

    /**
     * Scales that are codes themselves: bytes into a table, times a scale for each block of them,
     * plus an offset.
     */
    record Nested(StoredTensor codes, float[] table, StoredTensor outer, int block, float offset)
            implements Scales {
        @Override
        public void read(long from, int count, float[] dst, Workspace workspace)
                throws IOException {
            Scratch scratch = Scratch.of(workspace);
            byte[] bytes = scratch.bytes(codes, from, count, workspace);
            long first = from / block;
            int blocks = (int) ((from + count - 1) / block - first) + 1;
            float[] scales = scratch.outer(blocks);
            TensorReads.into(outer, first, blocks, scales, 0, workspace);
            for (int i = 0; i < count; i++) {
                float scale = scales[(int) ((from + i) / block - first)];
                dst[i] = table[bytes[i] & 0xFF] * scale + offset;
            }
        }

        @Override
        public List<StoredTensor> tensors() {
            return List.of(codes, outer);
        }
    }
}
