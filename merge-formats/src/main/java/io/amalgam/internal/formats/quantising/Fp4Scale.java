package io.amalgam.internal.formats.quantising;

import io.amalgam.internal.tensor.Float8;
import io.amalgam.tensor.DType;

/**
 * How the scale of a group follows from its largest magnitude, where codes are E2M1. All results
 * are rounded to float32.
 */
enum Fp4Scale {
    /**
     * A power of two that brings the largest to at most 7 before it is clamped, as
     * compressed-tensors does it.
     */
    MXFP4(32, DType.U8) {
        @Override
        float ofTensor(float largest) {
            return 1;
        }

        @Override
        byte code(float largest, float tensor) {
            float known = largest == 0 ? 0x1p-120f : largest;
            int exponent = ((Float.floatToRawIntBits(known) + (1 << 21)) >>> 23) - 2;
            return (byte) Math.max(0, Math.min(254, exponent));
        }

        @Override
        float scale(byte code, float tensor) {
            return Codes.power(code & 0xFF);
        }
    },
    /** Scales of E4M3, divided by a number for the tensor, as compressed-tensors does it. */
    NVFP4(16, DType.F8_E4M3) {
        @Override
        float ofTensor(float largest) {
            float global = 1 / largest * (Codes.E4M3_LARGEST * Codes.E2M1_LARGEST);
            return Float.isFinite(global) ? global : 1;
        }

        @Override
        byte code(float largest, float tensor) {
            byte code = Codes.e4m3(tensor * (largest / Codes.E2M1_LARGEST));
            return code == 0 ? EIGHTH : code;
        }

        @Override
        float scale(byte code, float tensor) {
            return Float8.e4m3ToFloat(code) / tensor;
        }
    },
    /** Scales of E4M3, multiplied by a number for the tensor, as modelopt does it. */
    NVFP4_MODELOPT(16, DType.F8_E4M3) {
        @Override
        float ofTensor(float largest) {
            float scale = largest / (Codes.E4M3_LARGEST * Codes.E2M1_LARGEST);
            return scale == 0 ? 1 : scale;
        }

        @Override
        byte code(float largest, float tensor) {
            float scale = largest / (Codes.E2M1_LARGEST * tensor);
            return Codes.e4m3(scale == 0 ? 1 : Math.max(scale, 0x1p-9f));
        }

        @Override
        float scale(byte code, float tensor) {
            return Float8.e4m3ToFloat(code) * tensor;
        }
    };

    /** 0.125 as E4M3. */
    private static final byte EIGHTH = 0x20;

    private final int group;
    private final DType scales;

    Fp4Scale(int group, DType scales) {
        this.group = group;
        this.scales = scales;
    }

    int group() {
        return group;
    }

    DType scales() {
        return scales;
    }

    /** The number for the tensor, by its largest magnitude. */
    abstract float ofTensor(float largest);

    /** The stored scale of a group. */
    abstract byte code(float largest, float tensor);

    /** What values are divided by. */
    abstract float scale(byte code, float tensor);
}
