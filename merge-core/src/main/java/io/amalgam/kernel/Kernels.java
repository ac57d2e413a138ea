package io.amalgam.kernel;

import io.amalgam.internal.kernel.ScalarKernels;

/**
 * Block operations for merging: the only arithmetic on the hot path.
 *
 * <p>Every operation works on the first {@code n} elements of its arrays (conversions also take a
 * start in the float array), which must be at least that long; {@code n} may be 0. The destination
 * of an element-wise operation may be one of its sources. Implementations allocate nothing, are
 * stateless and thread-safe.
 *
 * <p>{@link ScalarKernels} is the specification. Any other implementation gives the same bits for
 * the same input, whatever its vector width: element-wise operations round each float32 step as
 * written here (a "fused" step is one {@link Math#fma(float, float, float)}), and sums go to
 * {@value #LANES} float64 accumulators, element {@code i} to accumulator {@code i % LANES}.
 */
public interface Kernels {
    /**
     * Number of accumulators of a sum. If blocks start at multiples of it, the sum does not depend
     * on how a tensor is cut.
     */
    int LANES = 16;

    /** Number of frequent values counted separately by {@link #countBracket}. */
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
     * Decodes 4-bit integers: {@code dst = (code - zero) * scale}, with one zero and one scale per
     * {@code group} of codes.
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
     * Decodes codes by a table of 16 values: {@code dst = table[code] * scale}. Otherwise as {@link
     * #int4ToFloat}.
     */
    void tableToFloat(
            int[] words,
            int from,
            float[] table,
            float[] scales,
            int first,
            int group,
            float[] dst,
            int at,
            int n);

    /**
     * Decodes one 4-bit integer of each word: {@code dst = (code - zero) * scale}.
     *
     * @param shift of the code in its word
     */
    void int4OfWords(
            int[] words, int from, int shift, float zero, float scale, float[] dst, int at, int n);

    /**
     * Decodes one 4-bit float, E2M1, of each of {@code n} words, each with its own scale.
     *
     * @param from the first word
     * @param shift of the code in its word
     * @param first the first word's scale
     */
    void e2m1OfWords(
            int[] words,
            int from,
            int shift,
            float[] scales,
            int first,
            float[] dst,
            int at,
            int n);

    // Codes of a byte, or of some bits of one. Each operation is rounded.

    /**
     * Decodes E4M3 (a sign, four bits of exponent, three of fraction; no infinity, one NaN of each
     * sign): {@code dst = value * scale * factor}.
     */
    void e4m3ToFloat(byte[] codes, int from, float scale, float factor, float[] dst, int at, int n);

    /** Decodes E5M2 (the upper byte of float16): {@code dst = value * scale * factor}. */
    void e5m2ToFloat(byte[] codes, int from, float scale, float factor, float[] dst, int at, int n);

    /** Decodes signed bytes: {@code dst = (code - zero) * scale * factor}. */
    void int8ToFloat(
            byte[] codes,
            int from,
            float zero,
            float scale,
            float factor,
            float[] dst,
            int at,
            int n);

    /**
     * Decodes 4-bit codes by a table of 16 values, {@code dst = table[code] * scale}: first the
     * lower ones of {@code n} bytes, then the upper ones.
     */
    void tableOfHalves(
            byte[] bytes, int from, float[] table, float scale, float[] dst, int at, int n);

    /**
     * Decodes unsigned integers of a few bits, one in each byte: {@code dst = (code - zero) * scale
     * - least}.
     *
     * @param shift of the code in its byte
     * @param mask of the code once shifted
     */
    void bitsToFloat(
            byte[] bytes,
            int from,
            int shift,
            int mask,
            float zero,
            float scale,
            float least,
            float[] dst,
            int at,
            int n);

    /**
     * The same with upper bits from another byte.
     *
     * @param highFrom the first byte with upper bits
     * @param highShift of the upper bits in their byte
     * @param highMask of the upper bits once shifted
     * @param width of the lower bits
     */
    void splitBitsToFloat(
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
            int n);

    /**
     * Decodes integers of five bits: four in a byte, the fifth of each in the bits of one number:
     * {@code dst = (code - zero) * scale - least}.
     *
     * @param shift of the four bits in their byte
     * @param fifths the first code's in the lowest bit
     * @param n at most 32
     */
    void fiveBitsToFloat(
            byte[] bytes,
            int from,
            int shift,
            int fifths,
            float zero,
            float scale,
            float least,
            float[] dst,
            int at,
            int n);

    // Element-wise.

    /** {@code dst = w * x}. */
    void scale(float[] x, float w, float[] dst, int n);

    /**
     * {@code out = (w_0 x_0 + w_1 x_1 + ...) / divisor}: the first product rounded, each further
     * model one fused multiply-add in order; no division if {@code divisor == 1}.
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
     * (x_1 - base) + ...}: every step rounded, models in order; division and product are omitted if
     * they are by 1.
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
     * {@code out = base + lambda * (sum / divisor)}: each step rounded; no division if {@code
     * divisor == 1}, no product if {@code lambda == 1}.
     */
    void addScaled(float[] base, float[] sum, float divisor, float lambda, float[] out, int n);

    /**
     * Adds part of a matrix product, {@code dst += left right}: {@code rows} rows of columns {@code
     * from .. to-1}, stored row after row in {@code dst} from index {@code at}. Each becomes {@code
     * dst + sum} with {@code sum = ((0 + left[l] right[0][j]) + left[l + 1] right[1][j]) + ...}:
     * {@code rank} products in order, every product and sum rounded.
     *
     * @param l start of the first row of {@code left}; rows are {@code rank} long, row-major
     * @param right its rows, at least {@code to} long
     * @param spare two scratch arrays, at least {@code to} long
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
     * magnitude are at least {@code cut}. A cut of 0 keeps all; {@code threshold + 1} keeps
     * magnitudes strictly above a threshold.
     */
    void trimmedDelta(float[] x, float[] base, int cut, float[] dst, int n);

    /**
     * {@code dst = keep(x - base) ? x - base : 0}, where a delta is kept if the bits of its
     * magnitude are from {@code low} to {@code high}, both included and at least -1; none if {@code
     * high < low}.
     */
    void bandedDelta(float[] x, float[] base, int low, int high, float[] dst, int n);

    /**
     * {@code dst = }the bits of {@code x - base} from {@code at} on, rounded to float32. Returns
     * the bits of the largest magnitude, 0 if {@code n == 0}.
     */
    int deltaBits(float[] x, float[] base, int at, int[] dst, int n);

    /**
     * Bins of magnitudes in steps of {@code 2^shift} above {@code bottom}: {@code dst = floor(t /
     * 2^shift) + ceil(t / 2^shift)}, where {@code t} is 0 for a magnitude of 0, else {@code
     * max(bits & 0x7fffffff - bottom, 1)}. So the magnitudes of an even bin are equal.
     *
     * @param bottom at least 0
     * @param shift 0 to 30
     */
    void magnitudeBins(int[] bits, int bottom, int shift, int[] dst, int n);

    /** Groups of bins that have bounds of their own in {@link #keepBelow}. */
    int RANK_GROUPS = 8;

    /** The length of what describes the bounds of {@link #keepBelow}. */
    int RANK_BOUNDS = 8;

    /**
     * Keeps elements by random words, as far as the bounds of their bins decide: {@code dst[at +
     * i]} is the float of {@code bits[i]} where the level of {@code words[i]} is below the lower
     * bound of {@code bins[i]}, else 0. Where the level is neither below that nor above the upper
     * bound, bit {@code i} of {@code open} is set, 64 in a long from the lowest on. Other bits of
     * the first {@code n}, and of the long that has the last of them, are cleared.
     *
     * <p>With {@code b = bounds}, the level of a word is {@code ((word >>> 1) - b[0]) >> b[1]}, and
     * the group {@code g} of a bin {@code max(bin - b[2], 0) >>> b[3]}, at most {@code RANK_GROUPS
     * - 1}. The lower bound is two hexadecimal digits, the {@code g}-th from the lowest on of
     * {@code b[4]} and, the higher one, of {@code b[5]}; the upper bound is that of {@code b[6]}
     * and {@code b[7]}.
     *
     * @param bounds {@code b[0]} and {@code b[2]} at least 0, {@code b[1]} 0 to 31, {@code b[3]} 2
     *     to 27
     */
    void keepBelow(
            int[] bits,
            int[] words,
            int[] bins,
            int[] bounds,
            float[] dst,
            int at,
            long[] open,
            int n);

    /**
     * The rank of an element among {@code from .. to-1} by magnitude, {@code bits & 0x7fffffff},
     * ascending from 0; for equal magnitudes the lower index comes first.
     */
    int rank(int[] bits, int from, int element, int to);

    /**
     * Sets a bit for each number other than +0: bit {@code i % 8} of {@code dst[at + i / 8]} for
     * element {@code i}; the last byte is filled with 0.
     */
    void nonzeroBits(float[] x, byte[] dst, int at, int n);

    /**
     * {@code dst = x - base} where the bit in {@code kept}, as written by {@link #nonzeroBits}, is
     * set, else +0.
     */
    void keptDelta(float[] x, float[] base, byte[] kept, int at, float[] dst, int n);

    /**
     * {@code dst = x - base} where the bits of {@code |by|} are at least {@code cut}, else 0: as
     * {@link #trimmedDelta}, but chosen by other numbers.
     */
    void selectedDelta(float[] x, float[] base, float[] by, int cut, float[] dst, int n);

    /** {@code dst = |x - base| * factor} for the elements {@code from .. to-1}. */
    void distance(float[] x, float[] base, float factor, float[] dst, int from, int to);

    /**
     * {@code dst = x} where {@code |x - base| * factor} is at least {@code threshold}, else {@code
     * base}, for the elements {@code from .. to-1}.
     */
    void farther(
            float[] x, float[] base, float factor, float threshold, float[] dst, int from, int to);

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
     * Returns the number of deltas with magnitude bits above {@code high}, and lists the bits
     * within {@code low .. high}, both included, in order; bits equal to a pivot are counted
     * instead. Deltas of 16-bit models take few values, so counting frequent ones separately is
     * fast.
     *
     * @param inside receives the list, with room for {@code n}; elements after it are arbitrary
     * @param pivots {@value #PIVOTS} different bit patterns within the bracket; -1 for none
     * @param counts one counter per pivot, added to, then one more, set to the length of the list
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
     * With {@code v_m = weighted[m][i]} for models {@code 0 .. models-1}: take the sign of {@code
     * sum v_m}; {@code d = sum} of the nonzero {@code v_m} with that sign; {@code div = sum} of
     * their models' weights, 1 if that is exactly 0; {@code out = base + lambda * (normalize ? d /
     * div : d)}. All sums in model order from 0, every step rounded; no product if {@code lambda ==
     * 1}.
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

