package io.amalgam.internal.method.builtin;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

/** RAM and RAM+ against one element after another. */
class RamTest {
    static final int[] SIZES = Data.SIZES;

    @ParameterizedTest
    @FieldSource("SIZES")
    void uniqueAndShared(int n) {
        for (TaskArithmeticTest.Kind kind : TaskArithmeticTest.Kind.values()) {
            float[] base = kind.base(n);
            float[][] models = {kind.model(base, 1), kind.model(base, 2), kind.model(base, 3)};
            for (double epsilon : new double[] {0, 1e-5, 0.1, 1}) {
                Data.assertClose(
                        call("ram", base, models).set("epsilon", epsilon).run(),
                        slow(base, models, epsilon, 0, 0),
                        1e-6);
                Data.assertClose(
                        call("ramplus_tl", base, models)
                                .set("epsilon", epsilon)
                                .set("r", 0.7)
                                .set("alpha", 0.9)
                                .run(),
                        slow(base, models, epsilon, 0.7, 0.9),
                        1e-6);
            }
        }
    }

    @Test
    void whatOneChangedIsAddedAndWhatMoreChangedAveraged() {
        float[] base = {1, 1, 1, 1, 1, 1};
        float[][] models = {{3, 1, 3, 1, 1, 4}, {1, 5, 5, 1, 1, 5}, {1, 1, 1, 1, 1, 6}};
        assertThat(call("ram", base, models).run()).containsExactly(3, 5, 4, 1, 1, 5);
        // Model 1: 2 shared, 1 unique, ratio 2, at most 1.5, so 1 + 0.5 * 1.5. Model 2 alike.
        assertThat(call("ramplus_tl", base, models).set("r", 0.5).set("alpha", 1.5).run())
                .containsExactly(1 + 2 * 1.75f, 1 + 4 * 1.75f, 4, 1, 1, 5);
    }

    @Test
    void aChangeOfEpsilonIsNone() {
        float[] base = {0, 0};
        float[][] models = {{0.25f, 0.2500001f}};
        assertThat(call("ram", base, models).set("epsilon", 0.25).run())
                .containsExactly(0, 0.2500001f);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ram", "ramplus_tl"})
    void degenerateCases(String method) {
        float[] base = Data.normal(70_000, 1);
        float[] tuned = Data.near(base, 0.1, 2);
        float[] out = call(method, base, new float[][] {tuned, tuned}).set("epsilon", 0.0).run();
        Data.assertClose(out, Data.doubles(tuned), 1e-7);
        assertThat(call(method, base, new float[0][]).run()).isEqualTo(base);
        assertThat(call(method, base, new float[][] {base, base}).run()).isEqualTo(base);
    }

    private static MethodCall call(String method, float[] base, float[][] models) {
        MethodCall call = MethodCall.of(method);
        for (float[] model : models) {
            call.model(model, Map.of());
        }
        return call.base(base);
    }

    private static double[] slow(
            float[] base, float[][] models, double epsilon, double r, double alpha) {
        int[] count = new int[base.length];
        for (float[] model : models) {
            for (int i = 0; i < base.length; i++) {
                count[i] += changed(model[i], base[i], epsilon) ? 1 : 0;
            }
        }
        double[] out = Data.doubles(base);
        for (float[] model : models) {
            double shared = 0;
            double unique = 0;
            for (int i = 0; i < base.length; i++) {
                boolean changed = changed(model[i], base[i], epsilon);
                shared += changed && count[i] > 1 ? 1 : 0;
                unique += changed && count[i] == 1 ? 1 : 0;
            }
            double ratio = unique == 0 && shared == 0 ? 0 : shared / Math.max(unique, epsilon);
            double alone = 1 + r * Math.min(alpha, ratio);
            for (int i = 0; i < base.length; i++) {
                if (changed(model[i], base[i], epsilon)) {
                    double delta = model[i] - base[i];
                    out[i] += count[i] == 1 ? alone * delta : delta / count[i];
                }
            }
        }
        return out;
    }

    private static boolean changed(float x, float base, double epsilon) {
        return Math.abs(x - base) > (float) epsilon;
    }
}
