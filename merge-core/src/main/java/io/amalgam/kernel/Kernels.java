package io.amalgam.kernel;

import io.amalgam.internal.kernel.ScalarKernels;

/**
 * The block operations that merging is made of: the only arithmetic on the hot path.
 *
 * <p>Every operation works on the first {@code n} elements of its arrays (conversions also take a
 * start in the float array), which must be at least that long; {@code n} may be 0. Arrays may be
 * the same object where a destination is elementwise. Nothing is allocated and nothing is kept:
 * implementations are stateless and safe for use by many threads.
 *
 * <p>{@link ScalarKernels} is the specification. Any other implementation gives the same bits for
 * the same input, whatever its vector width: element-wise operations round each float32 step as
 * written here (a "fused" step is one {@link Math#fma(float, float, float)}), and sums go to
 * {@value #LANES} float64 accumulators, element {@code i} to accumulator {@code i % LANES}.
 */
public interface Kernels {
    /**
     * Accumulators of a sum. Blocks whose starts are multiples of this give the same sum however a
     * tensor is cut up.
     */
    int LANES = 16;

    /** How many values are counted apart from a histogram. */
    int PIVOTS = 4;

    /** A short name for reports: {@code scalar}, {@code simd-512}. */
    String name();

    // Conversions. 16-bit formats are held as raw shorts.

    // Each says whether all results are finite, which costs nothing while the values are in
    // registers.

    /** Exact. Returns whether no value is NaN or infinite. */
    boolean bf16ToFloat(short[] src, float[] dst, int at, int n);

    /** Exact. Returns whether no value is NaN or infinite. */
    boolean f16ToFloat(short[] src, float[] dst, int at, int n);

    /**
     * Rounds to nearest, ties to even; too large becomes infinite; NaN stays NaN (quiet, sign and
     * upper payload kept). Returns whether no result is NaN or infinite.
     */
    boolean floatToBf16(float[] src, short[] dst, int n);

    /**
     * Rounds to nearest, ties to even; too large becomes infinite; NaN stays NaN (quiet). Returns
     * whether no result is NaN or infinite.
     */
    boolean floatToF16(float[] src, short[] dst, int n);

    /** Whether {@code x[at .. at+n)} holds neither NaN nor an infinity. */
    boolean allFinite(float[] x, int at, int n);

    // Codes of 4 bits, eight in a word, the first in its lowest bits. Each operation is rounded.

    /**
     * Whole numbers: {@code dst = (code - zero) * scale}, where each {@code group} of codes has a
     * zero and a scale.
     *
     * @param from the first word
     * @param first the first group's zero and scale
     * @param group a multiple of 8
     * @param n a multiple of 8; the last group may be cut
     */
    void int4ToFloat(
            int[] words,
            int from,
            float[] zeros,
            float[] scales,
            int first,
            int group,
            float[] dst,
            int at,
            int n);

    /**
     * E2M1, which has the values 0, 0.5, 1, 1.5, 2, 3, 4, 6 and a sign: {@code dst = value *
     * scale}. Otherwise as {@link #int4ToFloat}.
     */
    void fp4ToFloat(
            int[] words,
            int from,
            float[] scales,
            int first,
            int group,
            float[] dst,
            int at,
            int n);

    /**
     * One whole number of each word: {@code dst = (code - zero) * scale}.
     *
     * @param shift of the code in its word
     */
    void int4OfWords(
            int[] words, int from, int shift, float zero, float scale, float[] dst, int at, int n);

    /**
     * One E2M1 of each of the first {@code n} words, each with a scale: {@code dst = value *
     * scale}.
     *
     * @param shift of the code in its word
     */
    void fp4OfWords(int[] words, int shift, float[] scales, float[] dst, int at, int n);

    // Element-wise.

    /** {@code dst = w * x}. */
    void scale(float[] x, float w, float[] dst, int n);

    /**
     * {@code out = (w_0 x_0 + w_1 x_1 + ...) / divisor}: the first product rounded, each further
     * model one fused multiply-add in order; the division is left out where {@code divisor == 1}.
     *
     * @param models at least 1
     */
    void weightedSum(float[][] x, float[] weights, int models, float divisor, float[] out, int n);

    /** {@code dst = a + b}. */
    void add(float[] a, float[] b, float[] dst, int n);

    /** {@code dst = a - b}. */
    void subtract(float[] a, float[] b, float[] dst, int n);

    /** {@code dst = (ca * a) + (cb * b)}: both products and the sum rounded. */
    void blend(float[] a, float ca, float[] b, float cb, float[] dst, int n);

