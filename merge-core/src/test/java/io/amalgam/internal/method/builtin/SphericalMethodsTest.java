package io.amalgam.internal.method.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.error.BadInputException;
import io.amalgam.internal.kernel.KernelProvider;
import io.amalgam.method.TensorStep;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * {@code nuslerp}, {@code multislerp} and {@code karcher} against plain loops over whole vectors.
 */
class SphericalMethodsTest {
    static final int[] SIZES = Data.SIZES;
    private static final double[] WEIGHTS = {0.5, 0.3, 0.4};

    private static float[][] models(int n) {
        return new float[][] {Data.normal(n, 1), Data.normal(n, 2), Data.normal(n, 3)};
    }

    private static float[][] tuned(float[] base, double distance) {
        return new float[][] {
            Data.near(base, distance, 4), Data.near(base, distance, 5), Data.near(base, distance, 6)
        };
    }

    private static MethodCall call(String method, float[][] x, double... weights) {
        MethodCall call = MethodCall.of(method);
        for (int m = 0; m < x.length; m++) {
            call.model(x[m], weights.length == 0 ? Map.of() : Map.of("weight", weights[m]));
        }
        return call;
    }

    private static MethodCall nuslerp(float[] a, double wa, float[] b, double wb) {
        return call("nuslerp", new float[][] {a, b}, wa, wb);
    }

    // nuslerp

    @ParameterizedTest
    @FieldSource("SIZES")
    void nuslerpFollowsTheArc(int n) {
        float[] a = Data.normal(n, 1);
        float[] b = Data.normal(n, 2);
        double[][] x = {Data.doubles(a), Data.doubles(b)};
        for (double w : new double[] {0, 0.2, 0.5, 1, 1.5}) {
            double[] expected = SlowGeometry.nuslerp(x[0], x[1], w);
            Data.assertClose(nuslerp(a, 1 - w, b, w).run(), expected, 1e-6);
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e-6, 1e-3, 0.1, 3})
    void nuslerpWithABaseTurnsTaskVectors(double distance) {
        float[] base = Data.normal(70_000, 3);
        float[][] x = tuned(base, distance);
        double[][] d = SlowGeometry.minus(x, base);
        float[] out = nuslerp(x[0], 0.7, x[1], 0.6).base(base).run();
        double[] merged = SlowGeometry.nuslerp(d[0], d[1], 0.6 / 1.3);
        Data.assertClose(out, SlowGeometry.plus(merged, base), 1e-6);
        // The change itself is right too, as far as base + change can be told in float32.
        Data.assertClose(Slow.delta(out, base), merged, 2e-6 + 2e-6 / distance);
    }

    @ParameterizedTest
    @CsvSource({"3, 5", "1, 40", "40, 1", "300, 7", "7, 300", "3, 70000", "20000, 3", "17, 16385"})
    void nuslerpOfRowsAndColumns(int rows, int columns) {
        float[] base = Data.normal(rows * columns, 3);
        float[] a = Data.normal(rows * columns, 1);
        float[] b = Data.normal(rows * columns, 2);
        SlowGeometry.OfVectors plain =
                x -> SlowGeometry.nuslerp(Data.doubles(x[0]), Data.doubles(x[1]), 0.3);
        SlowGeometry.OfVectors based =
                x -> {
                    double[][] d = SlowGeometry.minus(new float[][] {x[0], x[1]}, x[2]);
                    return SlowGeometry.plus(SlowGeometry.nuslerp(d[0], d[1], 0.3), x[2]);
                };
        for (boolean withBase : new boolean[] {false, true}) {
            SlowGeometry.OfVectors slow = withBase ? based : plain;
            float[][] x = withBase ? new float[][] {a, b, base} : new float[][] {a, b};
            MethodCall call = nuslerp(a, 0.7, b, 0.3).shape(rows, columns);
            call.set("nuslerp_flatten", false);
            if (withBase) {
                call.base(base);
            }
            float[] byRow = call.run();
            Data.assertClose(byRow, SlowGeometry.byRow(x, columns, slow), 3e-6);
            float[] byColumn = call.set("nuslerp_row_wise", true).run();
            Data.assertClose(byColumn, SlowGeometry.byColumn(x, columns, slow), 3e-6);
        }
    }

