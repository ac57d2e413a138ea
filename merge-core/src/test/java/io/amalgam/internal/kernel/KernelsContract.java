package io.amalgam.internal.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.internal.kernel.KernelInput.Kind;
import io.amalgam.kernel.CounterRandom;
import io.amalgam.kernel.Kernels;
import io.amalgam.tensor.SlowFloats;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * What every implementation of {@link Kernels} must do: the same bits as its specification for
 * every operation, over lengths that do not fill vectors and numbers that are no ordinary ones.
 */
public abstract class KernelsContract {
    private static final int[] LENGTHS = {
        0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 100, 127, 128, 129, 1000,
        1023, 4099
    };

    private static final int INFINITE = 0x7F800000;

    private static final float[] TABLE = {
        0, 0.5f, 1, -1.5f, 1e30f, 3, 4e-38f, 6, -0f, -0.5f, 7, 1.5f, -2, -3e-40f, -4, 1e-45f
    };

    abstract Kernels subject();

    abstract Kernels specification();

    /**
     * How often an operation is run before it is looked at again; for code that changes when
     * compiled.
     */
    int repetitions() {
        return 0;
    }

    /** One call of a kernel; the returned value is compared too. */
    interface Call {
        Object on(Kernels kernels, KernelInput in, int n);
    }

    /** A call that returns nothing. */
    interface VoidCall {
        void on(Kernels kernels, KernelInput in, int n);
    }

    final void check(VoidCall call) {
        checkResult(
                (kernels, in, n) -> {
                    call.on(kernels, in, n);
                    return "";
                });
    }

    final void checkResult(Call call) {
        compare(call);
        if (repetitions() > 0) {
            KernelInput in = new KernelInput(Kind.ORDINARY, 129, 1);
            for (int i = 0; i < repetitions(); i++) {
                call.on(subject(), in, 129);
            }
            compare(call);
        }
    }

    private void compare(Call call) {
        for (Kind kind : Kind.values()) {
            for (int n : LENGTHS) {
                KernelInput given = new KernelInput(kind, n, kind.ordinal());
                KernelInput expected = given.copy();
                KernelInput actual = given.copy();
                Object expectedResult = call.on(specification(), expected, n);
                Object actualResult = call.on(subject(), actual, n);
                String description = subject().name() + ", " + kind + ", length " + n;
                assertThat(actualResult).as("%s: result", description).isEqualTo(expectedResult);
                actual.assertSameAs(expected, description);
            }
        }
    }

    @Test
    void bf16ToFloat() {
        checkResult((k, in, n) -> k.bf16ToFloat(in.shorts, in.out, 0, n));
        checkResult((k, in, n) -> k.bf16ToFloat(in.shorts, in.out, 5, n));
    }

    @Test
    void f16ToFloat() {
        checkResult((k, in, n) -> k.f16ToFloat(in.shorts, in.out, 0, n));
        checkResult((k, in, n) -> k.f16ToFloat(in.shorts, in.out, 5, n));
    }

    @Test
    void floatToBf16() {
        checkResult((k, in, n) -> k.floatToBf16(in.a, in.shorts, n));
    }

    @Test
    void floatToF16() {
        checkResult((k, in, n) -> k.floatToF16(in.a, in.shorts, n));
    }

    @Test
    void every16BitPatternIsDecoded() {
        short[] patterns = new short[1 << 16];
        for (int i = 0; i < patterns.length; i++) {
            patterns[i] = (short) i;
        }
        float[] actual = new float[patterns.length];
        float[] expected = new float[patterns.length];
        subject().f16ToFloat(patterns, actual, 0, patterns.length);
        specification().f16ToFloat(patterns, expected, 0, patterns.length);
        assertThat(actual).isEqualTo(expected);
        subject().bf16ToFloat(patterns, actual, 0, patterns.length);
        specification().bf16ToFloat(patterns, expected, 0, patterns.length);
        assertThat(actual).isEqualTo(expected);
    }

