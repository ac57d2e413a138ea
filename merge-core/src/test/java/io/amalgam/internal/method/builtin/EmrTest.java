package io.amalgam.internal.method.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** EMR against its definition, over models of several tensors. */
class EmrTest {
    private static final int[] CUT = {40000, 3, 700};
    private static final int SIZE = 40703;

    private static float[] random(long seed) {
        Random random = new Random(seed);
        float[] values = new float[SIZE];
        for (int i = 0; i < SIZE; i++) {
            values[i] = random.nextInt(5) == 0 ? 0 : (float) random.nextGaussian();
        }
        return values;
    }

    @Test
    void isItsDefinition() {
        float[] base = random(1);
        float[][] models = {random(2), random(3), random(4)};
        double[] weights = {1, 0.5, -0.7};
        for (int task = 0; task <= 3; task++) {
            ModelCall call = ModelCall.of("emr").cut(CUT).base(base).set("task", (double) task);
            for (int m = 0; m < 3; m++) {
                call.model(models[m], Map.of("weight", weights[m]));
            }
            float[] expected = slow(base, models, weights, task);
            float[] merged = call.run();
            double furthest = 0;
            for (int i = 0; i < SIZE; i++) {
                furthest = Math.max(furthest, Math.abs(merged[i] - expected[i]));
            }
            assertThat(furthest).isLessThan(2e-6);
        }
    }

    private static float[] slow(float[] base, float[][] models, double[] weights, int task) {
        double[] vector = new double[SIZE];
        boolean[] kept = new boolean[SIZE];
        double[] magnitude = new double[2];
        for (int i = 0; i < SIZE; i++) {
            int tensor = i < CUT[0] ? 0 : i < CUT[0] + CUT[1] ? 1 : 2;
            float[] d = new float[3];
            for (int m = 0; m < 3; m++) {
                d[m] = (float) weights[m] * (models[m][i] - base[i]);
            }
            double sign = d[0] + d[1] + d[2] > 0 ? 1 : -1;
            double most =
                    Arrays.stream(new double[] {d[0], d[1], d[2], 0})
                            .map(x -> x * sign)
                            .max()
                            .orElseThrow();
            vector[i] = sign * most;
            kept[i] = task == 0 || d[task - 1] * sign > 0;
            if (task > 0) {
                magnitude[0] += Math.abs(d[task - 1]) / CUT[tensor];
                magnitude[1] += kept[i] ? most / CUT[tensor] : 0;
            }
        }
        double rescale = task == 0 ? 1 : magnitude[0] / magnitude[1];
        float[] merged = new float[SIZE];
        for (int i = 0; i < SIZE; i++) {
            merged[i] = (float) (base[i] + (kept[i] ? rescale * vector[i] : 0));
        }
        return merged;
    }

    @Test
    void aTaskThatIsNotThereIsRefused() {
        MethodCall call = MethodCall.of("emr").base(1, 2).model(new float[2], Map.of());
        assertThat(call.run()).containsExactly(0, 0);
        assertThatThrownBy(() -> call.set("task", 2.0).bind())
                .hasMessageContaining("parameter 'task': expected at most 1, got 2");
    }

    @Test
    void anUnchangedTaskIsTheBase() {
        MethodCall call = MethodCall.of("emr").base(1, 2).model(new float[] {1, 2}, Map.of());
        assertThat(call.set("task", 1.0).run()).containsExactly(1, 2);
    }
}
