package io.amalgam.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.error.BadInputException;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PcbTest {
    private static final int[] SIZES = {1000, 1, 30_001, 0, 16, 5_537};
    private static final int ELEMENTS = 36_555;

    /** The paper's formulas over sorted arrays, in float64. */
    private static double[] slow(float[] base, float[][] models, double ratio, double lambda) {
        int n = base.length;
        double[][] d = new double[models.length][];
        double[][] a = new double[models.length][];
        for (int m = 0; m < models.length; m++) {
            d[m] = Data.doubles(Slow.delta(models[m], base));
            a[m] = Arrays.stream(d[m]).map(Math::abs).toArray();
            double[] sorted = a[m].clone();
            Arrays.sort(sorted);
            int lowest = (int) (1e-4 * n);
            double low = sorted[lowest];
            double high = sorted[Math.max(lowest, (int) ((1 - 1e-4) * n) - 1)];
            a[m] = Arrays.stream(a[m]).map(x -> Math.min(Math.max(x, low), high)).toArray();
        }
        double[][] s = new double[models.length][n];
        for (int m = 0; m < models.length; m++) {
            double[] norm = normalized(a[m]);
            for (int i = 0; i < n; i++) {
                double all = 0;
                for (double[] other : d) {
                    all += other[i];
                }
                double self = Math.exp(models.length * norm[i] * norm[i]);
                s[m][i] = self * Math.tanh(d[m][i] * all);
            }
            double[] sorted = s[m].clone();
            Arrays.sort(sorted);
            double floor = sorted[Math.min(n - 1, (int) ((1 - ratio) * n))];
            s[m] = normalized(Arrays.stream(s[m]).map(x -> Math.max(x, floor)).toArray());
        }
        double[] out = new double[n];
        for (int i = 0; i < n; i++) {
            double sum = 0;
            double weights = 0;
            for (int m = 0; m < models.length; m++) {
                sum += Math.signum(d[m][i]) * a[m][i] * s[m][i];
                weights += s[m][i];
            }
            out[i] = base[i] + lambda * (sum / Math.max(weights, 1e-12));
        }
        return out;
    }

    private static double[] normalized(double[] x) {
        double low = Arrays.stream(x).min().orElseThrow();
        double range = Arrays.stream(x).max().orElseThrow() - low;
        return Arrays.stream(x).map(v -> range == 0 ? 0 : (v - low) / range).toArray();
    }

    private static float[][] models(float[] base, int count, double distance) {
        float[][] models = new float[count][];
        for (int m = 0; m < count; m++) {
            models[m] = Data.near(base, distance, 10 + m);
        }
        return models;
    }

    private static ModelCall call(float[] base, float[][] models, int... sizes) {
        ModelCall call = ModelCall.of("pcb").cut(sizes).base(base);
        for (float[] model : models) {
            call.model(model, Map.of());
        }
        return call;
    }

    @ParameterizedTest
    @CsvSource({"1, 0.1, 1, 0.1", "2, 0.1, 1, 0.01", "3, 0.2, 1.2, 2", "4, 1, 0.5, 0.1"})
    void asInThePaperOverTheWholeModel(int count, double ratio, double lambda, double distance) {
        float[] base = Data.normal(ELEMENTS, 1);
        float[][] models = models(base, count, distance);
        float[] merged = call(base, models, SIZES).set("ratio", ratio).set("lambda", lambda).run();
        Data.assertClose(merged, slow(base, models, ratio, lambda), 1e-6);
    }

    @Test
    void asInThePaperOverEachTensor() {
        float[] base = Data.normal(3000, 1);
        float[][] models = models(base, 3, 0.1);
        float[] merged = call(base, models, 1000, 2000).set("scope", "tensor").run();
        for (int[] part : new int[][] {{0, 1000}, {1000, 3000}}) {
            float[][] pieces = new float[3][];
            for (int m = 0; m < 3; m++) {
                pieces[m] = Arrays.copyOfRange(models[m], part[0], part[1]);
            }
            Data.assertClose(
                    Arrays.copyOfRange(merged, part[0], part[1]),
                    slow(Arrays.copyOfRange(base, part[0], part[1]), pieces, 0.1, 1),
                    1e-6);
        }
        assertThat(merged).isNotEqualTo(call(base, models, 1000, 2000).run());
    }

    @Test
    void theOrderOfModelsDoesNotMatterBeyondRounding() {
        float[] base = Data.normal(ELEMENTS, 1);
        float[][] models = models(base, 3, 0.1);
        float[][] turned = {models[2], models[0], models[1]};
        Data.assertClose(
                call(base, turned, SIZES).run(),
                Data.doubles(call(base, models, SIZES).run()),
                1e-6);
    }

    @Test
    void modelsEqualToTheBaseGiveTheBase() {
        float[] base = Data.normal(100, 1);
        assertThat(call(base, new float[][] {base, base}, 60, 40).run()).isEqualTo(base);
        assertThat(call(base, new float[][] {}, 60, 40).run()).isEqualTo(base);
    }

    @Test
    void wrongParametersAreRefused() {
        ModelCall call = call(new float[1], new float[][] {{1}}, 1).set("scope", "layer");
        assertThatThrownBy(call::run)
                .isInstanceOf(BadInputException.class)
                .hasMessage("parameter 'scope': expected model or tensor, got 'layer'");
    }
}
