package io.amalgam.internal.method.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.amalgam.error.BadInputException;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PcbTest {
    private static final int[] SIZES = {1000, 1, 30_001, 0, 16, 5_537};
    private static final int ELEMENTS = 36_555;

    /** The paper's formulas over sorted arrays, in float64. NaN is what a model does not have. */
    private static double[] slow(float[] base, float[][] models, double ratio, double lambda) {
        int n = base.length;
        double[][] d = new double[models.length][n];
        double[][] a = new double[models.length][n];
        double[][] s = new double[models.length][n];
        int[][] places = new int[models.length][];
        double[] all = new double[n];
        for (int m = 0; m < models.length; m++) {
            float[] model = models[m];
            places[m] = IntStream.range(0, n).filter(i -> !Float.isNaN(model[i])).toArray();
            for (int i : places[m]) {
                d[m][i] = model[i] - base[i];
                all[i] += d[m][i];
            }
        }
        for (int m = 0; m < models.length; m++) {
            double[] own = d[m];
            double[] size = Arrays.stream(places[m]).mapToDouble(i -> Math.abs(own[i])).toArray();
            double[] sorted = size.clone();
            Arrays.sort(sorted);
            int lowest = (int) (1e-4 * size.length);
            double low = sorted[lowest];
            double high = sorted[Math.max(lowest, (int) ((1 - 1e-4) * size.length) - 1)];
            size = Arrays.stream(size).map(x -> Math.min(Math.max(x, low), high)).toArray();
            double[] norm = normalized(size);
            double[] scores = new double[size.length];
            for (int k = 0; k < size.length; k++) {
                int i = places[m][k];
                scores[k] =
                        Math.exp(models.length * norm[k] * norm[k]) * Math.tanh(own[i] * all[i]);
            }
            sorted = scores.clone();
            Arrays.sort(sorted);
            double floor = sorted[Math.min(size.length - 1, (int) ((1 - ratio) * size.length))];
            scores = normalized(Arrays.stream(scores).map(x -> Math.max(x, floor)).toArray());
            for (int k = 0; k < size.length; k++) {
                a[m][places[m][k]] = size[k];
                s[m][places[m][k]] = scores[k];
            }
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

    /** Scores of tensors that fewer models have compete on the same terms as all others. */
    @ParameterizedTest
    @ValueSource(strings = {"model", "tensor"})
    void whereModelsLackTensors(String scope) {
        float[] base = Data.normal(3000, 1);
        float[][] models = models(base, 3, 0.1);
        ModelCall call = call(base, models, 1000, 1500, 500).set("scope", scope);
        float[] merged = call.without(1, 1).without(1, 3).without(2, 2).run();

        Arrays.fill(models[0], 1000, 2500, Float.NaN);
        Arrays.fill(models[2], 1000, 2500, Float.NaN);
        Arrays.fill(models[1], 2500, 3000, Float.NaN);
        if (scope.equals("model")) {
            Data.assertClose(merged, slow(base, models, 0.1, 1), 1e-6);
        } else {
            float[] own = Arrays.copyOfRange(base, 1000, 2500);
            float[][] alone = {Arrays.copyOfRange(models[1], 1000, 2500)};
            Data.assertClose(
                    Arrays.copyOfRange(merged, 1000, 2500), slow(own, alone, 0.1, 1), 1e-6);
        }
    }

    /** One model of the vector below: a permutation of magnitudes with outliers at both ends. */
    private static float[] vector(int model) {
        Map<Long, Integer> odd = Map.of(0L, 10, 1L, 300, 2L, 600);
        Map<Long, Integer> large = Map.of(19_997L, 40_000, 19_998L, 60_000, 19_999L, 90_000);
        float[] values = new float[20_000];
        for (int i = 0; i < values.length; i++) {
            long h = (i * 7919L + model * 10_007L) % values.length;
            int magnitude = odd.getOrDefault(h, large.getOrDefault(h, (int) h + 1000));
            boolean negative = (i * 2654435761L + model * 1234567L >> 15 & 1) == 1;
            values[i] = (negative ? -magnitude : magnitude) / 65536f;
        }
        return values;
    }

    /**
     * Numbers made in numpy 2, float64, by sorting whole rows, of the definitions in the authors'
     * program (pcb-merging.py of github.com/duguodong7/pcb-merging): magnitudes clipped to the
     * sorted row's elements {@code int(d * 0.0001)} and {@code int(d * (1 - 0.0001) - 1)}, scores
     * from below to {@code int(d * (1 - ratio))}. Any of these ranks one higher or lower changes an
     * element by 1e-4 or more.
     */
    @Test
    void asTheAuthorsProgramClipsAndDrops() {
        float[] zero = new float[20_000];
        float[][] models = {vector(0), vector(1), vector(2)};
        float[] merged = call(zero, models, 7000, 13_000).run();

        int[] at = {0, 1, 2, 5, 1502, 2321, 8465, 8568, 14_815, 16_430};
        double[] expected = {
            0,
            0.288787841796875,
            -0.2570340255300079,
            0.31436080803802463,
            -0.23422778354684415,
            0.607855126225237,
            -0.2342071533203125,
            -0.6036495651411923,
            0.5924775355241884,
            0
        };
        float[] found = new float[at.length];
        double all = 0;
        int changed = 0;
        for (float value : merged) {
            all += Math.abs(value);
            changed += value != 0 ? 1 : 0;
        }
        for (int i = 0; i < at.length; i++) {
            found[i] = merged[at[i]];
        }
        Data.assertClose(found, expected, 1e-6);
        assertThat(changed).isEqualTo(4004);
        assertThat(all).isCloseTo(1149.1492471379565, within(1e-3));
    }

    /** A factor of all scores is taken out: e to the power of the models' number is no float. */
    @Test
    void manyModelsDoNotOverflow() {
        float[] base = Data.normal(3000, 1);
        float[][] models = models(base, 100, 2);
        Data.assertClose(call(base, models, 3000).run(), slow(base, models, 0.1, 1), 1e-5);
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
