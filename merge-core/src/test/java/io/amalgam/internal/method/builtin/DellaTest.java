package io.amalgam.internal.method.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.amalgam.error.BadInputException;
import io.amalgam.internal.kernel.KernelProvider;
import io.amalgam.kernel.CounterRandom;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** DELLA against ranks that are counted one by one, and by statistics. */
class DellaTest {
    private static final double[] WEIGHTS = {0.5, -0.3, 0.75};
    private static final double[] DENSITIES = {0.3, 0.6, 0.5};
    private static final double[] EPSILONS = {0.1, 0.35, 0};

    /** Shapes: vectors, rows that are short, long, odd or of one element, channels and scalars. */
    private static final List<long[]> SHAPES =
            List.of(
                    new long[] {},
                    new long[] {1},
                    new long[] {2},
                    new long[] {3000},
                    new long[] {40, 1},
                    new long[] {1, 17},
                    new long[] {301, 77},
                    new long[] {3, 2500},
                    new long[] {5, 6, 7},
                    new long[] {4, 33, 3, 3});

    @ParameterizedTest
    @EnumSource(TaskArithmeticTest.Kind.class)
    void keepsByRank(TaskArithmeticTest.Kind kind) {
        for (long[] dims : SHAPES) {
            Vectors v = new Vectors(kind, dims);
            float[][] kept = v.kept(false);
            assertThat(v.call("della").set("rescale", "false").run())
                    .as("%s, %s", kind, dims)
                    .isEqualTo(Slow.vote(v.base, kept, WEIGHTS, true, 1));
            float[][] restored = new float[3][];
            for (int m = 0; m < 3; m++) {
                restored[m] = Slow.restored(kept[m], v.deltas[m]);
            }
            Data.assertClose(
                    v.call("della_linear").run(),
                    Slow.sum(v.base, restored, WEIGHTS, false, 1),
                    1e-6);
        }
    }

    @ParameterizedTest
    @EnumSource(TaskArithmeticTest.Kind.class)
    void dividesEachElementByItsOwnProbability(TaskArithmeticTest.Kind kind) {
        for (long[] dims : SHAPES) {
            Vectors v = new Vectors(kind, dims);
            assertThat(v.call("della").set("rescale", "density").run())
                    .as("%s, %s", kind, dims)
                    .isEqualTo(Slow.vote(v.base, v.kept(true), WEIGHTS, true, 1));
        }
    }

    @Test
    void kernelsAndCutsDoNotMatter() {
        Vectors v = new Vectors(TaskArithmeticTest.Kind.BFLOAT16, 700, 1001);
        MethodCall call = v.call("della");
        float[] expected = call.run();
        assertThat(call.run()).isEqualTo(expected);
        assertThat(call.kernels(KernelProvider.choose(KernelProvider.Choice.AUTO).kernels()).run())
                .isEqualTo(expected);
    }

    /** Hundreds of different magnitudes in one bin, and others far above. */
    @Test
    void ranksAreExactWhereMagnitudesAreCrowded() {
        int m = 2000;
        float[] values = new float[m];
        for (int i = 0; i < m; i++) {
            values[i] = i % 5 == 0 ? 1e6f * i : 1 + (i * 7919 % m) * 0x1p-23f;
        }
        float[] kept = new float[m];
        long key = CounterRandom.key(9, "w", 1);
        Slow.ranked(values, 0, 1, m, 0.5, 0.45, key, false, kept);
        float[] out =
                MethodCall.of("della_linear")
                        .seed(9)
                        .set("rescale", "false")
                        .base(new float[m])
                        .model(values, parameters(1, 0.5, 0.45))
                        .run();
        assertThat(out).isEqualTo(kept);
    }

