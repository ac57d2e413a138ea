package io.amalgam.internal.kernel;

import io.amalgam.kernel.CounterRandom;
import io.amalgam.kernel.Kernels;
import io.amalgam.tensor.SlowFloats;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * The kernels once more as the interface words them, slow and with other means: float32 operations
 * by float64 ones rounded afterwards (which is exact for + - * /, as 53 bits are more than 2 x 24 +
 * 1), the fused one in decimal arithmetic.
 */
final class ReferenceKernels implements Kernels {
    @Override
    public String name() {
        return "reference";
    }

    @Override
    public boolean bf16ToFloat(short[] src, float[] dst, int at, int n) {
        for (int i = 0; i < n; i++) {
            dst[at + i] = (float) SlowFloats.decode(src[i] & 0xFFFF, 8, 7);
        }
        return allFinite(dst, at, n);
    }

    @Override
    public boolean f16ToFloat(short[] src, float[] dst, int at, int n) {
        for (int i = 0; i < n; i++) {
            dst[at + i] = (float) SlowFloats.decode(src[i] & 0xFFFF, 5, 10);
        }
        return allFinite(dst, at, n);
    }

    @Override
    public boolean floatToBf16(float[] src, short[] dst, int n) {
        for (int i = 0; i < n; i++) {
            dst[i] =
                    (short)
                            (Float.isNaN(src[i])
                                    ? quietNan(src[i], 16, 0x7F80)
                                    : SlowFloats.encode(src[i], 8, 7));
        }
        float[] back = new float[n];
        return bf16ToFloat(dst, back, 0, n);
    }

    @Override
    public boolean floatToF16(float[] src, short[] dst, int n) {
        for (int i = 0; i < n; i++) {
            dst[i] =
                    (short)
                            (Float.isNaN(src[i])
                                    ? quietNan(src[i], 13, 0x7C00)
                                    : SlowFloats.encode(src[i], 5, 10));
        }
        float[] back = new float[n];
        return f16ToFloat(dst, back, 0, n);
    }

    /** Exponent all ones, the highest fraction bit set, below it what is left of the payload. */
    private static int quietNan(float nan, int dropped, int exponent) {
        int bits = Float.floatToRawIntBits(nan);
        int fraction = (bits & 0x7FFFFF) >> dropped;
        int quiet = 0x400000 >> dropped;
        return (bits < 0 ? 0x8000 : 0) + exponent + (fraction | quiet);
    }

    @Override
    public boolean allFinite(float[] x, int at, int n) {
        for (int i = at; i < at + n; i++) {
            if (!Float.isFinite(x[i])) {
                return false;
            }
        }
        return true;
    }

    private static int code(int[] words, int from, int i) {
        return (int) ((words[from + i / 8] & 0xFFFFFFFFL) / (1L << 4 * (i % 8)) % 16);
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
        for (int i = 0; i < n; i++) {
            int g = first + i / group;
            dst[at + i] = (code(words, from, i) - zeros[g]) * scales[g];
        }
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
        for (int i = 0; i < n; i++) {
            dst[at + i] = table[code(words, from, i)] * scales[first + i / group];
        }
    }

    @Override
    public void int4OfWords(
            int[] words, int from, int shift, float zero, float scale, float[] dst, int at, int n) {
        for (int i = 0; i < n; i++) {
            dst[at + i] = (code(words, from + i, shift / 4) - zero) * scale;
        }
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
        for (int i = 0; i < n; i++) {
            int code = code(words, from + i, shift / 4);
            int exponent = code / 2 % 4;
            double magnitude =
                    exponent == 0 ? code % 2 * 0.5 : (1 + code % 2 * 0.5) * (1 << exponent - 1);
            dst[at + i] = (float) (code < 8 ? magnitude : -magnitude) * scales[first + i];
        }
    }

    @Override
    public void tableOfHalves(
            byte[] bytes, int from, float[] table, float scale, float[] dst, int at, int n) {
        for (int i = 0; i < n; i++) {
            dst[at + i] = table[(bytes[from + i] & 0xFF) % 16] * scale;
            dst[at + n + i] = table[(bytes[from + i] & 0xFF) / 16] * scale;
        }
    }

    @Override
    public void e4m3ToFloat(
            byte[] codes, int from, float scale, float factor, float[] dst, int at, int n) {
        for (int i = 0; i < n; i++) {
            dst[at + i] = float8(codes[from + i], 4, 3, false) * scale * factor;
        }
    }