    @Test
    void everyMiddleBetweenNeighboursIsRounded() {
        float[] halves = SlowFloats.roundingCases(5, 10);
        short[] actual = new short[halves.length];
        short[] expected = new short[halves.length];
        subject().floatToF16(halves, actual, halves.length);
        specification().floatToF16(halves, expected, halves.length);
        assertThat(actual).isEqualTo(expected);

        float[] bfloats = SlowFloats.roundingCases(8, 7);
        actual = new short[bfloats.length];
        expected = new short[bfloats.length];
        subject().floatToBf16(bfloats, actual, bfloats.length);
        specification().floatToBf16(bfloats, expected, bfloats.length);
        assertThat(actual).isEqualTo(expected);
    }

    @Test
    void allFinite() {
        checkResult((k, in, n) -> k.allFinite(in.a, 0, n));
        checkResult((k, in, n) -> k.allFinite(in.a, 5, n));
    }

    @Test
    void allFiniteFindsTheOneThatIsNot() {
        for (float bad :
                new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            for (int n : new int[] {1, 16, 37, 131}) {
                float[] x = new float[n + 4];
                Arrays.fill(x, -Float.MAX_VALUE);
                for (int i = 0; i < x.length; i++) {
                    x[i] = bad;
                    assertThat(subject().allFinite(x, 2, n))
                            .as("at %s of %s", i, n)
                            .isEqualTo(i < 2 || i >= n + 2);
                    x[i] = Float.MIN_VALUE;
                }
            }
        }
    }

    @Test
    void int4ToFloat() {
        for (int group : new int[] {8, 16, 24, 32, 128}) {
            check(
                    (k, in, n) ->
                            k.int4ToFloat(
                                    bits(in.a),
                                    n / 16,
                                    in.b,
                                    in.c,
                                    1,
                                    group,
                                    in.out,
                                    3,
                                    n / 16 * 8));
        }
    }

    @Test
    void tableToFloat() {
        for (int group : new int[] {8, 16, 24, 32, 128}) {
            check(
                    (k, in, n) ->
                            k.tableToFloat(
                                    bits(in.a),
                                    n / 16,
                                    TABLE,
                                    in.c,
                                    1,
                                    group,
                                    in.out,
                                    3,
                                    n / 16 * 8));
        }
    }

    @Test
    void codesOfABytes() {
        check((k, in, n) -> k.e4m3ToFloat(bytes(in.a), 3, in.b[0], 1, in.out, 3, n));
        check((k, in, n) -> k.e4m3ToFloat(bytes(in.a), 3, in.b[0], in.c[0], in.out, 3, n));
        check((k, in, n) -> k.e5m2ToFloat(bytes(in.a), 1, in.b[0], in.c[0], in.out, 3, n));
        check((k, in, n) -> k.int8ToFloat(bytes(in.a), 2, 0, in.b[0], 1, in.out, 3, n));
        check((k, in, n) -> k.int8ToFloat(bytes(in.a), 2, in.b[1], in.b[0], in.c[0], in.out, 3, n));
    }

    @Test
    void everyCodeOfAByte() {
        byte[] codes = new byte[256];
        for (int i = 0; i < 256; i++) {
            codes[i] = (byte) i;
        }
        for (boolean wide : new boolean[] {false, true}) {
            float[] actual = new float[256];
            float[] expected = new float[256];
            decodeAll(subject(), wide, codes, actual);
            decodeAll(specification(), wide, codes, expected);
            assertThat(actual).isEqualTo(expected);
        }
    }

    private static void decodeAll(Kernels kernels, boolean wide, byte[] codes, float[] values) {
        if (wide) {
            kernels.e5m2ToFloat(codes, 0, 1, 1, values, 0, codes.length);
        } else {
            kernels.e4m3ToFloat(codes, 0, 1, 1, values, 0, codes.length);
        }
    }

    @Test
    void bitsOfBytes() {
        for (int shift = 0; shift < 8; shift += 2) {
            int of = shift;
            int mask = shift == 0 ? 15 : 3;
            check(
                    (k, in, n) ->
                            k.bitsToFloat(
                                    bytes(in.a), 2, of, mask, 8, in.b[0], in.c[0], in.out, 3, n));
            check(
                    (k, in, n) ->
                            k.splitBitsToFloat(
                                    bytes(in.a),
                                    2,
                                    0,
                                    15,
                                    n,
                                    of,
                                    mask,
                                    4,
                                    0,
                                    in.b[0],
                                    in.c[0],
                                    in.out,
                                    3,
                                    n));
        }
    }

