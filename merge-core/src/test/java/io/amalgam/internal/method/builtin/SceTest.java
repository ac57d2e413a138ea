package io.amalgam.internal.method.builtin;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.internal.kernel.KernelProvider;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

/** SCE against a full sort and whole arrays. */
class SceTest {
    static final int[] SIZES = Data.SIZES;

    @ParameterizedTest
    @FieldSource("SIZES")
    void selectsWeighsErases(int n) {
        for (TaskArithmeticTest.Kind kind : TaskArithmeticTest.Kind.values()) {
            float[] base = kind.base(n);
            // Further and further away, so that weights differ.
            float[][] models = new float[3][];
            for (int m = 0; m < 3; m++) {
                models[m] = kind.model(base, m + 1);
            }
            for (double share : new double[] {0.4, 0.05, 1, 3, 0, -1}) {
                for (String sign : new String[] {"total", "frequency"}) {
                    Data.assertClose(
                            call(base, models, share).set("sign_method", sign).run(),
                            slow(base, models, share, sign.equals("frequency")),
                            2e-6);
                }
            }
        }
    }

    @Test
    void vectorKernelsGiveTheSameBits() {
        TaskArithmeticTest.Kind kind = TaskArithmeticTest.Kind.BFLOAT16;
        float[] base = kind.base(300_001);
        float[][] models = {kind.model(base, 1), kind.model(base, 2)};
        MethodCall call = call(base, models, 0.3);
        float[] scalar = call.run();
        call.kernels(KernelProvider.choose(KernelProvider.Choice.AUTO).kernels());
        assertThat(call.run()).isEqualTo(scalar);
    }

    @Test
    void equalModelsVaryNowhere() {
        float[] base = Data.normal(70_000, 1);
        float[] tuned = Data.near(base, 0.1, 2);
        float[][] same = {tuned, tuned, tuned};
        assertThat(call(base, same, 0.5).run()).isEqualTo(base);
        Data.assertClose(call(base, same, 1).run(), Data.doubles(tuned), 2e-7);
        assertThat(call(base, new float[][] {tuned}, 0.5).run()).isEqualTo(base);
        Data.assertClose(call(base, new float[][] {tuned}, 1).run(), Data.doubles(tuned), 2e-7);
        assertThat(call(base, new float[0][], 0.5).run()).isEqualTo(base);
        assertThat(call(base, new float[][] {base, base}, 1).run()).isEqualTo(base);
    }

    /** The mean of seven equal numbers, summed and divided in float32, need not be that number. */
    @ParameterizedTest
    @ValueSource(ints = {3, 5, 7, 11})
    void aMeanThatRoundsIsNoVariance(int models) {
        float[] base = new float[1000];
        float[] tuned = Data.normal(1000, 3);
        float[][] same = new float[models][];
        Arrays.fill(same, tuned);
        assertThat(call(base, same, 0.9).run()).isEqualTo(base);
    }

    @Test
    void onlyWhatVariesIsCounted() {
        float[] base = new float[10];
        float[] a = {1, 1, 1, 1, 1, 2, 1, 1, 1, 1};
        float[] b = {1, 1, 3, 1, 1, 3, 1, 7, 1, 4};
        // Four differ, half of them are kept: those 6 and 3 apart. Weights 1/10 and (49+16)/10, of
        // 67/10.
        float[] out = call(base, new float[][] {a, b}, 0.5).run();
        float[] expected = new float[10];
        expected[7] = (2 * 1f + 65 * 7) / 67;
        expected[9] = (2 * 1f + 65 * 4) / 67;
        Data.assertClose(out, Data.doubles(expected), 1e-6);
    }

    @Test
    void smallChangesWeighTheSame() {
        float[] base = {0};
        float[][] models = {{1e-4f}, {3e-4f}};
        Data.assertClose(call(base, models, 1).run(), new double[] {2e-4}, 1e-6);
    }

    private static MethodCall call(float[] base, float[][] models, double share) {
        MethodCall call = MethodCall.of("sce").base(base).set("select_topk", share);
        for (float[] model : models) {
            call.model(model, Map.of());
        }
        return call;
    }

    private static double[] slow(float[] base, float[][] models, double share, boolean frequency) {
        int n = base.length;
        float[][] deltas = new float[models.length][];
        for (int m = 0; m < models.length; m++) {
            deltas[m] = Slow.delta(models[m], base);
        }
        if (share < 1) {
            boolean[] kept = selected(deltas, n, share);
            for (float[] delta : deltas) {
                for (int i = 0; i < n; i++) {
                    delta[i] = kept[i] ? delta[i] : 0;
                }
            }
        }
        double[] weights = new double[models.length];
        for (int m = 0; m < models.length; m++) {
            for (float value : deltas[m]) {
                weights[m] += (double) value * value / n;
            }
        }
        double sum = Arrays.stream(weights).sum();
        double[] out = new double[n];
        for (int i = 0; i < n; i++) {
            float election = 0;
            for (float[] delta : deltas) {
                election += frequency ? Math.signum(delta[i]) : delta[i];
            }
            double agreed = 0;
            double divisor = 0;
            for (int m = 0; m < models.length; m++) {
                double weight = sum < 1e-6 ? 1.0 / models.length : weights[m] / sum;
                if (Math.signum(deltas[m][i]) == (election >= 0 ? 1 : -1)) {
                    agreed += weight * deltas[m][i];
                    divisor += weight;
                }
            }
            out[i] = base[i] + agreed / Math.max(divisor, 1e-6);
        }
        return out;
    }

    /** Variances step by step in float32, as which of two near numbers is larger decides. */
    private static boolean[] selected(float[][] deltas, int n, double share) {
        float[] variances = new float[n];
        int varying = 0;
        long[] order = new long[n];
        for (int i = 0; i < n; i++) {
            float mean = 0;
            for (float[] delta : deltas) {
                mean += delta[i] - deltas[0][i];
            }
            mean /= deltas.length;
            for (float[] delta : deltas) {
                float apart = delta[i] - deltas[0][i] - mean;
                variances[i] += apart * apart;
            }
            variances[i] /= deltas.length;
            varying += variances[i] != 0 ? 1 : 0;
            // From the largest on, of equal ones from the lowest index on; none is below 0.
            long smallness = Integer.MAX_VALUE - Float.floatToRawIntBits(variances[i]);
            order[i] = smallness << 32 | i;
        }
        Arrays.sort(order);
        boolean[] kept = new boolean[n];
        for (int at = 0; at < (int) ((float) varying * (float) share); at++) {
            kept[(int) order[at]] = true;
        }
        return kept;
    }
}
