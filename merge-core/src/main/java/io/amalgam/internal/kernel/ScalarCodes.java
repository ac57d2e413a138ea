package io.amalgam.internal.kernel;

/** Codes of 4 bits, eight in a word, the first in its lowest bits. */
final class ScalarCodes {
    /** E2M1: a sign, two bits of exponent, one of fraction. */
    private static final float[] E2M1 = {
        0f, 0.5f, 1f, 1.5f, 2f, 3f, 4f, 6f, -0f, -0.5f, -1f, -1.5f, -2f, -3f, -4f, -6f
    };

    private static final int IN_WORD = 8;

    private ScalarCodes() {}

    static void int4ToFloat(
            int[] words,
            int from,
            float[] zeros,
            float[] scales,
            int first,
            int group,
            float[] dst,
            int at,
            int n) {
        for (int done = 0, g = first; done < n; done += group, g++) {
            float zero = zeros[g];
            float scale = scales[g];
            int end = Math.min(n, done + group);
            for (int i = done; i < end; i += IN_WORD) {
                int word = words[from + i / IN_WORD];
                dst[at + i] = ((word & 15) - zero) * scale;
                dst[at + i + 1] = ((word >>> 4 & 15) - zero) * scale;
                dst[at + i + 2] = ((word >>> 8 & 15) - zero) * scale;
                dst[at + i + 3] = ((word >>> 12 & 15) - zero) * scale;
                dst[at + i + 4] = ((word >>> 16 & 15) - zero) * scale;
                dst[at + i + 5] = ((word >>> 20 & 15) - zero) * scale;
                dst[at + i + 6] = ((word >>> 24 & 15) - zero) * scale;
                dst[at + i + 7] = ((word >>> 28) - zero) * scale;
            }
        }
    }

    static void fp4ToFloat(
            int[] words,
            int from,
            float[] scales,
            int first,
            int group,
            float[] dst,
            int at,
            int n) {
        for (int done = 0, g = first; done < n; done += group, g++) {
            float scale = scales[g];
            int end = Math.min(n, done + group);
            for (int i = done; i < end; i += IN_WORD) {
                int word = words[from + i / IN_WORD];
                dst[at + i] = E2M1[word & 15] * scale;
                dst[at + i + 1] = E2M1[word >>> 4 & 15] * scale;
                dst[at + i + 2] = E2M1[word >>> 8 & 15] * scale;
                dst[at + i + 3] = E2M1[word >>> 12 & 15] * scale;
                dst[at + i + 4] = E2M1[word >>> 16 & 15] * scale;
                dst[at + i + 5] = E2M1[word >>> 20 & 15] * scale;
                dst[at + i + 6] = E2M1[word >>> 24 & 15] * scale;
                dst[at + i + 7] = E2M1[word >>> 28] * scale;
            }
        }
    }

    static void int4OfWords(
            int[] words, int from, int shift, float zero, float scale, float[] dst, int at, int n) {
        for (int i = 0; i < n; i++) {
            dst[at + i] = ((words[from + i] >>> shift & 15) - zero) * scale;
        }
    }

    static void fp4OfWords(int[] words, int shift, float[] scales, float[] dst, int at, int n) {
        for (int i = 0; i < n; i++) {
            dst[at + i] = E2M1[words[i] >>> shift & 15] * scales[i];
        }
    }
}
