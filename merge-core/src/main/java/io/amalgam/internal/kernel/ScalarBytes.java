package io.amalgam.internal.kernel;

import io.amalgam.internal.tensor.Float8;

/** Codes of a byte, or of some bits of one. */
final class ScalarBytes {
    private ScalarBytes() {}

    static void e4m3ToFloat(
            byte[] codes, int from, float scale, float factor, float[] dst, int at, int n) {
        for (int i = 0; i < n; i++) {
            dst[at + i] = Float8.e4m3ToFloat(codes[from + i]) * scale * factor;
        }
    }

    static void e5m2ToFloat(
            byte[] codes, int from, float scale, float factor, float[] dst, int at, int n) {
        for (int i = 0; i < n; i++) {
            dst[at + i] = Float8.e5m2ToFloat(codes[from + i]) * scale * factor;
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

    static void fiveBitsToFloat(
            byte[] bytes,
            int from,
            int shift,
            int fifths,
            float zero,
            float scale,
            float least,
            float[] dst,
            int at,
            int n) {
        for (int i = 0; i < n; i++) {
            int code = ((bytes[from + i] >>> shift) & 15) | (((fifths >>> i) & 1) << 4);
            dst[at + i] = (code - zero) * scale - least;
        }
    }
}