    /**
     * {@code out = base + lambda * (sum / divisor)} with {@code sum = 0 + w_0 (x_0 - base) + w_1
     * (x_1 - base) + ...}: every step rounded, models in order; division and product are left out
     * where they are by 1.
     */
    void addDeltas(
            float[][] x,
            float[] weights,
            int models,
            float[] base,
            float divisor,
            float lambda,
            float[] out,
            int n);

    /**
     * {@code out = base + lambda * (sum / divisor)}: each step rounded; the division is left out
     * where {@code divisor == 1}, the product where {@code lambda == 1}.
     */
    void addScaled(float[] base, float[] sum, float divisor, float lambda, float[] out, int n);

    /**
     * Adds a product of two matrices, {@code dst += left right}, to some of its elements: {@code
     * rows} rows of columns {@code from .. to-1}, which lie in {@code dst} one row behind another
     * from index {@code at} on. Each becomes {@code dst + sum} with {@code sum = ((0 + left[l]
     * right[0][j]) + left[l + 1] right[1][j]) + ...}: {@code rank} products in order, every product
     * and sum rounded.
     *
     * @param l where the first row of {@code left} begins; each is {@code rank} long, row-major
     * @param right its rows, at least {@code to} long
     * @param spare two arrays at least {@code to} long; what they hold afterwards is arbitrary
     */
    void addProducts(
            float[] left,
            int l,
            float[][] right,
            int rank,
            int rows,
            int from,
            int to,
            float[] dst,
            int at,
            float[][] spare);

    // Task vectors, trimmed by magnitude. A magnitude is compared as the bit pattern of |x|, an int
    // in 0 .. 0x7fffffff that orders as
    // the magnitudes do.

    /**
     * {@code dst = keep(x - base) ? x - base : 0}, where a delta is kept if the bits of its
     * magnitude are at least {@code cut}. A cut of 0 keeps all; {@code threshold + 1} keeps what is
     * strictly above a threshold.
     */
    void trimmedDelta(float[] x, float[] base, int cut, float[] dst, int n);

    /**
     * {@code dst = keep(x - base) ? x - base : 0}, where a delta is kept if the bits of its
     * magnitude are at least {@code low} and at most {@code high}; nothing is where {@code high <
     * low}. Both at least -1.
     */
    void bandedDelta(float[] x, float[] base, int low, int high, float[] dst, int n);

    /**
     * {@code dst = }the bits of {@code x - base}, rounded to float32. Returns those of the largest
     * magnitude, 0 of none.
     */
    int deltaBits(float[] x, float[] base, int[] dst, int n);

    /**
     * {@code dst = max((bits & 0x7fffffff) - bottom, 0) >>> shift}: bins of magnitudes.
     *
     * @param bottom at least 0
     */
    void magnitudeBins(int[] bits, int bottom, int shift, int[] dst, int n);

    /**
     * Keeps elements by random words, as far as bounds tell. Of element {@code i}, {@code at} to
     * {@code at + n - 1}: {@code dst[i]} is the float of {@code bits[i]} where {@code words[i] >>>
     * 1} is below {@code low}, else 0; where that is {@code low} to {@code high}, bit {@code i -
     * at} of {@code open} is set, 64 in a long from the lowest on. Other bits of the longs that
     * hold those of the elements are cleared.
     *
     * @param low at least 0
     * @param high at least {@code low}
     */
    void keepBelow(
            int[] bits, int[] words, int low, int high, float[] dst, long[] open, int at, int n);

    /**
     * How many of the elements {@code from .. to-1} come before one of them in the order of
     * magnitudes, {@code bits & 0x7fffffff}, of equal ones the lower index first.
     */
    int rank(int[] bits, int from, int element, int to);

    /**
     * Notes which numbers are not +0: bit {@code i % 8} of {@code dst[at + i / 8]} for element
     * {@code i}, the last byte filled up with 0.
     */
    void nonzeroBits(float[] x, byte[] dst, int at, int n);

    /**
     * {@code dst = x - base} where the bit of {@code kept}, as {@link #nonzeroBits} has them, is
     * set, else +0.
     */
    void keptDelta(float[] x, float[] base, byte[] kept, int at, float[] dst, int n);

    /**
     * {@code dst = x - base} where the bits of {@code |by|} are at least {@code cut}, else 0: as
     * {@link #trimmedDelta}, but chosen by other numbers.
     */
    void selectedDelta(float[] x, float[] base, float[] by, int cut, float[] dst, int n);

