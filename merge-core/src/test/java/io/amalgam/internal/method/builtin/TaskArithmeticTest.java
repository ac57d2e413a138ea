package io.amalgam.internal.method.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.error.BadInputException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The task-arithmetic family against {@link Slow}. */
class TaskArithmeticTest {
    static final int[] SIZES = Data.SIZES;

    static final List<String> FAMILY =
            TaskArithmeticFamily.all().stream().map(method -> method.info().name()).toList();

    /** Kinds of models. */
    enum Kind {
        FLOAT32,
        /** Rounded to bfloat16: many equal magnitudes. */
        BFLOAT16,
        /** Nothing changed. */
        EQUAL_TO_BASE,
        /** Only one element in a thousand changed. */
        SPARSE;

        float[] base(int n) {
            float[] base = Data.normal(n, 10);
            return this == BFLOAT16 ? Data.bf16(base) : base;
        }

        float[] model(float[] base, long seed) {
            float[] near = Data.near(base, 0.1, seed);
            return switch (this) {
                case FLOAT32 -> near;
                case BFLOAT16 -> Data.bf16(near);
                case EQUAL_TO_BASE -> base.clone();
                case SPARSE -> {
                    float[] sparse = base.clone();
                    for (int i = (int) seed; i < sparse.length; i += 1000) {
                        sparse[i] = near[i];
                    }
                    yield sparse;
                }
            };
        }
    }

    @ParameterizedTest
    @FieldSource("SIZES")
    void taskArithmetic(int n) {
        for (boolean normalize : new boolean[] {true, false}) {
            Vectors v = new Vectors(Kind.FLOAT32, n, 0.3, 0.5, 1);
            float[] out =
                    v.call("task_arithmetic").set("normalize", normalize).set("lambda", 0.8).run();
            Data.assertClose(
                    out, Slow.sum(v.base, v.deltas, Vectors.WEIGHTS, normalize, 0.8), 5e-7);
        }
    }

    @ParameterizedTest
    @FieldSource("FAMILY")
    void weightsThatCancelButForRoundingDivideNothing(String method) {
        float[] base = new float[1003];
        float[] delta = Data.normal(base.length, 1);
        float[] opposite = new float[base.length];
        double[] expected = new double[base.length];
        for (int i = 0; i < base.length; i++) {
            opposite[i] = -delta[i];
            expected[i] = (0.7 + 0.4 + 0.3) * delta[i];
        }
        float[] out =
                MethodCall.of(method)
                        .base(base)
                        .model(delta, Map.of("weight", 0.7))
                        .model(opposite, Map.of("weight", -0.4))
                        .model(opposite, Map.of("weight", -0.3))
                        .set("normalize", true)
                        .run();
        Data.assertClose(out, expected, 1e-6);
    }

    static List<Object[]> tiesCases() {
        List<Object[]> cases = new ArrayList<>();
        for (int n : SIZES) {
            cases.add(new Object[] {Kind.FLOAT32, n});
            cases.add(new Object[] {Kind.BFLOAT16, n});
        }
        for (int n : new int[] {1, 1000, 65_536, 300_001}) {
            cases.add(new Object[] {Kind.EQUAL_TO_BASE, n});
            cases.add(new Object[] {Kind.SPARSE, n});
        }
        return cases;
    }

