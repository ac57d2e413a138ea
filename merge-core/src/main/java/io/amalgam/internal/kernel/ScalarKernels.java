package io.amalgam.internal.kernel;

import io.amalgam.internal.tensor.BFloat16;
import io.amalgam.internal.tensor.Half;
import io.amalgam.kernel.CounterRandom;
import io.amalgam.kernel.Kernels;

/**
 * The specification of {@link Kernels} in plain Java: any other implementation is tested against
 * this one, bit for bit. Runs on every JVM; the simple loops are vectorised by the server compiler
 * where it can.
 *
 * <p>Where an operation's result is NaN, which NaN it is (sign, payload) is the processor's affair
 * and not specified.
 */
public final class ScalarKernels implements Kernels {
    /** The one instance: it has no state. */
    public static final ScalarKernels INSTANCE = new ScalarKernels();

    private static final int ABS = 0x7FFFFFFF;

    private ScalarKernels() {}

    @Override
    public String name() {
        return "scalar";
    }

    @Override
    public boolean bf16ToFloat(short[] src, float[] dst, int at, int n) {
        for (int i = 0; i < n; i++) {
            dst[at + i] = BFloat16.toFloat(src[i]);
        }
        return largest16(src, n) < 0x7F80;
    }

    @Override
    public boolean f16ToFloat(short[] src, float[] dst, int at, int n) {
        for (int i = 0; i < n; i++) {
            dst[at + i] = Half.toFloat(src[i]);
        }
        return largest16(src, n) < 0x7C00;
    }

    @Override
    public boolean floatToBf16(float[] src, short[] dst, int n) {
        for (int i = 0; i < n; i++) {
            dst[i] = BFloat16.fromFloat(src[i]);
        }
        return largest16(dst, n) < 0x7F80;
    }

    @Override
    public boolean floatToF16(float[] src, short[] dst, int n) {
        for (int i = 0; i < n; i++) {
            dst[i] = Half.fromFloat(src[i]);
        }
        return largest16(dst, n) < 0x7C00;
    }

    /** The largest magnitude among 16-bit floats, as bits. */
    private static int largest16(short[] x, int n) {
        int largest = 0;
        for (int i = 0; i < n; i++) {
            largest = Math.max(largest, x[i] & 0x7FFF);
        }
        return largest;
    }

    @Override
    public boolean allFinite(float[] x, int at, int n) {
        // The largest magnitude instead of an early exit: no branch, and nearly every block is
        // finite anyway.
        int largest = 0;
        for (int i = 0; i < n; i++) {
            largest = Math.max(largest, Float.floatToRawIntBits(x[at + i]) & ABS);
        }
        return largest < 0x7F800000;
    }

    @Override
    public void int4ToFloat(
            int[] words,
            int from,
            float[] zeros,
            float[] scales,
            int first,
            int group,
            float[] dst,
            int at,
            int n) {
        ScalarCodes.int4ToFloat(words, from, zeros, scales, first, group, dst, at, n);
    }

    @Override
    public void tableToFloat(
            int[] words,
            int from,
            float[] table,
            float[] scales,
            int first,
            int group,
            float[] dst,
            int at,
            int n) {
        ScalarCodes.tableToFloat(words, from, table, scales, first, group, dst, at, n);
    }

    @Override
    public void int4OfWords(
            int[] words, int from, int shift, float zero, float scale, float[] dst, int at, int n) {
        ScalarCodes.int4OfWords(words, from, shift, zero, scale, dst, at, n);
    }

    @Override
    public void e2m1OfWords(
            int[] words,
            int from,
            int shift,
            float[] scales,
            int first,
            float[] dst,
            int at,
            int n) {
        ScalarCodes.e2m1OfWords(words, from, shift, scales, first, dst, at, n);
    }

    @Override
    public void tableOfHalves(
            byte[] bytes, int from, float[] table, float scale, float[] dst, int at, int n) {
        ScalarCodes.tableOfHalves(bytes, from, table, scale, dst, at, n);
    }

    @Override
    public void e4m3ToFloat(
            byte[] codes, int from, float scale, float factor, float[] dst, int at, int n) {
        ScalarBytes.e4m3ToFloat(codes, from, scale, factor, dst, at, n);
    }

    @Override
    public void e5m2ToFloat(
            byte[] codes, int from, float scale, float factor, float[] dst, int at, int n) {
        ScalarBytes.e5m2ToFloat(codes, from, scale, factor, dst, at, n);
    }

    @Override
    public void int8ToFloat(
            byte[] codes,
            int from,
            float zero,
            float scale,
            float factor,
            float[] dst,
            int at,
            int n) {
        ScalarBytes.int8ToFloat(codes, from, zero, scale, factor, dst, at, n);
    }

    @Override
    public void bitsToFloat(
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
        ScalarBytes.bitsToFloat(bytes, from, shift, mask, zero, scale, least, dst, at, n);
    }

