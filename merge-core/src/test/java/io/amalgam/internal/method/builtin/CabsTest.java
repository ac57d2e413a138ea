package io.amalgam.internal.method.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.error.BadInputException;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** CABS against a sort of every group. */
class CabsTest {
    static final int[] SIZES = Data.SIZES;
    private static final double[] WEIGHTS = {0.5, -0.3, 0.75};

    @ParameterizedTest
    @FieldSource("SIZES")
    void claimsInTurn(int n) {
        int[][] settings = {{256, 64, 64, 64}, {7, 3, 3, 7}, {1, 1, 1, 1}, {1000, 999, 0, 1000}};
        for (TaskArithmeticTest.Kind kind : TaskArithmeticTest.Kind.values()) {
            float[] base = kind.base(n);
            float[][] models = {kind.model(base, 1), kind.model(base, 2), kind.model(base, 3)};
            for (int[] setting : settings) {
                MethodCall call = MethodCall.of("cabs").base(base);
                call.set("m_val", (double) setting[0]).set("lambda", 1.2);
                for (int m = 0; m < 3; m++) {
                    double kept = setting[m + 1];
                    call.model(models[m], Map.of("weight", WEIGHTS[m], "n_val", kept));
                }
                assertThat(call.run())
                        .as("%s %s", kind, Arrays.toString(setting))
                        .isEqualTo(slow(base, models, setting));
            }
        }
    }

    private static float[] slow(float[] base, float[][] models, int[] setting) {
        int group = setting[0];
        float[] sum = new float[base.length];
        boolean[] claimed = new boolean[base.length];
        for (int m = 0; m < 3; m++) {
            float[] delta = Slow.delta(models[m], base);
            for (int from = 0; from < base.length; from += group) {
                int to = Math.min(base.length, from + group);
                int kept = setting[m + 1];
                int most = kept == 0 ? 0 : Math.max(1, kept * (to - from) / group);
                // From the largest magnitude on; equal ones stay in the order of their indices.
                long[] order = new long[to - from];
                for (int i = from; i < to; i++) {
                    long smallness =
                            Integer.MAX_VALUE - Float.floatToRawIntBits(Math.abs(delta[i]));
                    order[i - from] = smallness << 32 | i;
                }
                Arrays.sort(order);
                for (long each : order) {
                    int i = (int) each;
                    if (most > 0 && !claimed[i] && delta[i] != 0) {
                        claimed[i] = true;
                        sum[i] = (float) WEIGHTS[m] * delta[i];
                        most--;
                    }
                }
            }
        }
        for (int i = 0; i < sum.length; i++) {
            sum[i] = base[i] + 1.2f * sum[i];
        }
        return sum;
    }

    @Test
    void theFirstModelChooses() {
        float[] base = new float[4];
        float[] a = {4, 3, 2, 1};
        float[] b = {40, 10, 20, 0};
        MethodCall call =
                MethodCall.of("cabs")
                        .base(base)
                        .set("m_val", 4.0)
                        .model(a, Map.of("weight", 1.0, "n_val", 2.0))
                        .model(b, Map.of("weight", 1.0, "n_val", 2.0));
        assertThat(call.run()).containsExactly(4, 3, 20, 0);
    }

    @Test
    void degenerateCases() {
        float[] base = Data.normal(1000, 1);
        float[] tuned = Data.near(base, 0.1, 2);
        assertThat(MethodCall.of("cabs").base(base).run()).isEqualTo(base);
        Map<String, Object> all = Map.of("weight", 1.0, "n_val", 256.0);
        Data.assertClose(
                MethodCall.of("cabs").base(base).model(tuned, all).run(),
                Data.doubles(tuned),
                1e-7);
        assertThat(MethodCall.of("cabs").base(base).model(tuned, Map.of("weight", 0.0)).run())
                .isEqualTo(base);
    }

    @Test
    void noMoreThanTheGroup() {
        float[] one = {1};
        MethodCall call =
                MethodCall.of("cabs").base(one).model(one, Map.of("weight", 1.0, "n_val", 300.0));
        assertThatThrownBy(call::bind)
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "parameter 'n_val' of model 'm2': expected at most 'm_val', 256, got 300");
    }
}