    @ParameterizedTest
    @MethodSource("tiesCases")
    void ties(Kind kind, int n) {
        double[][] densities = {{0.2, 0.5, 0.8}, {1e-9, 1, 0}, {1.0 / n, 0.999, 2.5 / n}};
        for (double[] density : densities) {
            Vectors v = new Vectors(kind, n, density);
            float[][] kept = v.kept(m -> Slow.top(v.deltas[m], density[m]));
            for (boolean normalize : new boolean[] {true, false}) {
                double lambda = normalize ? 1 : 1.3;
                float[] out =
                        v.call("ties").set("normalize", normalize).set("lambda", lambda).run();
                assertThat(out)
                        .as("%s, densities %s", kind, density)
                        .isEqualTo(Slow.vote(v.base, kept, Vectors.WEIGHTS, normalize, lambda));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("tiesCases")
    void tiesWithRescale(Kind kind, int n) {
        double[] density = {0.3, 0.5, 1};
        Vectors v = new Vectors(kind, n, density);
        float[][] byNorm =
                v.kept(m -> Slow.restored(Slow.top(v.deltas[m], density[m]), v.deltas[m]));
        Data.assertClose(
                v.call("ties").set("rescale", "true").run(),
                Data.doubles(Slow.vote(v.base, byNorm, Vectors.WEIGHTS, true, 1)),
                1e-6);
        float[][] byDensity =
                v.kept(
                        m ->
                                Slow.scaled(
                                        Slow.top(v.deltas[m], density[m]),
                                        (float) (1 / density[m])));
        assertThat(v.call("ties").set("rescale", "density").run())
                .isEqualTo(Slow.vote(v.base, byDensity, Vectors.WEIGHTS, true, 1));
    }

    @ParameterizedTest
    @FieldSource("SIZES")
    void dareTies(int n) {
        double[] density = {0.3, 0.9, 1};
        Vectors v = new Vectors(Kind.FLOAT32, n, density);
        float[][] kept = v.kept(m -> Slow.random(v.deltas[m], density[m], 42, "w", m));
        assertThat(v.call("dare_ties").seed(42).set("rescale", "false").run())
                .isEqualTo(Slow.vote(v.base, kept, Vectors.WEIGHTS, false, 1));
        float[][] restored = v.kept(m -> Slow.restored(kept[m], v.deltas[m]));
        Data.assertClose(
                v.call("dare_ties").seed(42).set("normalize", true).run(),
                Data.doubles(Slow.vote(v.base, restored, Vectors.WEIGHTS, true, 1)),
                1e-6);
    }

    @ParameterizedTest
    @FieldSource("SIZES")
    void dareLinear(int n) {
        double[] density = {0.3, 0.9, 0};
        Vectors v = new Vectors(Kind.FLOAT32, n, density);
        float[][] kept = v.kept(m -> Slow.random(v.deltas[m], density[m], 3, "w", m));
        Data.assertClose(
                v.call("dare_linear").seed(3).set("rescale", "false").run(),
                Slow.sum(v.base, kept, Vectors.WEIGHTS, false, 1),
                5e-7);
        float[][] restored = v.kept(m -> Slow.restored(kept[m], v.deltas[m]));
        Data.assertClose(
                v.call("dare_linear").seed(3).set("lambda", 1.7).run(),
                Slow.sum(v.base, restored, Vectors.WEIGHTS, false, 1.7),
                5e-7);
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void dareByDensityDividesByIt(Kind kind) {
        double[] density = {0.3, 0.9, 1};
        Vectors v = new Vectors(kind, 100_000, density);
        float[][] kept =
                v.kept(
                        m ->
                                Slow.scaled(
                                        Slow.random(v.deltas[m], density[m], 0, "w", m),
                                        (float) (1 / density[m])));
        Data.assertClose(
                v.call("dare_linear").set("rescale", "density").run(),
                Slow.sum(v.base, kept, Vectors.WEIGHTS, false, 1),
                5e-7);
    }

    @ParameterizedTest
    @ValueSource(strings = {"task_arithmetic", "ties"})
    void orderOfModelsDoesNotMatter(String method) {
        float[] base = Data.normal(70_000, 1);
        float[] a = Data.near(base, 0.1, 2);
        float[] b = Data.near(base, 0.1, 3);
        float[] c = Data.near(base, 0.1, 4);
        float[] forth =
                MethodCall.of(method)
                        .base(base)
                        .model(a, 0.5, 0.4)
                        .model(b, 0.3, 0.6)
                        .model(c, 0.2, 0.9)
                        .run();
        float[] back =
                MethodCall.of(method)
                        .model(c, 0.2, 0.9)
                        .model(a, 0.5, 0.4)
                        .model(b, 0.3, 0.6)
                        .base(base)
                        .run();
        Data.assertClose(back, Data.doubles(forth), 1e-6);
    }

    @ParameterizedTest
    @FieldSource("FAMILY")
    void withoutChangesTheBaseComesBack(String method) {
        for (int n : new int[] {1, 100, 70_000}) {
            float[] base = Data.normal(n, 1);
            float[] tuned = Data.near(base, 0.1, 2);
            assertThat(MethodCall.of(method).base(base).run()).isEqualTo(base);
            assertThat(MethodCall.of(method).base(base).model(base, 1, 0.5).run()).isEqualTo(base);
            assertThat(MethodCall.of(method).base(base).model(tuned, 0, 0.5).run()).isEqualTo(base);
            assertThat(
                            MethodCall.of(method)
                                    .base(base)
                                    .model(tuned, 1, 0.5)
                                    .set("lambda", 0.0)
                                    .run())
                    .isEqualTo(base);
        }
    }

    @ParameterizedTest
    @FieldSource("FAMILY")
    void oneWholeModelComesBack(String method) {
        float[] base = Data.normal(70_000, 1);
        float[] tuned = Data.near(base, 0.1, 2);
        float[] out = MethodCall.of(method).base(base).model(tuned, 1, 1).run();
        Data.assertClose(out, Data.doubles(tuned), 1e-7);
    }

    @ParameterizedTest
    @FieldSource("FAMILY")
    void equalModelsAveragedAreThatModel(String method) {
        float[] base = Data.normal(70_000, 1);
        float[] tuned = Data.near(base, 0.1, 2);
        float[] out =
                MethodCall.of(method)
                        .base(base)
                        .model(tuned, 0.7, 1)
                        .model(tuned, 0.5, 1)
                        .set("normalize", true)
                        .run();
        Data.assertClose(out, Data.doubles(tuned), 2e-7);
    }

    @Test
    void oppositeVotesCancelWithoutNormalisation() {
        float[] base = {1, 1, 1};
        float[] out =
                MethodCall.of("ties")
                        .base(base)
                        .model(new float[] {3, 3, 1}, 1, 1)
                        .model(new float[] {3, 0, 0}, -1, 1)
                        .set("normalize", false)
                        .run();
        // 2 - 2 = 0 counts as positive: +2 stays. 2 + 1: both agree. 0 and +1.
        assertThat(out).containsExactly(3, 4, 2);
    }

    @Test
    void unreadableParametersAreRefused() {
        float[] one = {1};
        assertThatThrownBy(
                        () ->
                                MethodCall.of("ties")
                                        .base(one)
                                        .model(one, 1, 0.5)
                                        .set("rescale", "maybe")
                                        .bind())
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "parameter 'rescale': expected true (or l1), false or density, got 'maybe'");
        assertThatThrownBy(() -> MethodCall.of("dare_ties").base(one).model(one, 1, -0.5).bind())
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "parameter 'density' of model 'm2': expected a share from 0 to 1, got -0.5; 1 keeps every element, 0.1 a tenth of them");
    }

    /** A base and three models with weights and densities. */
    private static final class Vectors {
        static final double[] WEIGHTS = {0.5, -0.3, 0.75};
        final float[] base;
        final float[][] models = new float[3][];
        final float[][] deltas = new float[3][];
        final double[] densities;

        Vectors(Kind kind, int n, double... densities) {
            this.base = kind.base(n);
            this.densities = densities;
            for (int m = 0; m < 3; m++) {
                models[m] = kind.model(base, m + 1);
                deltas[m] = Slow.delta(models[m], base);
            }
        }

        interface Keep {
            float[] of(int model);
        }

        float[][] kept(Keep keep) {
            return new float[][] {keep.of(0), keep.of(1), keep.of(2)};
        }

        MethodCall call(String method) {
            MethodCall call = MethodCall.of(method);
            for (int m = 0; m < 3; m++) {
                call.model(models[m], Map.of("weight", WEIGHTS[m], "density", densities[m]));
            }
            return call.base(base);
        }
    }
}