    @Test
    void fiveBits() {
        for (int shift = 0; shift <= 4; shift += 4) {
            int of = shift;
            check(
                    (k, in, n) ->
                            k.fiveBitsToFloat(
                                    bytes(in.a),
                                    2,
                                    of,
                                    Float.floatToRawIntBits(in.b[1]),
                                    16,
                                    in.b[0],
                                    in.c[0],
                                    in.out,
                                    3,
                                    Math.min(n, 32)));
        }
    }

    private static byte[] bytes(float[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES);
        bytes.asFloatBuffer().put(values);
        return bytes.array();
    }

    @Test
    void int4OfWords() {
        for (int shift = 0; shift < 32; shift += 4) {
            int of = shift;
            check((k, in, n) -> k.int4OfWords(bits(in.a), 2, of, in.b[0], in.c[0], in.out, 3, n));
        }
    }

    @Test
    void e2m1OfWords() {
        for (int shift = 0; shift < 32; shift += 4) {
            int of = shift;
            check((k, in, n) -> k.e2m1OfWords(bits(in.a), 2, of, in.c, 1, in.out, 3, n));
        }
    }

    @Test
    void tableOfHalves() {
        check((k, in, n) -> k.tableOfHalves(bytes(in.a), 2, TABLE, in.b[0], in.out, 3, n / 2));
    }

    @Test
    void scale() {
        check((k, in, n) -> k.scale(in.a, 0.3f, in.out, n));
        check((k, in, n) -> k.scale(in.a, in.weights[0], in.a, n));
    }

    @Test
    void conversionsSayWhetherAllIsFinite() {
        for (int n : new int[] {1, 16, 37}) {
            for (int i = 0; i < n; i++) {
                float[] x = new float[n];
                x[i] = Float.POSITIVE_INFINITY;
                short[] bits = new short[n];
                assertThat(subject().floatToBf16(x, bits, n)).isFalse();
                assertThat(subject().bf16ToFloat(bits, x, 0, n)).isFalse();
                assertThat(subject().floatToF16(x, bits, n)).isFalse();
                assertThat(subject().f16ToFloat(bits, x, 0, n)).isFalse();
                // Finite as it is, but not once it is rounded.
                x[i] = -65520f;
                assertThat(subject().floatToF16(x, bits, n)).isFalse();
                x[i] = -Float.MAX_VALUE;
                assertThat(subject().floatToBf16(x, bits, n)).isFalse();
                x[i] = 65504f;
                assertThat(subject().floatToF16(x, bits, n)).isTrue();
                assertThat(subject().f16ToFloat(bits, x, 0, n)).isTrue();
                assertThat(subject().floatToBf16(x, bits, n)).isTrue();
                assertThat(subject().bf16ToFloat(bits, x, 0, n)).isTrue();
            }
        }
    }

    @Test
    void weightedSum() {
        for (int models : new int[] {1, 2, 3, KernelInput.MODELS}) {
            for (float divisor : new float[] {1, 3, -0.7f}) {
                check(
                        (k, in, n) ->
                                k.weightedSum(in.weighted, in.weights, models, divisor, in.out, n));
            }
        }
        float[] weights = {0.6f, 0.4f};
        check((k, in, n) -> k.weightedSum(in.weighted, weights, 2, 1, in.weighted[1], n));
    }

    @Test
    void addProducts() {
        for (int rank : new int[] {0, 1, 3, KernelInput.MODELS}) {
            for (int rows : new int[] {1, 2, 3}) {
                check((k, in, n) -> addProducts(k, in, rank, rows, 0, n / rows));
            }
            check((k, in, n) -> addProducts(k, in, rank, 1, Math.min(3, n), n));
        }
    }

    private static void addProducts(
            Kernels kernels, KernelInput in, int rank, int rows, int from, int to) {
        float[] left = new float[1 + rows * rank];
        for (int i = 1; i < left.length; i++) {
            left[i] = in.weights[i % KernelInput.MODELS] * i;
        }
        float[][] spare = new float[2][to];
        kernels.addProducts(left, 1, in.weighted, rank, rows, from, to, in.out, 1, spare);
    }

