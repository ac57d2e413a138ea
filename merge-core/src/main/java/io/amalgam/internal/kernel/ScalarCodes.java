package io.amalgam.internal.kernel;

import java.util.Arrays;

/** Codes of 4 bits, eight in a word, the first in its lowest bits. */
final class ScalarCodes {
    private static final int IN_WORD = 8;

    /** Known to the compiler of a copy, which then checks no index. */
    private static final int TABLE = 16;

    private static final float[] E2M1 = E2m1.values();

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

    static void tableToFloat(
            int[] words,
            int from,
            float[] values,
            float[] scales,
            int first,
            int group,
            float[] dst,
            int at,
            int n) {
        float[] table = Arrays.copyOf(values, TABLE);
        for (int done = 0, g = first; done < n; done += group, g++) {
            float scale = scales[g];
            int end = Math.min(n, done + group);
            for (int i = done; i < end; i += IN_WORD) {
                int word = words[from + i / IN_WORD];
                dst[at + i] = table[word & 15] * scale;
                dst[at + i + 1] = table[word >>> 4 & 15] * scale;
                dst[at + i + 2] = table[word >>> 8 & 15] * scale;
                dst[at + i + 3] = table[word >>> 12 & 15] * scale;
                dst[at + i + 4] = table[word >>> 16 & 15] * scale;
                dst[at + i + 5] = table[word >>> 20 & 15] * scale;
                dst[at + i + 6] = table[word >>> 24 & 15] * scale;
                dst[at + i + 7] = table[word >>> 28] * scale;
            }
        }
    }

    static void int4OfWords(
            int[] words, int from, int shift, float zero, float scale, float[] dst, int at, int n) {
        for (int i = 0; i < n; i++) {
            dst[at + i] = ((words[from + i] >>> shift & 15) - zero) * scale;
        }
    }

    static void e2m1OfWords(
            int[] words,
            int from,
            int shift,
            float[] scales,
            int first,
            float[] dst,
            int at,
            int n) {
        for (int i = 0; i < n; i++) {
            dst[at + i] = E2M1[words[from + i] >>> shift & 15] * scales[first + i];
        }
    }

    static void tableOfHalves(
            byte[] bytes, int from, float[] table, float scale, float[] dst, int at, int n) {
        for (int i = 0; i < n; i++) {
            int pair = bytes[from + i];
            dst[at + i] = table[pair & 15] * scale;
            dst[at + n + i] = table[pair >>> 4 & 15] * scale;
        }
    }
}
