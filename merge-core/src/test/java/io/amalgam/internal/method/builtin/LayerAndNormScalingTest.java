package io.amalgam.internal.method.builtin;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.method.MergeMethod;
import io.amalgam.method.MethodInfo;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** LiNeS and equal norms: parameters that many methods share. */
class LayerAndNormScalingTest {
    static final List<String> WITH_LAYERS = with("lines_alpha");
    static final List<String> WITH_NORMS = with("equalize_norms");

    private static List<String> with(String parameter) {
        return BuiltInMethods.all().stream()
                .map(MergeMethod::info)
                .filter(info -> info.parameter(parameter).isPresent())
                .map(MethodInfo::name)
                .toList();
    }

    private final float[] base = Data.normal(70_000, 1);
    private final float[][] models = {
        Data.near(base, 0.1, 2), Data.near(base, 0.3, 3), Data.near(base, 0.02, 4)
    };

    private MethodCall call(String method, float[][] vectors) {
        MethodCall call = MethodCall.of(method).base(base);
        for (float[] model : vectors) {
            call.model(model, Map.of("weight", 0.4, "density", 0.5));
        }
        return call;
    }

    @ParameterizedTest
    @FieldSource("WITH_LAYERS")
    void layersAreScaledByTheirPosition(String method) {
        float[] plain = call(method, models).run();
        for (double position : new double[] {0, 0.25, 1}) {
            float[] scaled =
                    call(method, models)
                            .set("lines_alpha", 0.3)
                            .set("lines_beta", 0.5)
                            .position(position)
                            .run();
            double[] expected = new double[base.length];
            for (int i = 0; i < expected.length; i++) {
                expected[i] = base[i] + (0.3 + 0.5 * position) * (plain[i] - (double) base[i]);
            }
            Data.assertClose(scaled, expected, 1e-6);
            assertThat(call(method, models).position(position).run()).isEqualTo(plain);
        }
    }

    @ParameterizedTest
    @FieldSource("WITH_NORMS")
    void equalNormsAreThoseOfScaledModels(String method) {
        float[][] deltas = new float[3][];
        for (int m = 0; m < 3; m++) {
            deltas[m] = Slow.delta(models[m], base);
        }
        float[] factors = Slow.equalizing(deltas);
        assertThat(factors[0]).isBetween(1.2f, 1.6f);
        float[][] scaled = new float[3][base.length];
        for (int m = 0; m < 3; m++) {
            for (int i = 0; i < base.length; i++) {
                scaled[m][i] = factors[m] * deltas[m][i];
            }
        }
        // Over a base of zeros, so that the scaled models have exactly the scaled vectors.
        float[] zero = new float[base.length];
        MethodCall given = MethodCall.of(method).base(zero).set("equalize_norms", true);
        MethodCall expected = MethodCall.of(method).base(zero);
        for (int m = 0; m < 3; m++) {
            Map<String, Object> parameters = Map.of("weight", 0.4 + m, "density", 0.5);
            given.model(deltas[m], parameters);
            expected.model(scaled[m], parameters);
        }
        Data.assertClose(given.run(), Data.doubles(expected.run()), 2e-6);
    }

    @ParameterizedTest
    @FieldSource("WITH_NORMS")
    void modelsThatChangedNothingAreNoMeasure(String method) {
        float[][] with = {models[0], base, models[0]};
        assertThat(call(method, with).set("equalize_norms", true).run())
                .isEqualTo(call(method, with).run());
        float[][] without = {base, base};
        assertThat(call(method, without).set("equalize_norms", true).run()).isEqualTo(base);
    }
}