    /** Magnitudes that fill steps of a histogram, differ by little within, or are far below. */
    @Test
    void ranksAreExactWhereSomeMagnitudesAreEqual() {
        int m = 3000;
        int rows = 6;
        float[] values = new float[rows * m];
        for (int i = 0; i < values.length; i++) {
            int row = i / m;
            long word = CounterRandom.word(3, i);
            float step = (word & 31) * 0x1p-9f * (word < 0 ? -1 : 1);
            float beside = step * (1 + (word >>> 8 & 7) * 0x1p-20f);
            float value = (word >>> 16 & 7) < row ? beside : step;
            values[i] = row == 4 ? value * 0x1p-30f : row == 5 && i % m > 0 ? 0 : value;
        }
        for (boolean divide : new boolean[] {false, true}) {
            float[] kept = new float[values.length];
            long key = CounterRandom.key(9, "w", 1);
            for (int row = 0; row < rows; row++) {
                Slow.ranked(values, row * m, 1, m, 0.5, 0.45, key, divide, kept);
            }
            for (int i = 0; i < kept.length; i++) {
                // The base is added, 0.
                kept[i] += 0f;
            }
            for (KernelProvider.Choice choice :
                    List.of(KernelProvider.Choice.SCALAR, KernelProvider.Choice.AUTO)) {
                float[] out =
                        MethodCall.of("della_linear")
                                .seed(9)
                                .shape(rows, m)
                                .kernels(KernelProvider.choose(choice).kernels())
                                .set("rescale", divide ? "density" : "false")
                                .base(new float[values.length])
                                .model(values, parameters(1, 0.5, 0.45))
                                .run();
                assertThat(out).as("%s, divided: %s", choice, divide).isEqualTo(kept);
            }
        }
    }

    @Test
    void theShareKeptGrowsWithTheRank() {
        int rows = 500;
        int m = 2000;
        double density = 0.4;
        double epsilon = 0.3;
        float[] out = thinned(rows, m, density, epsilon, 1);
        int deciles = 10;
        int[] count = new int[deciles];
        int all = 0;
        for (int i = 0; i < out.length; i++) {
            if (out[i] != 0) {
                count[rank(i % m, m) * deciles / m]++;
                all++;
            }
        }
        // A sum of independent draws varies less than draws of their mean: the bound is safe.
        double n = rows * (double) m;
        assertThat(all / n).isCloseTo(density, within(4 * Math.sqrt(density * (1 - density) / n)));
        for (int decile = 0; decile < deciles; decile++) {
            double middle = (decile + 0.5) * m / deciles - 0.5;
            double p = density - epsilon + 2 * epsilon * middle / (m - 1);
            assertThat(count[decile] * deciles / n)
                    .as("decile %d", decile)
                    .isCloseTo(p, within(4 * Math.sqrt(p * (1 - p) * deciles / n)));
        }
    }

    @Test
    void rowsAndSeedsHaveMasksOfTheirOwn() {
        int m = 1000;
        float[] one = thinned(1000, m, 0.5, 0.2, 1);
        assertThat(thinned(1000, m, 0.5, 0.2, 1)).isEqualTo(one);
        float[] other = thinned(1000, m, 0.5, 0.2, 2);
        int sameSeeds = 0;
        int sameRows = 0;
        double expected = 0;
        for (int i = 0; i < one.length; i++) {
            double p = 0.3 + 0.4 * rank(i % m, m) / (m - 1);
            expected += p * p + (1 - p) * (1 - p);
            sameSeeds += (one[i] != 0) == (other[i] != 0) ? 1 : 0;
            sameRows += (one[i] != 0) == (one[(i + m) % one.length] != 0) ? 1 : 0;
        }
        double error = 4 * 0.5 * Math.sqrt(one.length);
        assertThat((double) sameSeeds).isCloseTo(expected, within(error));
        assertThat((double) sameRows).isCloseTo(expected, within(error));
    }