    @Override
    public void e5m2ToFloat(
            byte[] codes, int from, float scale, float factor, float[] dst, int at, int n) {
        for (int i = 0; i < n; i++) {
            dst[at + i] = float8(codes[from + i], 5, 2, true) * scale * factor;
        }
    }

    /** By the definition of such floats. */
    private static float float8(byte code, int exponentBits, int fractionBits, boolean infinities) {
        int magnitude = code & 127;
        int fractions = 1 << fractionBits;
        int exponent = magnitude / fractions;
        int fraction = magnitude % fractions;
        int bias = (1 << (exponentBits - 1)) - 1;
        double value =
                exponent == 0
                        ? fraction * Math.pow(2, 1 - bias - fractionBits)
                        : (1 + fraction / (double) fractions) * Math.pow(2, exponent - bias);
        if (infinities && exponent == (1 << exponentBits) - 1) {
            value = fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
        }
        if (!infinities && magnitude == 127) {
            value = Double.NaN;
        }
        return (float) (code < 0 ? -value : value);
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
        for (int i = 0; i < n; i++) {
            dst[at + i] = (codes[from + i] - zero) * scale * factor;
        }
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
        for (int i = 0; i < n; i++) {
            int code = ((bytes[from + i] & 255) >>> shift) & mask;
            dst[at + i] = (code - zero) * scale - least;
        }
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
        for (int i = 0; i < n; i++) {
            int low = ((bytes[from + i] & 255) >>> shift) & mask;
            int high = ((bytes[highFrom + i] & 255) >>> highShift) & highMask;
            dst[at + i] = (low + high * (1 << width) - zero) * scale - least;
        }
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
        for (int i = 0; i < n; i++) {
            int low = ((bytes[from + i] & 255) >>> shift) & 15;
            boolean fifth = (fifths & (1 << i)) != 0;
            dst[at + i] = (low + (fifth ? 16 : 0) - zero) * scale - least;
        }
    }

    @Override
    public void scale(float[] x, float w, float[] dst, int n) {
        for (int i = 0; i < n; i++) {
            dst[i] = times(w, x[i]);
        }
    }

