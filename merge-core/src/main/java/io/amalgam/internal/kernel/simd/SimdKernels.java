package io.amalgam.internal.kernel.simd;

import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Kernels;
import jdk.incubator.vector.VectorShape;

/**
 * The kernels on the processor's vector registers: the same bits as the scalar ones at every vector
 * width from 128 to 512.
 *
 * <p>Plain arithmetic is left to the scalar loops: the JVM's compiler turns them into vector code
 * as fast as any written here, and they are not slow before they are compiled.
 */
public final class SimdKernels implements Kernels {
    private static final Kernels SCALAR = ScalarKernels.INSTANCE;

    /** Width in bits of the vectors the processor does best; known without touching a vector. */
    public static int vectorBits() {
        return VectorShape.preferredShape().vectorBitSize();
    }

    @Override
    public String name() {
        return "simd-" + vectorBits();
    }

    @Override
    public boolean bf16ToFloat(short[] src, float[] dst, int at, int n) {
        return VectorConversions.bf16ToFloat(src, dst, at, n);
    }

    @Override
    public boolean f16ToFloat(short[] src, float[] dst, int at, int n) {
        return VectorConversions.f16ToFloat(src, dst, at, n);
    }

    @Override
    public boolean floatToBf16(float[] src, short[] dst, int n) {
        return VectorConversions.floatToBf16(src, dst, n);
    }

    @Override
    public boolean floatToF16(float[] src, short[] dst, int n) {
        return VectorConversions.floatToF16(src, dst, n);
    }

    @Override
    public boolean allFinite(float[] x, int at, int n) {
        return VectorConversions.allFinite(x, at, n);
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
        VectorCodes.int4ToFloat(words, from, zeros, scales, first, group, dst, at, n);
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
        VectorTables.tableToFloat(words, from, table, scales, first, group, dst, at, n);
    }

    @Override
    public void int4OfWords(
            int[] words, int from, int shift, float zero, float scale, float[] dst, int at, int n) {
        VectorCodes.int4OfWords(words, from, shift, zero, scale, dst, at, n);
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
        VectorCodes.e2m1OfWords(words, from, shift, scales, first, dst, at, n);
    }

    @Override
    public void tableOfHalves(
            byte[] bytes, int from, float[] table, float scale, float[] dst, int at, int n) {
        VectorTables.tableOfHalves(bytes, from, table, scale, dst, at, n);
    }

    @Override
    public void e4m3ToFloat(
            byte[] codes, int from, float scale, float factor, float[] dst, int at, int n) {
        VectorBytes.e4m3ToFloat(codes, from, scale, factor, dst, at, n);
    }