    @Test
    void equalMagnitudesRankByIndex() {
        int m = 100;
        int rows = 10_000;
        float[] zero = new float[rows * m];
        float[] ones = new float[rows * m];
        java.util.Arrays.fill(ones, 1f);
        float[] out =
                MethodCall.of("della_linear")
                        .shape(rows, m)
                        .set("rescale", "false")
                        .base(zero)
                        .model(ones, parameters(1, 0.5, 0.4))
                        .run();
        int low = 0;
        int high = 0;
        for (int row = 0; row < rows; row++) {
            low += out[row * m] != 0 ? 1 : 0;
            high += out[row * m + m - 1] != 0 ? 1 : 0;
        }
        double error = 4 * Math.sqrt(0.1 * 0.9 / rows);
        assertThat(low / (double) rows).isCloseTo(0.1, within(error));
        assertThat(high / (double) rows).isCloseTo(0.9, within(error));
    }

    @Test
    void probabilitiesMustBeProbabilities() {
        float[] one = {1};
        for (double[] bad : new double[][] {{0.9, 0.15}, {0.1, 0.15}, {0.15, 0.15}}) {
            MethodCall call =
                    MethodCall.of("della").base(one).model(one, parameters(1, bad[0], bad[1]));
            assertThatThrownBy(call::bind)
                    .isInstanceOf(BadInputException.class)
                    .hasMessageStartingWith(
                            "parameter 'epsilon' of model 'm2': expected less than "
                                    + (float) Math.min(bad[0], 1 - bad[0])
                                    + ", so that the probabilities density - epsilon and density + epsilon are between 0 and 1, got 0.15");
        }
        // Where nothing is drawn, epsilon has no say.
        for (double density : new double[] {0, 1}) {
            MethodCall.of("della").base(one).model(one, parameters(1, density, 0.15)).bind();
        }
    }

    /** Position of column {@code j} in a row made by {@link #thinned}. */
    private static int rank(int j, int m) {
        return (int) (j * 7919L % m);
    }

    private static float[] thinned(int rows, int m, double density, double epsilon, long seed) {
        float[] values = new float[rows * m];
        for (int i = 0; i < values.length; i++) {
            values[i] = (1 + rank(i % m, m)) * (i % 3 == 0 ? -0.01f : 0.01f);
        }
        return MethodCall.of("della_linear")
                .seed(seed)
                .shape(rows, m)
                .set("rescale", "false")
                .base(new float[rows * m])
                .model(values, parameters(1, density, epsilon))
                .run();
    }

    private static Map<String, Object> parameters(double weight, double density, double epsilon) {
        return Map.of("weight", weight, "density", density, "epsilon", epsilon);
    }

    /** Three models and a base of some shape. */
    private static final class Vectors {
        final long[] dims;
        final float[] base;
        final float[][] models = new float[3][];
        final float[][] deltas = new float[3][];

        Vectors(TaskArithmeticTest.Kind kind, long... dims) {
            this.dims = dims;
            int n = (int) java.util.Arrays.stream(dims).reduce(1, (a, b) -> a * b);
            base = kind.base(n);
            for (int m = 0; m < 3; m++) {
                models[m] = kind.model(base, m);
                deltas[m] = Slow.delta(models[m], base);
            }
        }

        float[][] kept(boolean divide) {
            float[][] kept = new float[3][base.length];
            int length = dims.length < 2 ? base.length : (int) dims[1];
            int step = 1;
            for (int axis = 2; axis < dims.length; axis++) {
                step *= (int) dims[axis];
            }
            for (int m = 0; m < 3; m++) {
                long key = CounterRandom.key(5, "w", m);
                for (int block = 0; block < base.length; block += length * step) {
                    for (int column = 0; column < step; column++) {
                        Slow.ranked(
                                deltas[m],
                                block + column,
                                step,
                                length,
                                DENSITIES[m],
                                EPSILONS[m],
                                key,
                                divide,
                                kept[m]);
                    }
                }
            }
            return kept;
        }

        MethodCall call(String method) {
            MethodCall call = MethodCall.of(method).seed(5).shape(dims);
            for (int m = 0; m < 3; m++) {
                call.model(models[m], parameters(WEIGHTS[m], DENSITIES[m], EPSILONS[m]));
            }
            return call.base(base);
        }
    }
}
