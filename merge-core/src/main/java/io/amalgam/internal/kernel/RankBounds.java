package io.amalgam.internal.kernel;

import io.amalgam.kernel.Kernels;

/**
 * Bounds of random words for groups of bins, as {@link Kernels#keepBelow} takes them: an array of
 * ints that is filled again for each row. Bounds are hexadecimal digits, those of the first group
 * the lowest four bits of an int.
 */
public final class RankBounds {
    /** How many groups of bins there are. */
    public static final int GROUPS = Kernels.RANK_GROUPS;

    /** The largest bound. */
    public static final int MOST = 255;

    /** Index of half of a word of level 0. */
    public static final int LEAST_HALF = 0;

    /** Index of the binary logarithm of the halves in a level. */
    public static final int WORD_SHIFT = 1;

    /** Index of the first bin of the first group. */
    public static final int FIRST_BIN = 2;

    /** Index of the binary logarithm of the bins in a group. */
    public static final int BIN_SHIFT = 3;

    /** Index of the lower bounds' low digits; their high digits are next. */
    public static final int LOWS = 4;

    /** The same of the upper bounds. */
    public static final int HIGHS = 6;

    private final int[] values = new int[Kernels.RANK_BOUNDS];

    /** For {@link Kernels#keepBelow}; the same array each time. */
    public int[] values() {
        return values;
    }

    /**
     * Sets the scale of levels.
     *
     * @param least half of a word of level 0, at least 0
     * @param shift binary logarithm of the halves in a level, 0 to 31
     */
    public void words(int least, int shift) {
        values[LEAST_HALF] = least;
        values[WORD_SHIFT] = shift;
    }

    /**
     * Sets the groups: bins below the first belong to the first group, those beyond the last to the
     * last one.
     *
     * @param shift binary logarithm of the bins in a group, 2 to 27
     */
    public void bins(int first, int shift) {
        values[FIRST_BIN] = first;
        values[BIN_SHIFT] = shift;
    }

    /** Sets the bounds of a group, levels of 0 to {@link #MOST}. */
    public void set(int group, int low, int high) {
        put(LOWS, group, low);
        put(HIGHS, group, high);
    }

    private void put(int at, int group, int bound) {
        int shift = 4 * group;
        int others = ~(15 << shift);
        values[at] = (values[at] & others) | ((bound & 15) << shift);
        values[at + 1] = (values[at + 1] & others) | ((bound >> 4) << shift);
    }

    /** The level of a word of which this is half, rounded down. */
    public int levelOfHalf(int half) {
        return levelOfHalf(values, half);
    }

    private static int levelOfHalf(int[] bounds, int half) {
        return (half - bounds[LEAST_HALF]) >> bounds[WORD_SHIFT];
    }

    /** The level of a random word. */
    public static int level(int[] bounds, int word) {
        return levelOfHalf(bounds, word >>> 1);
    }

    /** The group of a bin. */
    public static int group(int[] bounds, int bin) {
        return Math.min(Math.max(bin - bounds[FIRST_BIN], 0) >>> bounds[BIN_SHIFT], GROUPS - 1);
    }

    /** What is kept of a group has a lower level. */
    public static int low(int[] bounds, int group) {
        return bound(bounds, LOWS, group);
    }

    /** What is not kept of a group has a higher level; between the bounds nothing is known. */
    public static int high(int[] bounds, int group) {
        return bound(bounds, HIGHS, group);
    }

    private static int bound(int[] bounds, int at, int group) {
        int shift = 4 * group;
        int high = (bounds[at + 1] >>> shift) & 15;
        return (high << 4) | ((bounds[at] >>> shift) & 15);
    }
}