    @Test
    void addProductsIsTheSumInOrder() {
        float[] left = {9, 0.1f, 1e8f, -1e8f, 3, 4, 5};
        float[][] right = {{0.3f, 1}, {1, 2}, {1, 2}};
        float[] dst = {0, 0.7f, 1, 2, 3};
        subject().addProducts(left, 1, right, 3, 2, 0, 2, dst, 1, new float[2][2]);
        float small = 0.1f * 0.3f;
        assertThat(dst)
                .containsExactly(
                        0,
                        0.7f + ((small + 1e8f) - 1e8f),
                        1 + ((0.1f + 2e8f) - 2e8f),
                        2 + ((3 * 0.3f + 4) + 5),
                        3 + ((3f + 8) + 10));
    }

    @Test
    void add() {
        check((k, in, n) -> k.add(in.a, in.b, in.out, n));
        check((k, in, n) -> k.add(in.a, in.b, in.b, n));
    }

    @Test
    void subtract() {
        check((k, in, n) -> k.subtract(in.a, in.b, in.out, n));
        check((k, in, n) -> k.subtract(in.a, in.b, in.b, n));
    }

    @Test
    void blend() {
        check((k, in, n) -> k.blend(in.a, 0.3f, in.b, 0.7f, in.out, n));
        check((k, in, n) -> k.blend(in.a, in.weights[0], in.b, in.weights[1], in.b, n));
    }

    @Test
    void addDeltas() {
        for (int models : new int[] {0, 1, 2, 3, KernelInput.MODELS}) {
            for (float divisor : new float[] {1, 3}) {
                for (float lambda : new float[] {1, -0.3f}) {
                    check(
                            (k, in, n) ->
                                    k.addDeltas(
                                            in.weighted,
                                            in.weights,
                                            models,
                                            in.a,
                                            divisor,
                                            lambda,
                                            in.out,
                                            n));
                }
            }
        }
    }

    @Test
    void addScaled() {
        check((k, in, n) -> k.addScaled(in.a, in.b, 1f, 1f, in.out, n));
        check((k, in, n) -> k.addScaled(in.a, in.b, 1f, 0.3f, in.out, n));
        check((k, in, n) -> k.addScaled(in.a, in.b, 3f, 1f, in.out, n));
        check((k, in, n) -> k.addScaled(in.a, in.b, in.weights[0], in.weights[1], in.b, n));
    }

    @Test
    void trimmedDelta() {
        for (int cut :
                new int[] {
                    0,
                    1,
                    Float.floatToRawIntBits(0.02f),
                    Float.floatToRawIntBits(0.5f) + 1,
                    INFINITE,
                    INFINITE + 1
                }) {
            check((k, in, n) -> k.trimmedDelta(in.a, in.b, cut, in.out, n));
        }
        check((k, in, n) -> k.trimmedDelta(in.a, in.b, Float.floatToRawIntBits(0.5f), in.a, n));
    }

    @Test
    void bandedDelta() {
        int half = Float.floatToRawIntBits(0.5f);
        int[][] bands = {
            {0, INFINITE},
            {0, -1},
            {0, 0},
            {1, half},
            {half, half},
            {half + 1, half},
            {Float.floatToRawIntBits(0.02f), half - 1},
            {0, Integer.MAX_VALUE},
            {INFINITE, INFINITE}
        };
        for (int[] band : bands) {
            check((k, in, n) -> k.bandedDelta(in.a, in.b, band[0], band[1], in.out, n));
        }
        check((k, in, n) -> k.bandedDelta(in.a, in.b, 1, half, in.a, n));
    }

    @Test
    void deltaBits() {
        for (int at : new int[] {0, 5}) {
            checkResult(
                    (k, in, n) -> {
                        int count = Math.max(0, n - at);
                        int[] bits = new int[count + 4];
                        bits[count] = k.deltaBits(in.a, in.b, at, bits, count);
                        // Which NaN it is is not specified.
                        return Arrays.stream(bits)
                                .map(b -> (b & 0x7FFFFFFF) > INFINITE ? -1 : b)
                                .boxed()
                                .toList();
                    });
        }
    }

    @Test
    void magnitudeBins() {
        for (int[] range :
                new int[][] {{0, 0}, {0, 20}, {1, 30}, {INFINITE, 3}, {0x3C000000, 17}}) {
            checkResult(
                    (k, in, n) -> {
                        int[] bins = new int[n + 3];
                        k.magnitudeBins(bits(in.a), range[0], range[1], bins, n);
                        return Arrays.stream(bins).boxed().toList();
                    });
        }
    }

