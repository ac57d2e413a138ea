package io.amalgam.internal.kernel;

import io.amalgam.internal.tensor.Float8;

/** Codes of a byte, or of some bits of one. */
final class ScalarBytes {
    private static final float[] E4M3 = new float[256];
    private static final float[] E5M2 = new float[256];

    static {
        for (int code = 0; code < 256; code++) {
            E4M3[code] = Float8.e4m3ToFloat((byte) code);
            E5M2[code] = Float8.e5m2ToFloat((byte) code);
        }
    }

    private ScalarBytes() {}

    static void e4m3ToFloat(
            byte[] codes, int from, float scale, float factor, float[] dst, int at, int n) {
        byTable(E4M3, codes, from, scale, factor, dst, at, n);
    }

    static void e5m2ToFloat(
            byte[] codes, int from, float scale, float factor, float[] dst, int at, int n) {
        byTable(E5M2, codes, from, scale, factor, dst, at, n);
    }

    private static void byTable(
            float[] values,
            byte[] codes,
            int from,
            float scale,
            float factor,
            float[] dst,
            int at,
            int n) {
        for (int i = 0; i < n; i++) {
            dst[at + i] = values[codes[from + i] & 0xFF] * scale * factor;
        }
    }

    static void int8ToFloat(
            byte[] codes,
            int from,
            float zero,
            float scale,
            float factor,
            float[] dst,
            int at,
            int n) {
        for (int i = 0; i < n; i++) {
            dst[at + i] = (codes[from + i] - zero) * scale * factor;
        }
    }

    static void bitsToFloat(
            byte[] bytes,
            int from,
            int shift,
            int mask,
            float zero,
            float scale,
            float least,
            float[] dst,
            int at,
            int n) {
        for (int i = 0; i < n; i++) {
            dst[at + i] = ((bytes[from + i] >>> shift & mask) - zero) * scale - least;
        }
    }

    static void splitBitsToFloat(
            byte[] bytes,
            int from,
            int shift,
            int mask,
            int highFrom,
            int highShift,
            int highMask,
            int width,
            float zero,
            float scale,
            float least,
            float[] dst,
            int at,
            int n) {
        for (int i = 0; i < n; i++) {
            int low = bytes[from + i] >>> shift & mask;
            int high = bytes[highFrom + i] >>> highShift & highMask;
            dst[at + i] = ((low | high << width) - zero) * scale - least;
        }
    }
}