    @Test
    void nuslerpColumnsOfThreeAxesRunAlongTheFirst() {
        float[][] x = {Data.normal(60, 1), Data.normal(60, 2)};
        SlowGeometry.OfVectors slow =
                parts -> SlowGeometry.nuslerp(Data.doubles(parts[0]), Data.doubles(parts[1]), 0.5);
        MethodCall call = call("nuslerp", x, 1, 1).shape(5, 4, 3).set("nuslerp_flatten", false);
        Data.assertClose(call.run(), SlowGeometry.byRow(x, 3, slow), 1e-6);
        call.set("nuslerp_row_wise", true);
        Data.assertClose(call.run(), SlowGeometry.byColumn(x, 12, slow), 1e-6);
    }

    @Test
    void nuslerpTakesScalarsAndEmptyTensors() {
        for (boolean columns : new boolean[] {false, true}) {
            MethodCall scalar = nuslerp(new float[] {3}, 0.5, new float[] {5}, 0.5);
            scalar.set("nuslerp_flatten", false).set("nuslerp_row_wise", columns);
            assertThat(scalar.run()).containsExactly(4);
            MethodCall empty = nuslerp(new float[0], 0.5, new float[0], 0.5);
            empty.set("nuslerp_flatten", false).set("nuslerp_row_wise", columns);
            assertThat(empty.shape(0, 3).run()).isEmpty();
            assertThat(empty.shape(3, 0).run()).isEmpty();
        }
    }

    @Test
    void nuslerpOfEqualOppositeOrZeroModels() {
        float[] x = Data.normal(1000, 1);
        float[] zero = new float[1000];
        Data.assertClose(nuslerp(x, 0.3, x, 0.7).run(), Data.doubles(x), 2e-7);
        double[] half = Data.doubles(Slow.scaled(x, 0.5f));
        Data.assertClose(nuslerp(x, 0.75, Slow.scaled(x, -1), 0.25).run(), half, 2e-7);
        Data.assertClose(
                nuslerp(x, 0.75, zero, 0.25).run(),
                SlowGeometry.nuslerp(Data.doubles(x), Data.doubles(zero), 0.25),
                1e-6);
        assertThat(nuslerp(zero, 0.5, zero, 0.5).run()).isEqualTo(zero);
        assertThat(nuslerp(x, 1, Data.normal(1000, 2), 0).run()).isEqualTo(x);
        assertThat(nuslerp(Data.normal(1000, 2), 0, x, 1).run()).isEqualTo(x);
        assertThat(nuslerp(x, 0.3, x, 0.7).base(x).run()).isEqualTo(x);
    }

    @Test
    void nuslerpMeetsInTheMiddleWhereWeightsCancel() {
        float[] a = Data.normal(1000, 1);
        float[] b = Data.normal(1000, 2);
        assertThat(nuslerp(a, 1, b, -1).run()).isEqualTo(nuslerp(a, 0.5, b, 0.5).run());
    }

    @Test
    void nuslerpDoesNotDependOnTheOrder() {
        float[] a = Data.normal(70_000, 1);
        float[] b = Data.normal(70_000, 2);
        Data.assertClose(
                nuslerp(a, 0.3, b, 0.7).run(), Data.doubles(nuslerp(b, 0.7, a, 0.3).run()), 3e-7);
    }

    // multislerp