    @Override
    public void splitBitsToFloat(
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
        ScalarBytes.splitBitsToFloat(
                bytes, from, shift, mask, highFrom, highShift, highMask, width, zero, scale, least,
                dst, at, n);
    }

    @Override
    public void fiveBitsToFloat(
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
        ScalarBytes.fiveBitsToFloat(bytes, from, shift, fifths, zero, scale, least, dst, at, n);
    }

    @Override
    public void scale(float[] x, float w, float[] dst, int n) {
        for (int i = 0; i < n; i++) {
            dst[i] = w * x[i];
        }
    }

    @Override
    public void weightedSum(
            float[][] x, float[] weights, int models, float divisor, float[] out, int n) {
        ScalarLinear.weightedSum(x, weights, models, divisor, out, 0, n);
    }

    @Override
    public void add(float[] a, float[] b, float[] dst, int n) {
        for (int i = 0; i < n; i++) {
            dst[i] = a[i] + b[i];
        }
    }

    @Override
    public void subtract(float[] a, float[] b, float[] dst, int n) {
        for (int i = 0; i < n; i++) {
            dst[i] = a[i] - b[i];
        }
    }

    @Override
    public void blend(float[] a, float ca, float[] b, float cb, float[] dst, int n) {
        for (int i = 0; i < n; i++) {
            dst[i] = ca * a[i] + cb * b[i];
        }
    }

    @Override
    public void addDeltas(
            float[][] x,
            float[] weights,
            int models,
            float[] base,
            float divisor,
            float lambda,
            float[] out,
            int n) {
        ScalarLinear.addDeltas(x, weights, models, base, divisor, lambda, out, 0, n);
    }

    @Override
    public void addScaled(
            float[] base, float[] sum, float divisor, float lambda, float[] out, int n) {
        // A product with 1 is exact, so only the division, which costs time, has a loop without it.
        if (divisor == 1) {
            for (int i = 0; i < n; i++) {
                out[i] = base[i] + lambda * sum[i];
            }
            return;
        }
        for (int i = 0; i < n; i++) {
            out[i] = base[i] + lambda * (sum[i] / divisor);
        }
    }

    @Override
    public void addProducts(
            float[] left,
            int l,
            float[][] right,
            int rank,
            int rows,
            int from,
            int to,
            float[] dst,
            int at,
            float[][] spare) {
        ScalarProducts.add(left, l, right, rank, rows, from, to, dst, at, spare);
    }

    @Override
    public void trimmedDelta(float[] x, float[] base, int cut, float[] dst, int n) {
        for (int i = 0; i < n; i++) {
            float delta = x[i] - base[i];
            dst[i] = magnitude(delta) >= cut ? delta : 0;
        }
    }

    @Override
    public void bandedDelta(float[] x, float[] base, int low, int high, float[] dst, int n) {
        for (int i = 0; i < n; i++) {
            float delta = x[i] - base[i];
            int bits = magnitude(delta);
            dst[i] = bits >= low && bits <= high ? delta : 0;
        }
    }

    @Override
    public int deltaBits(float[] x, float[] base, int at, int[] dst, int n) {
        int largest = 0;
        for (int i = 0; i < n; i++) {
            dst[i] = Float.floatToRawIntBits(x[at + i] - base[at + i]);
            largest = Math.max(largest, dst[i] & ABS);
        }
        return largest;
    }

    @Override
    public void magnitudeBins(int[] bits, int bottom, int shift, int[] dst, int n) {
        TailRanks.magnitudeBins(bits, bottom, shift, dst, 0, n);
    }

    @Override
    public void keepBelow(
            int[] bits,
            int[] words,
            int[] bins,
            int[] bounds,
            float[] dst,
            int at,
            long[] open,
            int n) {
        TailRanks.keepBelow(bits, words, bins, bounds, dst, at, open, 0, n);
    }

    @Override
    public int rank(int[] bits, int from, int element, int to) {
        int own = bits[element] & Integer.MAX_VALUE;
        return element
                - from
                - TailRanks.larger(bits, own, from, element)
                + TailRanks.smaller(bits, own, element, to);
    }

    @Override
    public void nonzeroBits(float[] x, byte[] dst, int at, int n) {
        TailBits.nonzeroBits(x, dst, at, 0, n);
    }

    @Override
    public void keptDelta(float[] x, float[] base, byte[] kept, int at, float[] dst, int n) {
        TailBits.keptDelta(x, base, kept, at, dst, 0, n);
    }

    @Override
    public void selectedDelta(float[] x, float[] base, float[] by, int cut, float[] dst, int n) {
        for (int i = 0; i < n; i++) {
            dst[i] = magnitude(by[i]) >= cut ? x[i] - base[i] : 0;
        }
    }

