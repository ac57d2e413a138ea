package io.amalgam.internal.linalg.bench;

import io.amalgam.internal.linalg.Dense;
import io.amalgam.internal.linalg.Matrix;
import io.amalgam.internal.linalg.Svd;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Square matrices by code of this project and by ND4J's LAPACK in one thread: all singular values,
 * a quarter of them (as TSV-M of four models), the polar factor, a product.
 *
 * <pre>make jmh ARGS="DenseBenchmarks -p size=1024"</pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 1)
@Measurement(iterations = 2)
@Fork(value = 1, jvmArgsAppend = "-Xmx2g")
public class DenseBenchmarks {
    @Param({"128", "256", "512", "1024", "2048"})
    public int size;

    private Matrix matrix;

    @Setup
    public void fill() {
        Random random = new Random(size);
        double[] values = new double[size * size];
        Arrays.setAll(values, i -> random.nextGaussian());
        matrix = new Matrix(size, size, values);
    }

    @Benchmark
    public Svd own() {
        return Svd.of(matrix);
    }

    @Benchmark
    public Svd all() {
        return Dense.svd(matrix);
    }

    @Benchmark
    public Svd quarter() {
        return Dense.top(matrix, size / 4);
    }

    @Benchmark
    public Dense.Polar polar() {
        return Dense.polar(matrix, 1e-9);
    }

    @Benchmark
    public Matrix product() {
        return Dense.product(matrix, matrix);
    }
}
