package io.amalgam.internal.kernel.bench;

import io.amalgam.internal.kernel.KernelProvider;
import io.amalgam.internal.tensor.BFloat16;
import io.amalgam.internal.tensor.Half;
import io.amalgam.kernel.Kernels;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Every kernel, scalar and SIMD, on one block of the engine's size, in nanoseconds per element on
 * one thread:
 *
 * <pre>./mvnw -pl merge-core test-compile exec:exec@jmh</pre>
 *
 * JMH's own options go in {@code -Djmh.args="..."}, for example {@code
 * -Djmh.args="KernelBenchmarks.dot -p kind=simd"}.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(KernelBenchmarks.BLOCK)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(
        value = 1,
        jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "-Xmx256m"})
public class KernelBenchmarks {
    static final int BLOCK = 8 * 1024;
    private static final int MODELS = 4;

    @Param({"scalar", "simd"})
    public String kind;

    private Kernels kernels;
    private final float[] x = new float[BLOCK];
    private final float[] base = new float[BLOCK];
    private final float[] acc = new float[BLOCK];
    private final float[] out = new float[BLOCK];
    private final short[] halves = new short[BLOCK];
    private final short[] bfloats = new short[BLOCK];
    private final short[] shorts = new short[BLOCK];
    private final float[][] weighted = new float[MODELS][BLOCK];
    private final float[] weights = {0.4f, 0.3f, 0.2f, 0.1f};
    private final float[] left = {0.4f, 0.3f, 0.2f, 0.1f, 0.3f, 0.1f, 0.2f, 0.4f};
    private final float[][] spare = new float[2][BLOCK];
    private final int[] cuts = {1 << 29, 1 << 29, 1 << 29, 1 << 29};
    private final double[] lanes = new double[Kernels.LANES];
    private final double[][] products = new double[6][Kernels.LANES];
    private final int[] inside = new int[BLOCK];
    private final int[] pivots = {-1, -1, -1, -1};
    private final int[] bits = new int[BLOCK];
    private final byte[] codes = new byte[BLOCK];
    private final byte[] kept = new byte[BLOCK / 8];
    private final float[] table = new float[16];
    private final int[] counts = new int[Kernels.PIVOTS + 1];
    private final int low = Float.floatToRawIntBits(0.00200f);
    private final int high = Float.floatToRawIntBits(0.00205f);

    @Setup
    public void fill() {
        kernels =
                KernelProvider.choose(KernelProvider.Choice.valueOf(kind.toUpperCase(Locale.ROOT)))
                        .kernels();
        Random random = new Random(1);
        for (int i = 0; i < BLOCK; i++) {
            base[i] = (float) random.nextGaussian() * 0.02f;
            x[i] = base[i] + (float) random.nextGaussian() * 0.002f;
            halves[i] = Half.fromFloat(x[i]);
            bfloats[i] = BFloat16.fromFloat(x[i]);
            bits[i] = Float.floatToRawIntBits(x[i]);
            codes[i] = (byte) random.nextInt(127);
            for (float[] model : weighted) {
                model[i] = random.nextBoolean() ? (float) random.nextGaussian() * 0.002f : 0;
            }
        }
    }

    /** Rank 4, two rows. */
    @Benchmark
    public float[] addProducts() {
        kernels.addProducts(left, 0, weighted, MODELS, 2, 0, BLOCK / 2, out, 0, spare);
        return out;
    }

    @Benchmark
    public float[] bf16ToFloat() {
        kernels.bf16ToFloat(bfloats, out, 0, BLOCK);
        return out;
    }

    @Benchmark
    public float[] f16ToFloat() {
        kernels.f16ToFloat(halves, out, 0, BLOCK);
        return out;
    }

    @Benchmark
    public short[] floatToBf16() {
        kernels.floatToBf16(x, shorts, BLOCK);
        return shorts;
    }

    @Benchmark
    public short[] floatToF16() {
        kernels.floatToF16(x, shorts, BLOCK);
        return shorts;
    }

    @Benchmark
    public boolean allFinite() {
        return kernels.allFinite(x, 0, BLOCK);
    }

    @Benchmark
    public float[] scale() {
        kernels.scale(x, 0.3f, out, BLOCK);
        return out;
    }

    @Benchmark
    public float[] weightedSum() {
        kernels.weightedSum(weighted, weights, 2, 1, out, BLOCK);
        return out;
    }

    @Benchmark
    public float[] add() {
        kernels.add(x, base, out, BLOCK);
        return out;
    }

    @Benchmark
    public float[] subtract() {
        kernels.subtract(x, base, out, BLOCK);
        return out;
    }

    @Benchmark
    public float[] blend() {
        kernels.blend(x, 0.3f, base, 0.7f, out, BLOCK);
        return out;
    }

    @Benchmark
    public float[] addDeltas() {
        kernels.addDeltas(weighted, weights, 3, base, 1, 1, out, BLOCK);
        return out;
    }