    @Override
    public void variance(float[][] x, int models, float[] base, float[] dst, int n) {
        ScalarLinear.variance(x, models, base, dst, 0, n);
    }

    @Override
    public int countZeros(float[] x, int n) {
        return ScalarBrackets.countZeros(x, 0, n);
    }

    @Override
    public int countBracket(
            float[] x,
            float[] base,
            int low,
            int high,
            int[] inside,
            int[] pivots,
            int[] counts,
            int n) {
        counts[PIVOTS] = 0;
        return ScalarBrackets.countBracket(x, base, low, high, inside, pivots, counts, 0, n);
    }

    @Override
    public void randomDelta(
            float[] x,
            float[] base,
            long key,
            long first,
            long keepBelow,
            float factor,
            float weight,
            float[] dst,
            int n) {
        for (int i = 0; i < n; i++) {
            long word = CounterRandom.word(key, first + i) & 0xFFFFFFFFL;
            float delta = word < keepBelow ? x[i] - base[i] : 0;
            dst[i] = weight * (factor * delta);
        }
    }

    @Override
    public void randomWords(long key, long first, int[] dst, int n) {
        for (int i = 0; i < n; i++) {
            dst[i] = CounterRandom.word(key, first + i);
        }
    }

    @Override
    public void trimmedConsensus(
            float[][] x,
            int[] cuts,
            float[] weights,
            int models,
            float[] base,
            boolean normalize,
            float lambda,
            float[] out,
            int n) {
        for (int i = 0; i < n; i++) {
            out[i] =
                    ScalarConsensus.trimmedConsensus(
                            x, cuts, weights, models, base[i], normalize, lambda, i);
        }
    }

    @Override
    public void consensus(
            float[][] weighted,
            float[] weights,
            int models,
            float[] base,
            boolean normalize,
            float lambda,
            float[] out,
            int n) {
        ScalarConsensus.consensus(weighted, weights, models, base, normalize, lambda, out, 0, n);
    }

    @Override
    public void agreeing(
            float[] election,
            float[][] vectors,
            float[] weights,
            float[] shares,
            int models,
            float[] agreed,
            float[] divisor,
            int n) {
        ScalarConsensus.agreeing(election, vectors, weights, shares, models, agreed, divisor, 0, n);
    }

    @Override
    public void dot(float[] a, float[] b, double[] lanes, int n) {
        TailSums.dot(a, b, lanes, 0, n);
    }

    @Override
    public void addSquares(float[] x, float[] base, double[] lanes, int n) {
        TailSums.addSquares(x, base, lanes, 0, n);
    }

    @Override
    public void gram(float[][] x, int count, double[][] lanes, int n) {
        int pair = 0;
        for (int j = 0; j < count; j++) {
            for (int k = j; k < count; k++) {
                TailSums.dot(x[j], x[k], lanes[pair++], 0, n);
            }
        }
    }

    @Override
    public long change(float[] x, float[] base, double[][] lanes, float[] deltas, int n) {
        return TailSums.change(x, base, lanes, deltas, 0, n);
    }

    @Override
    public int countOpposite(float[][] x, int count, int n) {
        return TailSums.countOpposite(x, count, 0, n);
    }

    @Override
    public void absSum(float[] x, double[] lanes, int n) {
        for (int i = 0; i < n; i++) {
            lanes[i % LANES] += Math.abs(x[i]);
        }
    }

    static int magnitude(float value) {
        return Float.floatToRawIntBits(value) & ABS;
    }

    @Override
    public void absDeltaSum(float[] x, float[] base, double[] lanes, int n) {
        TailSums.absDeltaSum(x, base, lanes, 0, n);
    }

    @Override
    public void exp(double[] x, int n) {
        for (int i = 0; i < n; i++) {
            x[i] = PortableMath.exp(Math.max(x[i], PortableMath.LEAST));
        }
    }

    @Override
    public void softmax(float[] x, int at, double[] dst, double[] lanes, int n) {
        double largest = ScalarSoftmax.finite(ScalarSoftmax.largest(x, at, at + n));
        ScalarSoftmax.softmax(x, at, largest, dst, lanes, 0, n);
    }

    @Override
    public void divergence(
            double[] p,
            double pScale,
            double[] q,
            double qScale,
            double floor,
            double[] lanes,
            int n) {
        ScalarSoftmax.divergence(p, pScale, q, qScale, floor, lanes, 0, n);
    }

    @Override
    public void distance(float[] x, float[] base, float factor, float[] dst, int from, int to) {
        for (int i = from; i < to; i++) {
            dst[i] = Math.abs(x[i] - base[i]) * factor;
        }
    }

    @Override
    public void farther(
            float[] x, float[] base, float factor, float threshold, float[] dst, int from, int to) {
        for (int i = from; i < to; i++) {
            dst[i] = Math.abs(x[i] - base[i]) * factor >= threshold ? x[i] : base[i];
        }
    }
}