    @ParameterizedTest
    @FieldSource("SIZES")
    void multislerpIsTheMeanDirection(int n) {
        float[][] x = models(n);
        for (boolean normalize : new boolean[] {true, false}) {
            for (double eps : new double[] {1e-8, 0.1}) {
                double[] expected =
                        SlowGeometry.multislerp(
                                SlowGeometry.minus(x, null), WEIGHTS, normalize, eps);
                MethodCall call = call("multislerp", x, WEIGHTS);
                call.set("normalize_weights", normalize).set("eps", eps);
                Data.assertClose(call.run(), expected, 1e-6);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e-6, 1e-3, 0.1, 3})
    void multislerpWithABaseTurnsTaskVectors(double distance) {
        float[] base = Data.normal(70_000, 3);
        float[][] x = tuned(base, distance);
        double[] merged = SlowGeometry.multislerp(SlowGeometry.minus(x, base), WEIGHTS, true, 1e-8);
        float[] out = call("multislerp", x, WEIGHTS).base(base).run();
        Data.assertClose(out, SlowGeometry.plus(merged, base), 1e-6);
    }

    @Test
    void multislerpOfModelsThatDoNotDifferFromTheBaseIsTheBase() {
        float[] base = Data.normal(1000, 3);
        float[][] same = {base, base, base};
        assertThat(call("multislerp", same, WEIGHTS).base(base).run()).isEqualTo(base);
        float[][] one = {base, Data.near(base, 0.1, 4), base};
        double[][] d = SlowGeometry.minus(one, base);
        double[] merged = SlowGeometry.multislerp(d, WEIGHTS, true, 1e-8);
        Data.assertClose(
                call("multislerp", one, WEIGHTS).base(base).run(),
                SlowGeometry.plus(merged, base),
                1e-6);
    }

    @Test
    void multislerpOfDirectionsThatCancelIsTheWeightedSum() {
        float[] x = Data.normal(1000, 1);
        float[][] opposite = {x, Slow.scaled(x, -3)};
        Data.assertClose(
                call("multislerp", opposite, 1, 1).run(), Data.doubles(Slow.scaled(x, -1)), 1e-6);
        float[] y = Data.normal(1000, 2);
        float[][] four = {x, y, Slow.scaled(x, -1), Slow.scaled(y, -1)};
        double[] zero = new double[1000];
        float[] out = call("multislerp", four, 1, 1, 1, 1).run();
        for (int i = 0; i < out.length; i++) {
            assertThat((double) out[i])
                    .isCloseTo(zero[i], org.assertj.core.api.Assertions.within(1e-6));
        }
    }

    @Test
    void multislerpOfOneModelIsThatModel() {
        float[] x = Data.normal(1000, 1);
        MethodCall call = call("multislerp", new float[][] {x}, 0.0);
        assertThat(call.bind()).isEqualTo(new TensorStep.Copy(0));
        assertThat(call.base(Data.normal(1000, 2)).bind()).isEqualTo(new TensorStep.Copy(0));
    }

    @Test
    void multislerpPassesOverWeightsOfZeroAndRefusesThatAllAre() {
        float[] x = Data.normal(1000, 1);
        float[][] two = {Data.normal(1000, 2), x};
        Data.assertClose(call("multislerp", two, 0, 1).run(), Data.doubles(x), 1e-6);
        assertThatThrownBy(() -> call("multislerp", two, 1, -1).bind())
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "weights of tensor 'w': expected a sum other than 0, got 0; change the weights, or set 'normalize_weights: false'");
    }

    @Test
    void multislerpDoesNotDependOnTheOrder() {
        float[][] x = models(70_000);
        float[] forth = call("multislerp", x, WEIGHTS).run();
        float[][] turned = {x[2], x[0], x[1]};
        float[] back = call("multislerp", turned, 0.4, 0.5, 0.3).run();
        Data.assertClose(back, Data.doubles(forth), 3e-7);
    }

    // karcher