    /**
     * The population variance of {@code d_m = x[m] - base} over the models: {@code sum (e_m - mean
     * e)^2 / models} with {@code e_m = d_m - d_0}, exactly 0 where all are equal. Every step
     * rounded, models in order; the sum of squares begins with model 0's.
     */
    void variance(float[][] x, int models, float[] base, float[] dst, int n);

    /**
     * {@link #consensus} of {@code weights[m] * trimmed(x[m] - base)}, trimmed as by {@link
     * #trimmedDelta} with {@code cuts[m]}, in one pass.
     */
    void trimmedConsensus(
            float[][] x,
            int[] cuts,
            float[] weights,
            int models,
            float[] base,
            boolean normalize,
            float lambda,
            float[] out,
            int n);

    /** How many of the first {@code n} elements are 0 or -0. */
    int countZeros(float[] x, int n);

    /**
     * Counts the deltas whose magnitude bits are above {@code high} (returned), and lists the bits
     * within {@code low .. high}, both included, in their order; but those equal to a pivot are
     * counted instead. Real deltas of 16-bit models take few values: counting the frequent ones
     * apart is fast.
     *
     * @param inside gets the list: room for {@code n}; what is after it is arbitrary
     * @param pivots {@value #PIVOTS} different bit patterns within the bracket; -1 for none
     * @param counts as many, added to; after them one more, set to the length of the list
     */
    int countBracket(
            float[] x,
            float[] base,
            int low,
            int high,
            int[] inside,
            int[] pivots,
            int[] counts,
            int n);

    /**
     * {@code dst = weight * (factor * (keep ? x - base : 0))}, every step rounded: element {@code
     * i} is kept where the random word of element {@code first + i} under {@code key}, taken
     * unsigned, is below {@code keepBelow} (0 to 2^32). See {@link CounterRandom#word(long, long)}.
     */
    void randomDelta(
            float[] x,
            float[] base,
            long key,
            long first,
            long keepBelow,
            float factor,
            float weight,
            float[] dst,
            int n);

    /**
     * The random words of elements {@code first .. first+n-1} under {@code key}: {@code dst[i] =
     * }{@link CounterRandom#word(long, long) word}{@code (key, first + i)}.
     */
    void randomWords(long key, long first, int[] dst, int n);

    // Sign consensus (TIES): majority sign per element is + where the sum over models is at least
    // 0, else -.

    /**
     * With {@code v_m = weighted[m][i]} for models {@code 0 .. models-1}: majority sign of {@code
     * sum v_m}; {@code d = sum} of the {@code v_m} that are not zero and have that sign; {@code div
     * = sum} of those models' weights, 1 where that is exactly 0; {@code out = base + lambda *
     * (normalize ? d / div : d)}. All sums in model order from 0, every step rounded; the product
     * is left out where {@code lambda == 1}.
     */
    void consensus(
            float[][] weighted,
            float[] weights,
            int models,
            float[] base,
            boolean normalize,
            float lambda,
            float[] out,
            int n);

    /**
     * With the sign of {@code election[i]}, + where it is at least 0: {@code agreed = sum
     * weights[m] * vectors[m]} over the models whose vector is not zero and has that sign, {@code
     * divisor = sum shares[m]} over the same. All sums in model order from 0, every step rounded.
     * {@code agreed} may be {@code election}.
     */
    void agreeing(
            float[] election,
            float[][] vectors,
            float[] weights,
            float[] shares,
            int models,
            float[] agreed,
            float[] divisor,
            int n);

    // Sums in float64.

    /** {@code lanes[i % LANES] += (double) a[i] * (double) b[i]}: products are exact. */
    void dot(float[] a, float[] b, double[] lanes, int n);

    /** {@link #dot} of {@code x - base} with itself. */
    void addSquares(float[] x, float[] base, double[] lanes, int n);

    /**
     * {@link #dot} of each pair {@code j <= k} of the first {@code count} vectors, row by row: pair
     * after pair in {@code lanes}.
     */
    void gram(float[][] x, int count, double[][] lanes, int n);

    /** {@code lanes[i % LANES] += |x[i]|}. */
    void absSum(float[] x, double[] lanes, int n);

    /** {@link #absSum} of {@code x - base}. */
    void absDeltaSum(float[] x, float[] base, double[] lanes, int n);

    /** The lanes' sum, added in order: the one way a sum is finished. */
    static double total(double[] lanes) {
        double sum = 0;
        for (int i = 0; i < LANES; i++) {
            sum += lanes[i];
        }
        return sum;
    }
}
