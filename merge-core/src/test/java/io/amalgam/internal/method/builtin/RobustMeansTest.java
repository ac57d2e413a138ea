package io.amalgam.internal.method.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.error.BadInputException;
import io.amalgam.internal.kernel.KernelProvider;
import io.amalgam.method.TensorStep;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code geometric_median}, {@code coordinate_median} and {@code trimmed_mean}. */
class RobustMeansTest {
    static final int[] SIZES = Data.SIZES;

    private static float[][] models(int count, int n, double distance) {
        float[] origin = Data.normal(n, 100);
        float[][] x = new float[count][];
        for (int m = 0; m < count; m++) {
            // Further away the later: their mean and their median are not the same.
            x[m] = Data.near(origin, distance * (1 + m * m), m);
        }
        return x;
    }

    private static MethodCall call(String method, float[][] x, double... weights) {
        MethodCall call = MethodCall.of(method);
        for (int m = 0; m < x.length; m++) {
            call.model(x[m], weights.length == 0 ? Map.of() : Map.of("weight", weights[m]));
        }
        return call;
    }

    private static float[][] reversed(float[][] x) {
        float[][] out = new float[x.length][];
        for (int m = 0; m < x.length; m++) {
            out[m] = x[x.length - 1 - m];
        }
        return out;
    }

    // geometric_median

    /** Weiszfeld's iteration over the data, many times. */
    private static double[] slowMedian(float[][] x, double[] weights) {
        double[][] points = SlowGeometry.minus(x, null);
        double[] at =
                SlowGeometry.times(
                        SlowGeometry.sum(weights, points), 1 / Arrays.stream(weights).sum());
        for (int step = 0; step < 2000; step++) {
            double[] pulls = new double[x.length];
            for (int m = 0; m < x.length; m++) {
                pulls[m] = weights[m] / SlowGeometry.norm(SlowGeometry.minus(points[m], at));
            }
            at =
                    SlowGeometry.times(
                            SlowGeometry.sum(pulls, points), 1 / Arrays.stream(pulls).sum());
        }
        return at;
    }

