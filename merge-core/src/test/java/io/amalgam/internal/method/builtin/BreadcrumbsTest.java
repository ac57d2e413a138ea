package io.amalgam.internal.method.builtin;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.internal.kernel.KernelProvider;
import io.amalgam.internal.method.select.TopMagnitudesTest;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.FieldSource;

/** Trimming at both ends, against a full sort. */
class BreadcrumbsTest {
    static final int[] SIZES = Data.SIZES;
    private static final double[] WEIGHTS = {0.5, -0.3, 0.75};

    @ParameterizedTest
    @FieldSource("SIZES")
    void votesOnTheMiddle(int n) {
        for (TaskArithmeticTest.Kind kind : TaskArithmeticTest.Kind.values()) {
            float[] base = kind.base(n);
            double[][] settings = {{0.7, 0.1}, {0.5, 0.5}, {0.9, 0.3}};
            float[][] models = new float[3][];
            float[][] kept = new float[3][];
            MethodCall call = MethodCall.of("breadcrumbs_ties");
            for (int m = 0; m < 3; m++) {
                models[m] = kind.model(base, m + 1);
                kept[m] = Slow.middle(Slow.delta(models[m], base), settings[m][0], settings[m][1]);
                call.model(models[m], parameters(WEIGHTS[m], settings[m]));
            }
            assertThat(call.base(base).set("lambda", 1.3).run())
                    .as("%s", kind)
                    .isEqualTo(Slow.vote(base, kept, WEIGHTS, false, 1.3));
            assertThat(call.set("normalize", true).set("lambda", 1.0).run())
                    .as("%s, normalised", kind)
                    .isEqualTo(Slow.vote(base, kept, WEIGHTS, true, 1));
        }
    }

    @ParameterizedTest
    @EnumSource(TopMagnitudesTest.Shape.class)
    void keepsTheMiddleOfAnyData(TopMagnitudesTest.Shape shape) {
        float[] values = shape.data();
        float[] zero = new float[values.length];
        double n = values.length;
        double[][] settings = {
            {0.5, 0.01}, {0.01, 0.01}, {2 / n, 1.5 / n}, {0.99, 0.5}, {0.3, 0}, {0.2, 1}
        };
        for (double[] setting : settings) {
            float[] expected = Slow.middle(values, setting[0], setting[1]);
            float[] out =
                    MethodCall.of("breadcrumbs")
                            .base(zero)
                            .model(values, parameters(1, setting))
                            .kernels(KernelProvider.choose(KernelProvider.Choice.AUTO).kernels())
                            .run();
            for (int i = 0; i < expected.length; i++) {
                expected[i] += 0f;
            }
            assertThat(out).as("density %s, gamma %s", setting[0], setting[1]).isEqualTo(expected);
        }
    }

    @Test
    void tooSmallAGammaDropsNothingInsteadOfAll() {
        float[] base = new float[50];
        float[] model = Data.normal(50, 1);
        float[] out =
                MethodCall.of("breadcrumbs")
                        .base(base)
                        .model(model, parameters(1, 0.5, 0.01))
                        .run();
        assertThat(out).isEqualTo(Slow.top(model, 0.5));
    }

    @Test
    void fewerThanOneElementIsNone() {
        float[] base = Data.normal(50, 1);
        for (double density : new double[] {0, 0.019}) {
            float[] out =
                    MethodCall.of("breadcrumbs")
                            .base(base)
                            .model(Data.normal(50, 2), parameters(1, density, 0.1))
                            .run();
            assertThat(out).isEqualTo(base);
        }
    }

    @Test
    void outliersAreDroppedHoweverManyAreEqual() {
        // Seven equal magnitudes: the two at the lowest indices are the outliers, the next three
        // stay.
        float[] values = {1, 4, -4, 4, 4, 2, 4, 4, 4, 1};
        float[] out =
                MethodCall.of("breadcrumbs")
                        .base(new float[10])
                        .model(values, parameters(1, 0.3, 0.2))
                        .run();
        assertThat(out).containsExactly(0, 0, 0, 4, 4, 0, 4, 0, 0, 0);
    }

    @Test
    void wholeVectorsKeepTheirOutliers() {
        float[] values = Data.normal(100, 1);
        float[] out =
                MethodCall.of("breadcrumbs")
                        .base(new float[100])
                        .model(values, parameters(1, 1, 0.5))
                        .run();
        assertThat(out).isEqualTo(values);
    }

    private static Map<String, Object> parameters(double weight, double... densityAndGamma) {
        return Map.of("weight", weight, "density", densityAndGamma[0], "gamma", densityAndGamma[1]);
    }
}