    /**
     * How values differ from a base, in one pass: {@code deltas = x - base}, and {@link #dot} of
     * {@code base} with itself, {@code base} with {@code x}, {@code x} with itself and {@code
     * deltas} with itself, in this order in {@code lanes}.
     *
     * @return the number of deltas other than 0 and -0, shifted left by 32 bits, and the largest
     *     magnitude of a delta as bits, those of some NaN if there is one
     */
    long change(float[] x, float[] base, double[][] lanes, float[] deltas, int n);

    /**
     * The number of elements at which one of the first {@code count} arrays, at least two, is above
     * 0 and another below; none has NaN.
     */
    int countOpposite(float[][] x, int count, int n);

    /** {@code lanes[i % LANES] += |x[i]|}. */
    void absSum(float[] x, double[] lanes, int n);

    /** {@link #absSum} of {@code x - base}. */
    void absDeltaSum(float[] x, float[] base, double[] lanes, int n);

    // Distributions in float64. Exponentials are those of PortableMath, sums as above.

    /** Replaces numbers up to 700 by their exponentials; below -700 by that of -700, NaN by NaN. */
    void exp(double[] x, int n);

    /**
     * The softmax of the elements {@code at .. at+n-1}, but for its divisor: {@code dst[i] = }the
     * exponential of {@code -min(max x - x[at + i], 700)}, with the largest of them; {@code lanes[i
     * % LANES] += dst[i]}. Where the largest is infinite or one is NaN, all are NaN.
     */
    void softmax(float[] x, int at, double[] dst, double[] lanes, int n);

    /**
     * The Kullback-Leibler divergence between {@code a = p * pScale + floor} and {@code b = q *
     * qScale + floor}, both fused: {@code q[i]} becomes {@code ln(a / b)}, and {@code lanes[i %
     * LANES]} becomes {@code a * q[i] + lanes[i % LANES]}, fused.
     *
     * @param floor positive; all products at least 0
     */
    void divergence(
            double[] p,
            double pScale,
            double[] q,
            double qScale,
            double floor,
            double[] lanes,
            int n);

    /** The sum of the lanes, added in order. Every sum is finished in this way. */
    static double total(double[] lanes) {
        double sum = 0;
        for (int i = 0; i < LANES; i++) {
            sum += lanes[i];
        }
        return sum;
    }
}