    private static double distances(float[] at, float[][] x, double[] weights) {
        double sum = 0;
        for (int m = 0; m < x.length; m++) {
            double[] away = SlowGeometry.minus(Data.doubles(at), Data.doubles(x[m]));
            sum += weights[m] * SlowGeometry.norm(away);
        }
        return sum;
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e-5, 1e-2, 1})
    void geometricMedianIsNearestToAll(double distance) {
        for (double[] weights : new double[][] {{1, 1, 1, 1}, {0.5, 2, 1, 1.2}, {1, 0, 1, 1}}) {
            float[][] x = models(4, 1000, distance);
            float[] out = call("geometric_median", x, weights).run();
            Data.assertClose(out, slowMedian(x, weights), 5e-7);
            Data.assertClose(
                    Slow.delta(out, x[0]),
                    SlowGeometry.minus(slowMedian(x, weights), Data.doubles(x[0])),
                    1e-6 + 1e-6 / distance);
        }
    }

    @ParameterizedTest
    @FieldSource("SIZES")
    void geometricMedianOfAnySize(int n) {
        float[][] x = models(3, n, 0.3);
        double[] weights = {1, 1, 1};
        float[] out = call("geometric_median", x).run();
        double least = distances(out, x, weights);
        for (float[] other : new float[][] {x[0], x[1], x[2], Data.near(out, 0.01, 7)}) {
            assertThat(least).isLessThanOrEqualTo(distances(other, x, weights) * (1 + 1e-6));
        }
    }

    @Test
    void geometricMedianPassesOverOutliers() {
        float[][] x = models(5, 1000, 0.01);
        float[] calm = call("geometric_median", x).run();
        x[4] = Slow.scaled(Data.normal(1000, 3), 1e6f);
        float[] disturbed = call("geometric_median", x).run();
        Data.assertClose(disturbed, Data.doubles(calm), 0.05);
    }

    @Test
    void geometricMedianMayBeOneOfTheModels() {
        float[] x = Data.normal(1000, 1);
        float[] near = Data.near(x, 0.1, 2);
        float[] far = Data.near(x, 0.1, 3);
        // As heavy as the others together, or between two others on a line.
        assertThat(call("geometric_median", new float[][] {near, x, far}, 1, 3, 1).run())
                .isEqualTo(x);
        float[][] line = {{1, 1}, {7, 7}, {2, 2}};
        assertThat(call("geometric_median", line).run()).containsExactly(2, 2);
        float[][] twice = {near, x, x};
        assertThat(call("geometric_median", twice).run()).isEqualTo(x);
    }

    @Test
    void geometricMedianOfTwoIsTheirMeanOrTheHeavier() {
        float[] a = Data.normal(1000, 1);
        float[] b = Data.normal(1000, 2);
        double[] mean = SlowGeometry.sum(new double[] {0.5, 0.5}, Data.doubles(a), Data.doubles(b));
        Data.assertClose(call("geometric_median", new float[][] {a, b}).run(), mean, 2e-7);
        assertThat(call("geometric_median", new float[][] {a, b}, 0.4, 0.6).run()).isEqualTo(b);
        assertThat(call("geometric_median", new float[][] {a, b}, 0, 0.1).run()).isEqualTo(b);
    }

    @Test
    void geometricMedianOfEqualModelsIsThatModel() {
        float[] x = Data.normal(1000, 1);
        assertThat(call("geometric_median", new float[][] {x, x, x}).run()).isEqualTo(x);
        assertThat(call("geometric_median", new float[][] {x}).bind())
                .isEqualTo(new TensorStep.Copy(0));
    }

    @Test
    void geometricMedianWithoutIterationsIsTheMean() {
        float[][] x = models(3, 1000, 0.3);
        float[] out = call("geometric_median", x).set("max_iter", 0.0).run();
        double third = 1.0 / 3;
        double[][] wide = SlowGeometry.minus(x, null);
        Data.assertClose(out, SlowGeometry.sum(new double[] {third, third, third}, wide), 5e-7);
    }

    @Test
    void geometricMedianDoesNotDependOnTheOrder() {
        float[][] x = models(5, 70_000, 0.1);
        Data.assertClose(
                call("geometric_median", reversed(x)).run(),
                Data.doubles(call("geometric_median", x).run()),
                3e-7);
    }

    @Test
    void geometricMedianRefusesWeightsBelowZero() {
        float[][] x = models(2, 10, 1);
        assertThatThrownBy(() -> call("geometric_median", x, 1, -0.5).bind())
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "parameter 'weight' of model 'm2': expected a number not below 0, got -0.5; a model is left out by a weight of 0");
        assertThatThrownBy(() -> call("geometric_median", x, 0, 0).bind())
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "weights of tensor 'w': expected a sum other than 0, got 0; change the weights");
    }

    // coordinate_median and trimmed_mean

    private static double[] slowTrimmed(float[][] x, int trim) {
        double[] out = new double[x[0].length];
        for (int i = 0; i < out.length; i++) {
            double[] values = new double[x.length];
            for (int m = 0; m < x.length; m++) {
                values[m] = x[m][i];
            }
            Arrays.sort(values);
            double[] kept = Arrays.copyOfRange(values, trim, values.length - trim);
            out[i] = (float) (Arrays.stream(kept).sum() / kept.length);
        }
        return out;
    }

    @ParameterizedTest
    @FieldSource("SIZES")
    void medianIsTheMiddleOfEachElement(int n) {
        for (int count : new int[] {2, 3, 4, 5, 8}) {
            float[][] x = models(count, n, 0.3);
            float[] out = call("coordinate_median", x).run();
            Data.assertClose(out, slowTrimmed(x, (count - 1) / 2), 2e-7);
            assertThat(call("coordinate_median", reversed(x)).run()).isEqualTo(out);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 8, 11})
    void trimmedMeanLeavesTheEndsOut(int count) {
        float[][] x = models(count, 40_000, 0.3);
        for (int trim = 0; 2 * trim < count; trim++) {
            for (double written : new double[] {trim, (trim + 0.01) / count}) {
                if (written >= 1 == trim >= 1 || written < 1) {
                    float[] out = call("trimmed_mean", x).set("trim", written).run();
                    Data.assertClose(out, slowTrimmed(x, trim), 3e-7);
                    float[] back = call("trimmed_mean", reversed(x)).set("trim", written).run();
                    assertThat(back).isEqualTo(out);
                }
            }
        }
    }

    @Test
    void sharesAreRoundedDownAsWritten() {
        float[][] x = new float[10][];
        for (int m = 0; m < 10; m++) {
            x[m] = new float[] {m * m};
        }
        // Binary fractions make 2.9999999999999996 of 0.3 times 10 in some orders.
        assertThat(call("trimmed_mean", x).set("trim", 0.3).run())
                .containsExactly((9 + 16 + 25 + 36) / 4f);
        assertThat(call("trimmed_mean", x).set("trim", 0.49).run())
                .isEqualTo(call("coordinate_median", x).run());
    }

    @Test
    void equalModelsAreKept() {
        float[] x = {Float.MAX_VALUE, -Float.MAX_VALUE, Float.MIN_VALUE, -0f, 1.1f};
        for (int count = 1; count < 6; count++) {
            float[][] same = new float[count][];
            Arrays.fill(same, x);
            assertThat(call("coordinate_median", same).run()).isEqualTo(x);
            assertThat(call("trimmed_mean", same).set("trim", 0.2).run()).isEqualTo(x);
        }
    }

    @Test
    void trimmingAllIsRefused() {
        float[][] x = models(4, 10, 1);
        assertThatThrownBy(() -> call("trimmed_mean", x).set("trim", 2.0).bind())
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "models of tensor 'w': expected more than 'trim' drops on both sides, 4, got 4; lower 'trim', or add models");
        assertThatThrownBy(() -> call("trimmed_mean", x).set("trim", 1.5).bind())
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "parameter 'trim': expected a number of models, or a share from 0 to below 0.5, got 1.5; 1 drops the smallest and the largest, 0.1 a tenth on each side");
        assertThatThrownBy(() -> call("trimmed_mean", x).set("trim", -0.1).bind())
                .isInstanceOf(BadInputException.class)
                .hasMessageStartingWith("parameter 'trim': expected");
    }

    @Test
    void chosenKernelsGiveTheSame() {
        float[][] x = models(4, 300_001, 0.3);
        for (String method :
                new String[] {"geometric_median", "coordinate_median", "trimmed_mean"}) {
            MethodCall call = call(method, x);
            float[] scalar = call.run();
            call.kernels(KernelProvider.choose(KernelProvider.Choice.AUTO).kernels());
            assertThat(call.run()).as(method).isEqualTo(scalar);
        }
    }
}