    @Benchmark
    public float[] addScaled() {
        kernels.addScaled(base, x, 1.5f, 0.9f, out, BLOCK);
        return out;
    }

    @Benchmark
    public float[] trimmedDelta() {
        kernels.trimmedDelta(x, base, low, out, BLOCK);
        return out;
    }

    @Benchmark
    public float[] bandedDelta() {
        kernels.bandedDelta(x, base, low, high, out, BLOCK);
        return out;
    }

    @Benchmark
    public float[] selectedDelta() {
        kernels.selectedDelta(x, base, weighted[0], low, out, BLOCK);
        return out;
    }

    @Benchmark
    public int deltaBits() {
        return kernels.deltaBits(x, base, 0, inside, BLOCK);
    }

    @Benchmark
    public byte[] nonzeroBits() {
        kernels.nonzeroBits(weighted[0], kept, 0, BLOCK);
        return kept;
    }

    @Benchmark
    public float[] keptDelta() {
        kernels.keptDelta(x, base, kept, 0, out, BLOCK);
        return out;
    }

    @Benchmark
    public int rank() {
        return kernels.rank(bits, 0, BLOCK / 2, BLOCK);
    }

    @Benchmark
    public int[] magnitudeBins() {
        kernels.magnitudeBins(bits, 1 << 20, 16, inside, BLOCK);
        return inside;
    }

    @Benchmark
    public int[] randomWords() {
        kernels.randomWords(0x0123456789ABCDEFL, 0, inside, BLOCK);
        return inside;
    }

    @Benchmark
    public float[] int8ToFloat() {
        kernels.int8ToFloat(codes, 0, 3, 0.5f, 0.3f, out, 0, BLOCK);
        return out;
    }

    @Benchmark
    public float[] e4m3ToFloat() {
        kernels.e4m3ToFloat(codes, 0, 0.5f, 0.3f, out, 0, BLOCK);
        return out;
    }

    @Benchmark
    public float[] tableOfHalves() {
        kernels.tableOfHalves(codes, 0, table, 0.5f, out, 0, BLOCK / 2);
        return out;
    }

    @Benchmark
    public float[] agreeing() {
        kernels.agreeing(x, weighted, weights, weights, MODELS, out, spare[0], BLOCK);
        return out;
    }

    @Benchmark
    public double[][] gramOfTwo() {
        kernels.gram(weighted, 2, products, BLOCK);
        return products;
    }

    @Benchmark
    public long change() {
        return kernels.change(x, base, products, out, BLOCK);
    }

    @Benchmark
    public int countOpposite() {
        return kernels.countOpposite(weighted, 3, BLOCK);
    }

    @Benchmark
    public float[] variance() {
        kernels.variance(weighted, 3, base, out, BLOCK);
        return out;
    }

    @Benchmark
    public int countBracket() {
        return kernels.countBracket(x, base, low, high, inside, pivots, counts, BLOCK);
    }

    @Benchmark
    public float[] randomDelta() {
        kernels.randomDelta(x, base, 0x0123456789ABCDEFL, 0, 1L << 31, 2f, 0.3f, out, BLOCK);
        return out;
    }

    @Benchmark
    public float[] trimmedConsensus() {
        kernels.trimmedConsensus(weighted, cuts, weights, 3, base, true, 0.9f, out, BLOCK);
        return out;
    }

    @Benchmark
    public float[] consensus() {
        kernels.consensus(weighted, weights, MODELS, base, true, 0.9f, out, BLOCK);
        return out;
    }

    @Benchmark
    public float[] trimmedConsensusOfTwo() {
        kernels.trimmedConsensus(weighted, cuts, weights, 2, base, true, 0.9f, out, BLOCK);
        return out;
    }

    @Benchmark
    public float[] consensusOfTwo() {
        kernels.consensus(weighted, weights, 2, base, true, 0.9f, out, BLOCK);
        return out;
    }

    @Benchmark
    public float[] agreeingOfTwo() {
        kernels.agreeing(x, weighted, weights, weights, 2, out, spare[0], BLOCK);
        return out;
    }

    @Benchmark
    public double[][] gram() {
        kernels.gram(weighted, 3, products, BLOCK);
        return products;
    }

    @Benchmark
    public double[] absDeltaSum() {
        kernels.absDeltaSum(x, base, lanes, BLOCK);
        return lanes;
    }

    @Benchmark
    public double[] addSquares() {
        kernels.addSquares(x, base, lanes, BLOCK);
        return lanes;
    }

    @Benchmark
    public int countZeros() {
        return kernels.countZeros(x, BLOCK);
    }

    @Benchmark
    public double[] dot() {
        kernels.dot(x, base, lanes, BLOCK);
        return lanes;
    }

    @Benchmark
    public double[] absSum() {
        kernels.absSum(x, lanes, BLOCK);
        return lanes;
    }
}