    private static int[] bits(float[] x) {
        int[] bits = new int[x.length];
        for (int i = 0; i < x.length; i++) {
            bits[i] = Float.floatToRawIntBits(x[i]);
        }
        return bits;
    }

    @Test
    void keepBelow() {
        // Scales of words: levels that reach far beyond the bounds, within them, of one word.
        int[][] scales = {{1 << 29, 21}, {0, 23}, {5, 0}, {Integer.MAX_VALUE, 31}};
        for (int[] scale : scales) {
            for (int shift : new int[] {2, 5, 27}) {
                for (int at : new int[] {0, 7}) {
                    int[] bounds = bounds(scale[0], scale[1], shift);
                    checkResult((k, in, n) -> keepBelow(k, in, bounds, at, Math.max(0, n - at)));
                }
            }
        }
    }

    private static int[] bounds(int leastHalf, int wordShift, int binShift) {
        RankBounds bounds = new RankBounds();
        bounds.words(leastHalf, wordShift);
        bounds.bins(binShift == 5 ? 100 : 0, binShift);
        for (int group = 0; group < RankBounds.GROUPS; group++) {
            // Bounds that are far apart, equal, crossed, at the ends of the range.
            bounds.set(group, 17, 99);
            bounds.set(group, group * 36, Math.min(RankBounds.MOST, group * 37));
        }
        bounds.set(3, 90, 80);
        return bounds.values();
    }

    private static String keepBelow(Kernels kernels, KernelInput in, int[] bounds, int at, int n) {
        int[] words = bits(in.b);
        int[] bins = new int[n];
        for (int i = 0; i < n; i++) {
            bins[i] = i % 3 == 0 ? i : (i % 10) << bounds[3] - (i % 2);
            if (i % 5 == 0) {
                // At a bound, or beside it.
                int group = RankBounds.group(bounds, bins[i]);
                int level =
                        i % 2 == 0 ? RankBounds.low(bounds, group) : RankBounds.high(bounds, group);
                words[i] = 2 * (bounds[0] + (level << bounds[1])) + i % 4 - 1;
            }
        }
        long[] open = new long[n / 64 + 2];
        Arrays.fill(open, -1);
        kernels.keepBelow(bits(in.a), words, bins, bounds, in.out, at, open, n);
        return Arrays.toString(open);
    }

    @Test
    void boundsOfRanksAreWhatWasSet() {
        RankBounds bounds = new RankBounds();
        for (int group = 0; group < RankBounds.GROUPS; group++) {
            bounds.set(group, RankBounds.MOST, RankBounds.MOST);
            bounds.set(group, 3 + 31 * group, 255 - 29 * group);
        }
        for (int group = 0; group < RankBounds.GROUPS; group++) {
            assertThat(RankBounds.low(bounds.values(), group)).isEqualTo(3 + 31 * group);
            assertThat(RankBounds.high(bounds.values(), group)).isEqualTo(255 - 29 * group);
        }
    }

    @Test
    void rank() {
        checkResult(
                (k, in, n) -> {
                    List<Integer> ranks = new ArrayList<>();
                    // What is said about NaN's order goes no further than magnitudes of bits.
                    int[] bits = bits(withoutNonFinite(in).a);
                    for (int element = 0; element < n; element += 5) {
                        ranks.add(k.rank(bits, element / 2, element, n - (n - element) / 3));
                    }
                    return ranks;
                });
    }

    @Test
    void keptBits() {
        for (int at : new int[] {0, 3}) {
            checkResult(
                    (k, in, n) -> {
                        byte[] kept = new byte[at + (n + 7) / 8 + 2];
                        Arrays.fill(kept, (byte) 0x5A);
                        for (int i = 0; i < n; i += 3) {
                            in.a[i] = i % 2 == 0 ? 0f : -0f;
                        }
                        k.nonzeroBits(in.a, kept, at, n);
                        k.keptDelta(in.b, in.c, kept, at, in.out, n);
                        return Arrays.toString(kept);
                    });
        }
    }