    @Override
    public void weightedSum(
            float[][] x, float[] weights, int models, float divisor, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            float sum = times(weights[0], x[0][i]);
            for (int m = 1; m < models; m++) {
                sum = fused(weights[m], x[m][i], sum);
            }
            out[i] = divisor == 1 ? sum : over(sum, divisor);
        }
    }

    @Override
    public void add(float[] a, float[] b, float[] dst, int n) {
        for (int i = 0; i < n; i++) {
            dst[i] = plus(a[i], b[i]);
        }
    }

    @Override
    public void subtract(float[] a, float[] b, float[] dst, int n) {
        for (int i = 0; i < n; i++) {
            dst[i] = minus(a[i], b[i]);
        }
    }

    @Override
    public void blend(float[] a, float ca, float[] b, float cb, float[] dst, int n) {
        for (int i = 0; i < n; i++) {
            dst[i] = plus(times(ca, a[i]), times(cb, b[i]));
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
        float[] sum = new float[n];
        for (int m = 0; m < models; m++) {
            for (int i = 0; i < n; i++) {
                sum[i] = plus(sum[i], times(weights[m], minus(x[m][i], base[i])));
            }
        }
        addScaled(base, sum, divisor, lambda, out, n);
    }

    @Override
    public void addScaled(
            float[] base, float[] sum, float divisor, float lambda, float[] out, int n) {
        for (int i = 0; i < n; i++) {
            float divided = divisor == 1 ? sum[i] : over(sum[i], divisor);
            out[i] = plus(base[i], lambda == 1 ? divided : times(lambda, divided));
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
        for (int i = 0; i < rows; i++) {
            for (int j = from; j < to; j++) {
                float sum = 0;
                for (int k = 0; k < rank; k++) {
                    sum = plus(sum, times(left[l + i * rank + k], right[k][j]));
                }
                int place = at + i * (to - from) + j - from;
                dst[place] = plus(dst[place], sum);
            }
        }
    }

    @Override
    public void trimmedDelta(float[] x, float[] base, int cut, float[] dst, int n) {
        for (int i = 0; i < n; i++) {
            float delta = minus(x[i], base[i]);
            dst[i] = magnitude(delta) >= cut ? delta : 0;
        }
    }

    @Override
    public void bandedDelta(float[] x, float[] base, int low, int high, float[] dst, int n) {
        for (int i = 0; i < n; i++) {
            float delta = minus(x[i], base[i]);
            dst[i] = low <= magnitude(delta) && magnitude(delta) <= high ? delta : 0;
        }
    }

    @Override
    public int deltaBits(float[] x, float[] base, int at, int[] dst, int n) {
        for (int i = 0; i < n; i++) {
            dst[i] = Float.floatToRawIntBits(minus(x[at + i], base[at + i]));
        }
        return Arrays.stream(dst, 0, n).map(b -> b & Integer.MAX_VALUE).max().orElse(0);
    }

    @Override
    public void magnitudeBins(int[] bits, int bottom, int shift, int[] dst, int n) {
        for (int i = 0; i < n; i++) {
            long magnitude = bits[i] & Integer.MAX_VALUE;
            long above = magnitude == 0 ? 0 : Math.max(1, magnitude - bottom);
            long step = 1L << shift;
            long whole = above / step;
            dst[i] = (int) (above % step == 0 ? 2 * whole : 2 * whole + 1);
        }
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
        BitSet within = new BitSet();
        for (int i = 0; i < n; i++) {
            long half = Integer.toUnsignedLong(words[i]) / 2;
            long level = Math.floorDiv(half - bounds[0], 1L << bounds[1]);
            long group = Math.floorDiv((long) bins[i] - bounds[2], 1L << bounds[3]);
            int own = (int) Math.max(0, Math.min(RANK_GROUPS - 1, group));
            int low = digit(bounds[4], own) + 16 * digit(bounds[5], own);
            int high = digit(bounds[6], own) + 16 * digit(bounds[7], own);
            dst[at + i] = level < low ? Float.intBitsToFloat(bits[i]) : 0;
            within.set(i, low <= level && level <= high);
        }
        long[] set = Arrays.copyOf(within.toLongArray(), (n + 63) / 64);
        System.arraycopy(set, 0, open, 0, set.length);
    }

    private static int digit(int digits, int index) {
        String hex = String.format("%08x", digits);
        return Character.digit(hex.charAt(7 - index), 16);
    }

    @Override
    public int rank(int[] bits, int from, int element, int to) {
        float own = Math.abs(Float.intBitsToFloat(bits[element]));
        int rank = 0;
        for (int i = from; i < to; i++) {
            int order = Float.compare(Math.abs(Float.intBitsToFloat(bits[i])), own);
            rank += order < 0 || (order == 0 && i < element) ? 1 : 0;
        }
        return rank;
    }

    @Override
    public void nonzeroBits(float[] x, byte[] dst, int at, int n) {
        BitSet set = new BitSet();
        for (int i = 0; i < n; i++) {
            set.set(i, Float.floatToRawIntBits(x[i]) != 0);
        }
        byte[] bytes = Arrays.copyOf(set.toByteArray(), (n + 7) / 8);
        System.arraycopy(bytes, 0, dst, at, bytes.length);
    }

    @Override
    public void keptDelta(float[] x, float[] base, byte[] kept, int at, float[] dst, int n) {
        BitSet set = BitSet.valueOf(kept);
        for (int i = 0; i < n; i++) {
            dst[i] = set.get(8 * at + i) ? minus(x[i], base[i]) : 0;
        }
    }

    @Override
    public void selectedDelta(float[] x, float[] base, float[] by, int cut, float[] dst, int n) {
        for (int i = 0; i < n; i++) {
            dst[i] = magnitude(by[i]) < cut ? 0 : minus(x[i], base[i]);
        }
    }

    @Override
    public void variance(float[][] x, int models, float[] base, float[] dst, int n) {
        for (int i = 0; i < n; i++) {
            float[] apart = new float[models];
            float mean = 0;
            for (int m = 0; m < models; m++) {
                apart[m] = minus(minus(x[m][i], base[i]), minus(x[0][i], base[i]));
                if (m > 0) {
                    mean = plus(mean, apart[m]);
                }
            }
            mean = (float) ((double) mean / models);
            float sum = times(mean, mean);
            for (int m = 1; m < models; m++) {
                float distance = minus(apart[m], mean);
                sum = plus(sum, times(distance, distance));
            }
            dst[i] = (float) ((double) sum / models);
        }
    }

    @Override
    public int countZeros(float[] x, int n) {
        int count = 0;
        for (int i = 0; i < n; i++) {
            count += magnitude(x[i]) == 0 ? 1 : 0;
        }
        return count;
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
        int above = 0;
        int listed = 0;
        for (int i = 0; i < n; i++) {
            long bits = magnitude(minus(x[i], base[i]));
            above += bits > high ? 1 : 0;
            boolean pivot = false;
            for (int p = 0; p < PIVOTS; p++) {
                if (bits == pivots[p]) {
                    counts[p]++;
                    pivot = true;
                }
            }
            if (!pivot && low <= bits && bits <= high) {
                inside[listed++] = (int) bits;
            }
        }
        counts[PIVOTS] = listed;
        return above;
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
            long word = Integer.toUnsignedLong(CounterRandom.word(key, first + i));
            float kept = word < keepBelow ? minus(x[i], base[i]) : 0;
            dst[i] = times(weight, times(factor, kept));
        }
    }

    @Override
    public void randomWords(long key, long first, int[] dst, int n) {
        for (int i = n - 1; i >= 0; i--) {
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
        float[][] weighted = new float[models][n];
        for (int m = 0; m < models; m++) {
            trimmedDelta(x[m], base, cuts[m], weighted[m], n);
            for (int i = 0; i < n; i++) {
                weighted[m][i] = times(weights[m], weighted[m][i]);
            }
        }
        consensus(weighted, weights, models, base, normalize, lambda, out, n);
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
        for (int i = 0; i < n; i++) {
            float sum = 0;
            for (int m = 0; m < models; m++) {
                sum = plus(sum, weighted[m][i]);
            }
            float d = 0;
            float div = 0;
            for (int m = 0; m < models; m++) {
                if (sum >= 0 ? weighted[m][i] > 0 : weighted[m][i] < 0) {
                    d = plus(d, weighted[m][i]);
                    div = plus(div, weights[m]);
                }
            }
            if (normalize) {
                d = over(d, div == 0 ? 1 : div);
            }
            out[i] = plus(base[i], lambda == 1 ? d : times(lambda, d));
        }
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
        for (int i = 0; i < n; i++) {
            float side = election[i] >= 0 ? 1 : -1;
            float sum = 0;
            float share = 0;
            for (int m = 0; m < models; m++) {
                if (Math.signum(vectors[m][i]) == side) {
                    sum = plus(sum, times(weights[m], vectors[m][i]));
                    share = plus(share, shares[m]);
                }
            }
            agreed[i] = sum;
            divisor[i] = share;
        }
    }

    @Override
    public void dot(float[] a, float[] b, double[] lanes, int n) {
        for (int lane = 0; lane < LANES; lane++) {
            for (int i = lane; i < n; i += LANES) {
                lanes[lane] = Math.fma((double) a[i], (double) b[i], lanes[lane]);
            }
        }
    }

    @Override
    public long change(float[] x, float[] base, double[][] lanes, float[] deltas, int n) {
        subtract(x, base, deltas, n);
        dot(base, base, lanes[0], n);
        dot(base, x, lanes[1], n);
        dot(x, x, lanes[2], n);
        dot(deltas, deltas, lanes[3], n);
        int largest = 0;
        long changed = n;
        for (int i = 0; i < n; i++) {
            largest = Math.max(largest, Float.floatToRawIntBits(deltas[i]) & 0x7FFFFFFF);
            changed -= deltas[i] == 0 ? 1 : 0;
        }
        return changed * (1L << 32) + largest;
    }

    @Override
    public int countOpposite(float[][] x, int count, int n) {
        int opposite = 0;
        for (int i = 0; i < n; i++) {
            Set<Float> signs = new HashSet<>();
            for (int m = 0; m < count; m++) {
                signs.add(Math.signum(x[m][i]));
            }
            opposite += signs.containsAll(List.of(1f, -1f)) ? 1 : 0;
        }
        return opposite;
    }

    @Override
    public void absDeltaSum(float[] x, float[] base, double[] lanes, int n) {
        float[] delta = new float[n];
        for (int i = 0; i < n; i++) {
            delta[i] = minus(x[i], base[i]);
        }
        absSum(delta, lanes, n);
    }

    @Override
    public void addSquares(float[] x, float[] base, double[] lanes, int n) {
        float[] delta = new float[n];
        for (int i = 0; i < n; i++) {
            delta[i] = minus(x[i], base[i]);
        }
        dot(delta, delta, lanes, n);
    }

    @Override
    public void gram(float[][] x, int count, double[][] lanes, int n) {
        for (int j = 0; j < count; j++) {
            for (int k = j; k < count; k++) {
                int pairsBefore = j * count - j * (j - 1) / 2;
                dot(x[j], x[k], lanes[pairsBefore + k - j], n);
            }
        }
    }

    @Override
    public void absSum(float[] x, double[] lanes, int n) {
        for (int lane = 0; lane < LANES; lane++) {
            for (int i = lane; i < n; i += LANES) {
                lanes[lane] += x[i] < 0 ? -x[i] : x[i];
            }
        }
    }

    private static int magnitude(float value) {
        return Float.floatToIntBits(value < 0 ? -value : value == 0 ? 0f : value);
    }

    private static float plus(double a, double b) {
        return (float) (a + b);
    }

    private static float minus(double a, double b) {
        return (float) (a - b);
    }

    private static float times(double a, double b) {
        return (float) (a * b);
    }

    private static float over(double a, double b) {
        return (float) (a / b);
    }

    private static float fused(float a, float b, float c) {
        double product = (double) a * b;
        if (!Double.isFinite(product) || !Float.isFinite(c) || product == 0 || product + c == 0) {
            // Nothing that rounds: the product is exact, and so is a sum with zero or to zero.
            return (float) (product + c);
        }
        BigDecimal exact = new BigDecimal(product).add(new BigDecimal(c));
        // Of the float64 neighbours of the exact sum the one further from zero or nearer to it,
        // whichever is not even, if there is
        // anything between them: rounded to odd, a float64 gives the right float32.
        double sum = product + c;
        int side = exact.compareTo(new BigDecimal(sum));
        if (side != 0 && (Double.doubleToLongBits(sum) & 1) == 0) {
            sum = side > 0 ? Math.nextUp(sum) : Math.nextDown(sum);
        }
        return (float) sum;
    }

    @Override
    public void exp(double[] x, int n) {
        for (int i = 0; i < n; i++) {
            x[i] = exponential(x[i]);
        }
    }

    @Override
    public void softmax(float[] x, int at, double[] dst, double[] lanes, int n) {
        double largest =
                IntStream.range(at, at + n).mapToDouble(i -> x[i]).max().orElse(Double.NaN);
        for (int i = 0; i < n; i++) {
            boolean ordinary = Double.isFinite(largest);
            dst[i] = ordinary ? exponential(x[at + i] - largest) : Double.NaN;
            lanes[i % LANES] += dst[i];
        }
    }

    /** By Taylor's series around the nearest multiple of ln 2, in two parts. */
    private static double exponential(double x) {
        if (Double.isNaN(x)) {
            return x;
        }
        double bounded = x < -700 ? -700 : x;
        double power = Math.rint(bounded * 1.4426950408889634);
        double r = Math.fma(power, -0x1.62e42feep-1, bounded);
        r = Math.fma(power, -0x1.a39ef35793c76p-33, r);
        double series = 0;
        double factorial = 6227020800.0;
        for (int k = 13; k >= 1; k--) {
            series = Math.fma(series, r, 1 / factorial);
            factorial /= k;
        }
        return Math.scalb(Math.fma(series, r, 1), (int) power);
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
        for (int i = 0; i < n; i++) {
            double a = Math.fma(p[i], pScale, floor);
            double b = Math.fma(q[i], qScale, floor);
            if (Math.abs(a - b) > 0.17 * (a + b)) {
                q[i] = PortableMath.log(a / b);
            } else {
                double s = (a - b) / (a + b);
                double tail = 0;
                for (int k = 21; k >= 3; k -= 2) {
                    tail = Math.fma(tail, s * s, 1.0 / k);
                }
                q[i] = Math.fma(2 * s, s * s * tail, 2 * s);
            }
            lanes[i % LANES] = Math.fma(a, q[i], lanes[i % LANES]);
        }
    }

    @Override
    public void distance(float[] x, float[] base, float factor, float[] dst, int from, int to) {
        for (int i = from; i < to; i++) {
            float delta = minus(x[i], base[i]);
            dst[i] = (float) ((double) (delta < 0 ? -delta : delta == 0 ? 0 : delta) * factor);
        }
    }

    @Override
    public void farther(
            float[] x, float[] base, float factor, float threshold, float[] dst, int from, int to) {
        float[] distances = new float[to];
        distance(x, base, factor, distances, from, to);
        for (int i = from; i < to; i++) {
            dst[i] = distances[i] >= threshold ? x[i] : base[i];
        }
    }
}
