package io.amalgam.internal.align.bench;

import io.amalgam.internal.align.match.Assignment;
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

/** Assignments of as many units as layers of language models have. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(value = 1, jvmArgsAppend = "-Xmx3g")
@Warmup(iterations = 0)
@Measurement(iterations = 1)
public class AssignmentBenchmarks {
    private static final int STEP = 7919;

    @Param({"4096", "11008"})
    private int units;

    /** Whether a permutation stands out, as between a model and a fine-tune of it. */
    @Param({"true", "false"})
    private boolean related;

    private double[] gains = {};

    @Setup
    public void fill() {
        Random random = new Random(1);
        gains = new double[units * units];
        for (int i = 0; i < gains.length; i++) {
            gains[i] = random.nextGaussian();
        }
        for (int i = 0; related && i < units; i++) {
            gains[i * units + (int) ((long) i * STEP % units)] += 10;
        }
    }

    @Benchmark
    public int[] assignment() {
        return Assignment.largest(gains, units);
    }
}