    @Test
    void selectedDelta() {
        int[] cuts = {0, 1, Float.floatToRawIntBits(0.5f), INFINITE, INFINITE + 1};
        for (int cut : cuts) {
            check((k, in, n) -> k.selectedDelta(in.a, in.b, in.c, cut, in.out, n));
        }
        check((k, in, n) -> k.selectedDelta(in.a, in.b, in.c, cuts[2], in.c, n));
    }

    @Test
    void agreeing() {
        for (int models : new int[] {0, 1, 2, 3, KernelInput.MODELS}) {
            check(
                    (k, in, n) ->
                            k.agreeing(
                                    in.a,
                                    in.weighted,
                                    in.weights,
                                    new float[] {1, 0.5f, -1, 3, 0.25f},
                                    models,
                                    in.out,
                                    in.b,
                                    n));
        }
        check(
                (k, in, n) ->
                        k.agreeing(in.a, in.weighted, in.weights, in.weights, 3, in.a, in.b, n));
    }

    @Test
    void variance() {
        for (int models = 1; models <= KernelInput.MODELS; models++) {
            int count = models;
            check((k, in, n) -> k.variance(in.weighted, count, in.a, in.out, n));
        }
    }

    @Test
    void absDeltaSum() {
        check((k, in, n) -> k.absDeltaSum(in.a, in.b, in.lanes, n));
        check((k, in, n) -> k.absDeltaSum(in.a, in.a, in.lanes, n));
    }

    @Test
    void exp() {
        check(
                (k, in, n) -> {
                    for (int i = 0; i < in.p.length; i++) {
                        in.p[i] = in.a[i] > 600 ? -in.a[i] : in.a[i];
                    }
                    k.exp(in.p, n);
                });
    }

    @Test
    void softmax() {
        check((k, in, n) -> k.softmax(in.a, 0, in.p, in.lanes, n));
        check((k, in, n) -> k.softmax(in.a, 5, in.p, in.lanes, n));
    }

    @Test
    void divergence() {
        check((k, in, n) -> k.divergence(in.p, 0.5, in.q, 0.49, 1e-8, in.lanes, n));
        check((k, in, n) -> k.divergence(in.p, 1, in.q, 7, 1e-8, in.lanes, n));
        check((k, in, n) -> k.divergence(in.p, Double.NaN, in.q, 1, 1e-8, in.lanes, n));
    }

    @Test
    void distance() {
        for (float factor : new float[] {0, 1e-9f, 3, Float.POSITIVE_INFINITY}) {
            check((k, in, n) -> k.distance(in.a, in.b, factor, in.out, 0, n));
            check((k, in, n) -> k.distance(in.a, in.b, factor, in.a, Math.min(5, n), n));
        }
    }

    @Test
    void farther() {
        for (float threshold : new float[] {0, 0.03f, 0.75f, Float.NaN}) {
            check((k, in, n) -> k.farther(in.a, in.b, 1.5f, threshold, in.out, 0, n));
            check((k, in, n) -> k.farther(in.a, in.b, 1.5f, threshold, in.a, Math.min(5, n), n));
        }
    }

    @Test
    void addSquares() {
        check((k, in, n) -> k.addSquares(in.a, in.b, in.lanes, n));
        check((k, in, n) -> k.addSquares(in.a, in.a, in.lanes, n));
    }

    @Test
    void countZeros() {
        checkResult(
                (k, in, n) -> {
                    for (int i = 0; i < n; i += 3) {
                        in.a[i] = i % 2 == 0 ? 0f : -0f;
                    }
                    return k.countZeros(in.a, n);
                });
    }

    @Test
    void countBracket() {
        int half = Float.floatToRawIntBits(0.5f);
        // Everything; a bracket of one pattern; narrow ones; one that only infinities are above or
        // in.
        int[][] brackets = {
            {0, Integer.MAX_VALUE},
            {half, half},
            {half - 100, half + 100},
            {0, 0},
            {1, 4095},
            {Float.floatToRawIntBits(0.02f), Float.floatToRawIntBits(0.03f)},
            {0x7F000000, 0x7F7FFFFF},
            {0x7F000000, INFINITE}
        };
        for (int[] bracket : brackets) {
            checkResult(
                    (k, in, n) -> {
                        // Which NaN a difference is is not specified.
                        KernelInput used = bracket[1] > INFINITE ? withoutNonFinite(in) : in;
                        int above =
                                k.countBracket(
                                        used.a,
                                        used.b,
                                        bracket[0],
                                        bracket[1],
                                        in.inside,
                                        pivots(bracket[0], bracket[1], used.a, used.b, n),
                                        in.counts,
                                        n);
                        Arrays.fill(in.inside, in.counts[Kernels.PIVOTS], in.inside.length, 0);
                        return above;
                    });
        }
    }

