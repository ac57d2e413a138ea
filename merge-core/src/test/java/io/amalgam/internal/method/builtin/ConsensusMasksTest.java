package io.amalgam.internal.method.builtin;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Consensus of TALL masks. */
class ConsensusMasksTest {
    static final int[] SIZES = Data.SIZES;
    private static final double[] WEIGHTS = {1, 0.7, -0.4};
    private static final double[] THRESHOLDS = {0.4, 0.2, 0.6};

    @ParameterizedTest
    @FieldSource("SIZES")
    void keepsWhatEnoughModelsNeed(int n) {
        for (TaskArithmeticTest.Kind kind : TaskArithmeticTest.Kind.values()) {
            float[] base = kind.base(n);
            float[][] models = {kind.model(base, 1), kind.model(base, 2), kind.model(base, 3)};
            for (int k = 0; k <= 4; k++) {
                MethodCall call = MethodCall.of("consensus").base(base);
                for (int m = 0; m < 3; m++) {
                    call.model(models[m], Map.of("weight", WEIGHTS[m], "threshold", THRESHOLDS[m]));
                }
                assertThat(call.set("k", (double) k).set("lambda", 0.3).run())
                        .isEqualTo(slow(base, models, k));
            }
        }
    }

    private static float[] slow(float[] base, float[][] models, int k) {
        float[] out = new float[base.length];
        for (int i = 0; i < out.length; i++) {
            float[] own = new float[3];
            float sum = 0;
            for (int m = 0; m < 3; m++) {
                own[m] = (float) WEIGHTS[m] * (models[m][i] - base[i]);
                sum += own[m];
            }
            int needed = 0;
            for (int m = 0; m < 3; m++) {
                float others = Math.abs(sum - own[m]);
                needed += Math.abs(own[m]) >= (float) THRESHOLDS[m] * others ? 1 : 0;
            }
            out[i] = base[i] + 0.3f * (needed >= k ? sum : 0);
        }
        return out;
    }

    @Test
    void whatOnlyOneNeedsIsDropped() {
        float[] base = {10, 10, 10};
        MethodCall call =
                MethodCall.of("consensus")
                        .base(base)
                        .model(new float[] {14, 14, 10}, Map.of())
                        .model(new float[] {11, 13, 10}, Map.of());
        // 4 and 1: the second is less than 0.4 of the first. 4 and 3: both count.
        assertThat(call.run()).containsExactly(10, 17, 10);
        assertThat(call.set("k", 1.0).run()).containsExactly(15, 17, 10);
    }

    @Test
    void degenerateCases() {
        float[] base = Data.normal(1000, 1);
        float[] tuned = Data.near(base, 0.1, 2);
        assertThat(MethodCall.of("consensus").base(base).run()).isEqualTo(base);
        // One model cannot agree with another.
        assertThat(MethodCall.of("consensus").base(base).model(tuned, Map.of()).run())
                .isEqualTo(base);
        float[] out =
                MethodCall.of("consensus")
                        .base(base)
                        .model(tuned, Map.of("weight", 0.5))
                        .model(tuned, Map.of("weight", 0.5))
                        .run();
        Data.assertClose(out, Data.doubles(tuned), 1e-7);
    }
}