    @Override
    public void e5m2ToFloat(
            byte[] codes, int from, float scale, float factor, float[] dst, int at, int n) {
        VectorBytes.e5m2ToFloat(codes, from, scale, factor, dst, at, n);
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
        VectorBytes.int8ToFloat(codes, from, zero, scale, factor, dst, at, n);
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
        VectorBytes.bitsToFloat(bytes, from, shift, mask, zero, scale, least, dst, at, n);
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
        VectorBytes.splitBitsToFloat(
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
        VectorBytes.fiveBitsToFloat(bytes, from, shift, fifths, zero, scale, least, dst, at, n);
    }

    @Override
    public void scale(float[] x, float w, float[] dst, int n) {
        SCALAR.scale(x, w, dst, n);
    }

    @Override
    public void weightedSum(
            float[][] x, float[] weights, int models, float divisor, float[] out, int n) {
        VectorLinear.weightedSum(x, weights, models, divisor, out, n);
    }

    @Override
    public void add(float[] a, float[] b, float[] dst, int n) {
        SCALAR.add(a, b, dst, n);
    }

    @Override
    public void subtract(float[] a, float[] b, float[] dst, int n) {
        SCALAR.subtract(a, b, dst, n);
    }

    @Override
    public void blend(float[] a, float ca, float[] b, float cb, float[] dst, int n) {
        SCALAR.blend(a, ca, b, cb, dst, n);
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
        VectorLinear.addDeltas(x, weights, models, base, divisor, lambda, out, n);
    }

    @Override
    public void addScaled(
            float[] base, float[] sum, float divisor, float lambda, float[] out, int n) {
        SCALAR.addScaled(base, sum, divisor, lambda, out, n);
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
        VectorProducts.add(left, l, right, rank, rows, from, to, dst, at);
    }

    @Override
    public void trimmedDelta(float[] x, float[] base, int cut, float[] dst, int n) {
        VectorDeltas.trimmedDelta(x, base, cut, dst, n);
    }

    @Override
    public void bandedDelta(float[] x, float[] base, int low, int high, float[] dst, int n) {
        VectorDeltas.bandedDelta(x, base, low, high, dst, n);
    }

    @Override
    public int deltaBits(float[] x, float[] base, int at, int[] dst, int n) {
        return VectorDeltas.deltaBits(x, base, at, dst, n);
    }

    @Override
    public void magnitudeBins(int[] bits, int bottom, int shift, int[] dst, int n) {
        VectorRanks.magnitudeBins(bits, bottom, shift, dst, n);
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
        VectorRanks.keepBelow(bits, words, bins, bounds, dst, at, open, n);
    }

    @Override
    public int rank(int[] bits, int from, int element, int to) {
        return VectorRanks.rank(bits, from, element, to);
    }

    @Override
    public void nonzeroBits(float[] x, byte[] dst, int at, int n) {
        VectorBits.nonzeroBits(x, dst, at, n);
    }

    @Override
    public void keptDelta(float[] x, float[] base, byte[] kept, int at, float[] dst, int n) {
        VectorBits.keptDelta(x, base, kept, at, dst, n);
    }

    @Override
    public void selectedDelta(float[] x, float[] base, float[] by, int cut, float[] dst, int n) {
        VectorDeltas.selectedDelta(x, base, by, cut, dst, n);
    }

    @Override
    public void variance(float[][] x, int models, float[] base, float[] dst, int n) {
        VectorLinear.variance(x, models, base, dst, n);
    }

    @Override
    public int countZeros(float[] x, int n) {
        return VectorBrackets.countZeros(x, n);
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
        return VectorBrackets.countBracket(x, base, low, high, inside, pivots, counts, n);
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
        VectorRandom.randomDelta(x, base, key, first, keepBelow, factor, weight, dst, n);
    }

    @Override
    public void randomWords(long key, long first, int[] dst, int n) {
        VectorRandom.words(key, first, dst, n);
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
        if (models >= 1 && models <= VectorTrimmed.MOST) {
            VectorTrimmed.consensus(x, cuts, weights, models, base, normalize, lambda, out, n);
        } else {
            SCALAR.trimmedConsensus(x, cuts, weights, models, base, normalize, lambda, out, n);
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
        VectorConsensus.consensus(weighted, weights, models, base, normalize, lambda, out, n);
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
        VectorConsensus.agreeing(election, vectors, weights, shares, models, agreed, divisor, n);
    }

    @Override
    public void dot(float[] a, float[] b, double[] lanes, int n) {
        VectorSums.dot(a, b, lanes, n);
    }

    @Override
    public void addSquares(float[] x, float[] base, double[] lanes, int n) {
        VectorSums.addSquares(x, base, lanes, n);
    }

    @Override
    public void gram(float[][] x, int count, double[][] lanes, int n) {
        VectorGram.gram(x, count, lanes, n);
    }

    @Override
    public long change(float[] x, float[] base, double[][] lanes, float[] deltas, int n) {
        return VectorChange.change(x, base, lanes, deltas, n);
    }

    @Override
    public int countOpposite(float[][] x, int count, int n) {
        return VectorChange.countOpposite(x, count, n);
    }

    @Override
    public void absSum(float[] x, double[] lanes, int n) {
        VectorSums.absSum(x, lanes, n);
    }

    @Override
    public void absDeltaSum(float[] x, float[] base, double[] lanes, int n) {
        VectorSums.absDeltaSum(x, base, lanes, n);
    }

    @Override
    public void exp(double[] x, int n) {
        VectorSoftmax.exp(x, n);
    }

    @Override
    public void softmax(float[] x, int at, double[] dst, double[] lanes, int n) {
        VectorSoftmax.softmax(x, at, dst, lanes, n);
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
        VectorSoftmax.divergence(p, pScale, q, qScale, floor, lanes, n);
    }

    @Override
    public void distance(float[] x, float[] base, float factor, float[] dst, int from, int to) {
        VectorDistance.distance(x, base, factor, dst, from, to);
    }

    @Override
    public void farther(
            float[] x, float[] base, float factor, float threshold, float[] dst, int from, int to) {
        VectorDistance.farther(x, base, factor, threshold, dst, from, to);
    }
}