    /** The bracket's lower end, and up to three values that occur in it. */
    private static int[] pivots(int low, int high, float[] a, float[] b, int n) {
        int[] pivots = {low, -1, -1, -1};
        int found = 1;
        for (int i = 0; i < n && found < pivots.length; i += 3) {
            int bits = Float.floatToRawIntBits(a[i] - b[i]) & Integer.MAX_VALUE;
            boolean known = Arrays.stream(pivots).anyMatch(p -> p == bits);
            if (bits >= low && bits <= high && !known) {
                pivots[found++] = bits;
            }
        }
        return pivots;
    }

    private static KernelInput withoutNonFinite(KernelInput in) {
        for (int i = 0; i < in.a.length; i++) {
            in.a[i] = Float.isFinite(in.a[i] - in.b[i]) ? in.a[i] : in.b[i];
            if (!Float.isFinite(in.a[i] - in.b[i])) {
                in.a[i] = 1f;
                in.b[i] = 2f;
            }
        }
        return in;
    }

    @Test
    void randomDelta() {
        long key = CounterRandom.key(42, "w", 1);
        long[] firsts = {
            0, 1, 31, 32, 63, 64, 100, 32_768, (1L << 33) - 100, (1L << 33) - 64, (1L << 37) + 5
        };
        for (long first : firsts) {
            check((k, in, n) -> k.randomDelta(in.a, in.b, key, first, 1L << 31, 1, 1, in.out, n));
        }
        for (long keepBelow : new long[] {0, 1, 1 << 30, 3L << 30, 0xFFFFFFFFL, 1L << 32}) {
            check(
                    (k, in, n) ->
                            k.randomDelta(in.a, in.b, -key, 65, keepBelow, 1.7f, -0.3f, in.out, n));
        }
    }

    @Test
    void randomWords() {
        long key = CounterRandom.key(42, "w", 1);
        for (long first : new long[] {0, 1, 31, 64, 32_768, (1L << 33) - 100, (1L << 37) + 5}) {
            checkResult(
                    (k, in, n) -> {
                        int[] words = new int[n + 3];
                        k.randomWords(key, first, words, n);
                        return Arrays.stream(words).boxed().toList();
                    });
        }
    }

    @Test
    void anElementWhoseWordIsTheLimitIsDropped() {
        long key = CounterRandom.key(42, "w", 1);
        for (int element : new int[] {70, 110}) {
            long word = Integer.toUnsignedLong(CounterRandom.word(key, element));
            float[] x = new float[128];
            Arrays.fill(x, 1f);
            subject().randomDelta(x, new float[128], key, 0, word, 1, 1, x, x.length);
            assertThat(x[element]).isZero();
            Arrays.fill(x, 1f);
            subject().randomDelta(x, new float[128], key, 0, word + 1, 1, 1, x, x.length);
            assertThat(x[element]).isEqualTo(1f);
        }
    }

    @Test
    void consensus() {
        for (boolean normalize : new boolean[] {true, false}) {
            for (int models : new int[] {0, 1, 2, 3, KernelInput.MODELS}) {
                check(
                        (k, in, n) ->
                                k.consensus(
                                        in.weighted,
                                        in.weights,
                                        models,
                                        in.a,
                                        normalize,
                                        1f,
                                        in.out,
                                        n));
            }
            check(
                    (k, in, n) ->
                            k.consensus(
                                    in.weighted, in.weights, 4, in.a, normalize, 0.3f, in.a, n));
            check(
                    (k, in, n) ->
                            k.consensus(
                                    in.weighted,
                                    in.weights,
                                    3,
                                    in.a,
                                    normalize,
                                    -2f,
                                    in.weighted[1],
                                    n));
        }
    }

