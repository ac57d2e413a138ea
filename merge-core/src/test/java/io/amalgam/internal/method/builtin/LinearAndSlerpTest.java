package io.amalgam.internal.method.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.amalgam.error.BadInputException;
import io.amalgam.method.TensorStep;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

class LinearAndSlerpTest {
    static final int[] SIZES = Data.SIZES;

    @ParameterizedTest
    @FieldSource("SIZES")
    void linearIsTheWeightedAverage(int n) {
        float[][] models = {Data.normal(n, 1), Data.normal(n, 2), Data.normal(n, 3)};
        double[] weights = {0.5, -0.3, 1.4};
        for (boolean normalize : new boolean[] {true, false}) {
            MethodCall call = MethodCall.of("linear").set("normalize", normalize);
            for (int m = 0; m < models.length; m++) {
                call.model(models[m], Map.of("weight", weights[m]));
            }
            Data.assertClose(call.run(), Slow.linear(models, weights, normalize), 3e-7);
        }
    }

    @Test
    void linearDoesNotDependOnTheOrder() {
        float[] a = Data.normal(70_000, 1);
        float[] b = Data.normal(70_000, 2);
        float[] c = Data.normal(70_000, 3);
        float[] forth = linear(a, 0.2, b, 0.5, c, 0.3);
        float[] back = linear(c, 0.3, b, 0.5, a, 0.2);
        Data.assertClose(back, Data.doubles(forth), 3e-7);
    }

    private static float[] linear(
            float[] a, double wa, float[] b, double wb, float[] c, double wc) {
        return MethodCall.of("linear")
                .model(a, Map.of("weight", wa))
                .model(b, Map.of("weight", wb))
                .model(c, Map.of("weight", wc))
                .run();
    }

    @Test
    void linearOfOneModelIsThatModel() {
        float[] x = Data.normal(1000, 1);
        assertThat(MethodCall.of("linear").model(x, Map.of("weight", 0.5)).run()).isEqualTo(x);
    }

    @Test
    void linearPassesOverWeightsOfZero() {
        float[] x = Data.normal(1000, 1);
        float[] out =
                MethodCall.of("linear")
                        .model(Data.normal(1000, 2), Map.of("weight", 0.0))
                        .model(x, Map.of("weight", 1.0))
                        .run();
        assertThat(out).isEqualTo(x);
    }

    @Test
    void linearRefusesWeightsThatSumToZero() {
        MethodCall call =
                MethodCall.of("linear")
                        .model(new float[1], Map.of("weight", 1.0))
                        .model(new float[1], Map.of("weight", -1.0));
        assertThatThrownBy(call::bind)
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "weights of tensor 'w': expected a sum other than 0, got 0; change the weights, or set 'normalize: false'");
        assertThat(call.set("normalize", false).run()).containsExactly(0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"linear", "multislerp"})
    void weightsThatCancelButForRoundingAreRefused(String method) {
        MethodCall call = MethodCall.of(method);
        for (double weight : new double[] {0.7, -0.4, -0.3}) {
            call.model(Data.normal(10, 1), Map.of("weight", weight));
        }
        assertThatThrownBy(call::bind)
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("weights of tensor 'w': expected a sum other than 0, got 0");
    }

    @Test
    void weightsThatNearlyCancelAreDividedByTheirSum() {
        float[] x = Data.normal(1000, 1);
        MethodCall call = MethodCall.of("linear");
        for (double weight : new double[] {0.7, -0.4, -0.299}) {
            call.model(x, Map.of("weight", weight));
        }
        Data.assertClose(call.run(), Data.doubles(x), 1e-3);
    }

    @ParameterizedTest
    @FieldSource("SIZES")
    void slerpFollowsTheArc(int n) {
        float[] a = Data.normal(n, 1);
        float[] b = Data.normal(n, 2);
        for (double t : new double[] {0, 0.25, 0.5, 0.9, 1, 1.5, -0.5}) {
            Data.assertClose(slerp(a, b, t), Slow.slerp(a, b, t), 1e-6);
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e-4, 1e-2, 0.03, 0.04, 0.3})
    void slerpOfNeighboursIsStraight(double distance) {
        float[] a = Data.normal(100_000, 1);
        float[] b = Data.near(a, distance, 2);
        Data.assertClose(slerp(a, b, 0.3), Slow.slerp(a, b, 0.3), 1e-6);
    }

    @Test
    void slerpEndsAreTheModels() {
        float[] a = Data.normal(5000, 1);
        float[] b = Data.normal(5000, 2);
        assertThat(slerp(a, b, 0)).isEqualTo(a);
        assertThat(slerp(a, b, 1)).isEqualTo(b);
    }

    @Test
    void slerpOfOrthogonalVectorsIsAQuarterTurn() {
        float[] out = slerp(new float[] {2, 0}, new float[] {0, 2}, 0.5);
        assertThat(out[0]).isCloseTo((float) Math.sqrt(2), within(1e-6f));
        assertThat(out[1]).isCloseTo((float) Math.sqrt(2), within(1e-6f));
    }

    @Test
    void slerpOfOppositeOrZeroVectorsIsStraightOrDefined() {
        float[] a = Data.normal(100, 1);
        float[] opposite = Slow.scaled(a, -1);
        float[] zero = new float[100];
        Data.assertClose(slerp(a, opposite, 0.25), Slow.slerp(a, opposite, 0.25), 1e-6);
        Data.assertClose(slerp(a, zero, 0.25), Slow.slerp(a, zero, 0.25), 1e-6);
        Data.assertClose(slerp(zero, a, 0.25), Slow.slerp(zero, a, 0.25), 1e-6);
        assertThat(slerp(zero, zero, 0.25)).isEqualTo(zero);
    }

    @Test
    void slerpOfTinyAndHugeVectorsKeepsItsDigits() {
        float[] tiny = new float[1000];
        Arrays.fill(tiny, 1e-8f);
        float[] huge = Slow.scaled(Data.normal(1000, 3), 1e30f);
        Data.assertClose(slerp(huge, tiny, 0.5), Slow.slerp(huge, tiny, 0.5), 1e-6);
        Data.assertClose(slerp(tiny, tiny, 0.5), Data.doubles(tiny), 1e-6);
    }

    private static float[] slerp(float[] a, float[] b, double t) {
        return MethodCall.of("slerp").base(a).model(b, Map.of()).set("t", t).run();
    }

    @Test
    void passthroughCopiesOrScales() {
        float[] x = Data.normal(40_000, 1);
        assertThat(MethodCall.of("passthrough").model(x, Map.of()).bind())
                .isEqualTo(new TensorStep.Copy(0));
        assertThat(MethodCall.of("passthrough").model(x, Map.of("scale", 1.0)).bind())
                .isEqualTo(new TensorStep.Copy(0));
        assertThat(MethodCall.of("passthrough").model(x, Map.of("scale", 0.0)).run())
                .containsOnly(0f, -0f);
        assertThat(MethodCall.of("passthrough").model(x, Map.of("scale", -0.5)).run())
                .isEqualTo(Slow.scaled(x, -0.5f));
    }
}
