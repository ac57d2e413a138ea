package io.amalgam.internal.linalg.bench;

import io.amalgam.internal.linalg.FloatMatrix;
import io.amalgam.internal.linalg.LanczosSvd;
import io.amalgam.internal.linalg.Matrix;
import io.amalgam.internal.linalg.RandomSvd;
import io.amalgam.internal.linalg.Svd;
import io.amalgam.internal.lora.combine.LowRankSvd;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.bytedeco.openblas.global.openblas;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
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
 * Two adapters of rank 16 on one square matrix, combined to rank 16: through the core, and through
 * the dense change, by full SVDs, by the leading values alone, and by the randomised SVD. Full SVDs
 * of 4096 x 4096 take minutes.
 *
 * <pre>make jmh ARGS="LowRankBenchmarks -p size=512"</pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2)
@Measurement(iterations = 3)
@Fork(value = 1, jvmArgsAppend = "-Xmx3g")
public class LowRankBenchmarks {
    private static final int RANK = 16;

    @Param({"1024", "4096"})
    public int size;

    private Matrix left;
    private Matrix right;
    private FloatMatrix dense;

    @Setup
    public void fill() {
        left = random(size, 2 * RANK, 1);
        right = random(2 * RANK, size, 2);
        dense = new FloatMatrix(size, size, left.times(right).floats());
    }

    private static Matrix random(int rows, int cols, long seed) {
        Random random = new Random(seed);
        Matrix matrix = Matrix.zeros(rows, cols);
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < cols; j++) {
                matrix.set(i, j, random.nextGaussian() * 0.02);
            }
        }
        return matrix;
    }

    @Benchmark
    public Svd core() {
        return LowRankSvd.of(left, right).truncated(RANK);
    }

    @Benchmark
    public Svd leading() {
        return LanczosSvd.of(dense, RANK);
    }

    @Benchmark
    public Svd randomised() {
        return RandomSvd.ofRank(dense, RANK, 0);
    }

    /**
     * LAPACK's divide and conquer, gesdd, of the library that comes with ND4J, which has no name
     * for it: the fastest full SVD at hand. In float32, and forming the change does not count.
     */
    @Benchmark
    @Warmup(iterations = 0)
    @Measurement(iterations = 1)
    public float[] divideAndConquerOfTheDense() {
        float[] s = new float[size];
        float[] u = new float[size * size];
        float[] vt = new float[size * size];
        int info =
                openblas.LAPACKE_sgesdd(
                        openblas.LAPACK_ROW_MAJOR,
                        (byte) 'S',
                        size,
                        size,
                        dense.values().clone(),
                        size,
                        s,
                        u,
                        size,
                        vt,
                        size);
        if (info != 0) {
            throw new IllegalStateException("gesdd: " + info);
        }
        return s;
    }

    /** LAPACK's gesvd, through ND4J. */
    @Benchmark
    @Warmup(iterations = 0)
    @Measurement(iterations = 1)
    public INDArray fullOfTheDense() {
        INDArray a = Nd4j.create(dense.values(), new long[] {size, size}, 'c').dup('f');
        INDArray s = Nd4j.create(DataType.FLOAT, size);
        INDArray u = Nd4j.create(DataType.FLOAT, new long[] {size, size}, 'f');
        INDArray vt = Nd4j.create(DataType.FLOAT, new long[] {size, size}, 'f');
        Nd4j.getBlasWrapper().lapack().gesvd(a, s, u, vt);
        return s;
    }
}