    @Test
    void trimmedConsensus() {
        int half = Float.floatToRawIntBits(0.5f);
        int[][] cuts = {
            {0, 0, 0, 0, 0}, {half, half + 1, 0, 1, INFINITE}, {1, half, half, half, 1}
        };
        for (boolean normalize : new boolean[] {true, false}) {
            for (int models : new int[] {0, 1, 2, 3, 4, KernelInput.MODELS}) {
                for (int[] cut : cuts) {
                    check(
                            (k, in, n) ->
                                    k.trimmedConsensus(
                                            in.weighted,
                                            cut,
                                            in.weights,
                                            models,
                                            in.a,
                                            normalize,
                                            0.3f,
                                            in.out,
                                            n));
                }
            }
        }
    }

    @Test
    void consensusWhereAgreeingWeightsAddUpToZero() {
        float[] weights = {0.5f, -0.5f, 0.25f, -0.25f, 0f};
        float[] zeros = {-0f, -0f, -0f, -0f, -0f};
        int[] cuts = new int[KernelInput.MODELS];
        for (int models : new int[] {2, 4, KernelInput.MODELS}) {
            for (float[] w : new float[][] {weights, zeros}) {
                check(
                        (k, in, n) ->
                                k.consensus(in.weighted, w, models, in.a, true, 0.5f, in.out, n));
                check(
                        (k, in, n) ->
                                k.trimmedConsensus(
                                        in.weighted, cuts, w, models, in.a, true, 0.5f, in.out, n));
            }
        }
    }

    @Test
    void dot() {
        check((k, in, n) -> k.dot(in.a, in.b, in.lanes, n));
        check((k, in, n) -> k.dot(in.a, in.a, in.lanes, n));
    }

    @Test
    void gram() {
        for (int vectors = 0; vectors <= KernelInput.MODELS; vectors++) {
            int count = vectors;
            double[][] sums = new double[count * (count + 1) / 2][Kernels.LANES];
            checkResult(
                    (k, in, n) -> {
                        for (double[] lanes : sums) {
                            System.arraycopy(in.lanes, 0, lanes, 0, Kernels.LANES);
                        }
                        k.gram(in.weighted, count, sums, n);
                        return Arrays.deepToString(sums);
                    });
        }
    }

    @Test
    void change() {
        double[][] sums = new double[4][Kernels.LANES];
        checkResult(
                (k, in, n) -> {
                    for (double[] lanes : sums) {
                        System.arraycopy(in.lanes, 0, lanes, 0, Kernels.LANES);
                    }
                    float[] deltas = new float[n + 2];
                    long found = k.change(in.a, in.b, sums, deltas, n);
                    // NaNs may differ in the bits that say nothing.
                    int largest = Math.min((int) found, 0x7F800001);
                    return Arrays.deepToString(sums)
                            + Arrays.toString(deltas)
                            + (found >>> 32)
                            + ' '
                            + largest;
                });
    }

    @Test
    void countOpposite() {
        for (int models : new int[] {2, 3, KernelInput.MODELS}) {
            checkResult(
                    (k, in, n) -> {
                        for (float[] values : in.weighted) {
                            for (int i = 0; i < values.length; i++) {
                                values[i] = Float.isNaN(values[i]) ? 1 - i % 3 : values[i];
                            }
                        }
                        return k.countOpposite(in.weighted, models, n);
                    });
        }
    }

    @Test
    void absSum() {
        check((k, in, n) -> k.absSum(in.a, in.lanes, n));
    }

    @Test
    void aSumDoesNotDependOnHowATensorIsCutIntoBlocks() {
        KernelInput in = new KernelInput(Kind.ORDINARY, 4096, 9);
        double[] whole = new double[Kernels.LANES];
        subject().dot(in.a, in.b, whole, 4096);
        double[] blocks = new double[Kernels.LANES];
        int size = 48;
        for (int from = 0; from < 4096; from += size) {
            int n = Math.min(size, 4096 - from);
            subject()
                    .dot(
                            Arrays.copyOfRange(in.a, from, from + n),
                            Arrays.copyOfRange(in.b, from, from + n),
                            blocks,
                            n);
        }
        assertThat(blocks).isEqualTo(whole);
        assertThat(Kernels.total(blocks)).isEqualTo(Kernels.total(whole));
    }
}