    @ParameterizedTest
    @FieldSource("SIZES")
    void karcherIsTheMeanOnTheSphere(int n) {
        float[][] x = models(n);
        // One vector is as long as three others.
        x[1] = Slow.scaled(x[1], 3);
        double[][] wide = SlowGeometry.minus(x, null);
        for (int iterations : new int[] {0, 1, 10, 100}) {
            MethodCall call = call("karcher", x).set("max_iter", (double) iterations);
            Data.assertClose(
                    call.run(), SlowGeometry.karcher(wide, iterations, 1e-5), n < 3 ? 1e-5 : 2e-6);
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e-6, 1e-3, 0.1, 3})
    void karcherOfNeighbours(double distance) {
        float[][] x = tuned(Data.normal(70_000, 3), distance);
        double[] expected = SlowGeometry.karcher(SlowGeometry.minus(x, null), 10, 1e-5);
        Data.assertClose(call("karcher", x).run(), expected, 1e-6);
        double[] further = SlowGeometry.karcher(SlowGeometry.minus(x, null), 50, 1e-9);
        MethodCall call = call("karcher", x).set("tol", 1e-9).set("max_iter", 50.0);
        Data.assertClose(call.run(), further, 1e-6);
    }

    @Test
    void karcherEndsWhereTheAnglesBalance() {
        // Three directions in a plane: the mean of 0, 30 and 90 degrees is 40 degrees.
        float[][] x = new float[3][];
        double[] degrees = {0, 30, 90};
        for (int m = 0; m < 3; m++) {
            double angle = Math.toRadians(degrees[m]);
            x[m] = new float[] {(float) (2 * Math.cos(angle)), (float) (2 * Math.sin(angle))};
        }
        float[] out = call("karcher", x).set("tol", 1e-9).set("max_iter", 100.0).run();
        double[] expected = {2 * Math.cos(Math.toRadians(40)), 2 * Math.sin(Math.toRadians(40))};
        Data.assertClose(out, expected, 1e-6);
    }

    /** The last step is of length 0, and has no direction. */
    @Test
    void karcherWithoutATolerance() {
        float[][] x = {{2, 0}, {0, 2}};
        float root = (float) Math.sqrt(2);
        MethodCall call = call("karcher", x).set("tol", 0.0).set("max_iter", 100.0);
        Data.assertClose(call.run(), new double[] {root, root}, 1e-6);
        float[][] equal = {{2, 1}, {2, 1}};
        assertThat(call("karcher", equal).set("tol", 0.0).run()).containsExactly(2, 1);
    }

    @Test
    void karcherOfEqualOppositeOrZeroModels() {
        float[] x = Data.normal(1000, 1);
        float[] zero = new float[1000];
        Data.assertClose(call("karcher", new float[][] {x, x, x}).run(), Data.doubles(x), 2e-7);
        // Zeros have no direction but count in the mean norm.
        double[] third = SlowGeometry.times(Data.doubles(x), 1.0 / 3);
        Data.assertClose(call("karcher", new float[][] {zero, x, zero}).run(), third, 2e-7);
        assertThat(call("karcher", new float[][] {zero, zero}).run()).isEqualTo(zero);
        // Between opposite directions there is no mean: the first is taken.
        float[][] opposite = {x, Slow.scaled(x, -1)};
        Data.assertClose(call("karcher", opposite).run(), Data.doubles(x), 2e-7);
        assertThat(call("karcher", new float[][] {x}).bind()).isEqualTo(new TensorStep.Copy(0));
    }

    @Test
    void karcherDoesNotDependOnTheOrder() {
        float[][] x = models(70_000);
        float[] forth = call("karcher", x).run();
        float[] back = call("karcher", new float[][] {x[2], x[0], x[1]}).run();
        Data.assertClose(back, Data.doubles(forth), 3e-7);
    }

    @Test
    void chosenKernelsGiveTheSame() {
        float[] base = Data.normal(300_001, 9);
        float[][] x = models(300_001);
        MethodCall[] calls = {
            call("karcher", x),
            call("multislerp", x, WEIGHTS).base(base),
            nuslerp(x[0], 0.3, x[1], 0.7).base(base)
        };
        for (MethodCall call : calls) {
            float[] scalar = call.run();
            call.kernels(KernelProvider.choose(KernelProvider.Choice.AUTO).kernels());
            assertThat(call.run()).isEqualTo(scalar);
        }
    }
}
