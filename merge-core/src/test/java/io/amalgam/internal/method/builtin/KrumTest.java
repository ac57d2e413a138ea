package io.amalgam.internal.method.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.error.BadInputException;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KrumTest {
    private static final int[] SIZES = {1000, 1, 300_001, 0, 16};
    private static final int ELEMENTS = 301_018;

    private static ModelCall call(List<float[]> models, int byzantine, int multi, int... sizes) {
        ModelCall call =
                ModelCall.of("krum")
                        .cut(sizes)
                        .set("byzantine", (double) byzantine)
                        .set("multi", (double) multi);
        models.forEach(model -> call.model(model, Map.of()));
        return call;
    }

    /** The models from the best on, by the paper's score. */
    private static List<float[]> ranked(List<float[]> models, int byzantine) {
        double[] scores = new double[models.size()];
        for (int i = 0; i < scores.length; i++) {
            List<Double> distances = new ArrayList<>();
            for (int j = 0; j < scores.length; j++) {
                double sum = 0;
                for (int e = 0; e < models.get(i).length && i != j; e++) {
                    sum += Math.pow((double) models.get(i)[e] - models.get(j)[e], 2);
                }
                if (i != j) {
                    distances.add(sum);
                }
            }
            Collections.sort(distances);
            scores[i] =
                    distances.stream()
                            .limit(scores.length - byzantine - 2)
                            .mapToDouble(Double::doubleValue)
                            .sum();
        }
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < scores.length; i++) {
            order.add(i);
        }
        order.sort((a, b) -> Double.compare(scores[a], scores[b]));
        return order.stream().map(models::get).toList();
    }

    private static List<float[]> models(int count, int wrong, long seed) {
        Random random = new Random(seed);
        float[] middle = Data.normal(ELEMENTS, seed);
        List<float[]> models = new ArrayList<>();
        for (int m = 0; m < count; m++) {
            double distance = m < wrong ? 5 : 0.1 + 0.1 * random.nextDouble();
            models.add(Data.near(middle, distance, seed + 1 + m));
        }
        Collections.shuffle(models, random);
        return models;
    }

    @ParameterizedTest
    @CsvSource({"3, 0", "5, 1", "7, 2", "9, 3"})
    void takesTheModelOfTheLeastScore(int count, int wrong) {
        List<float[]> models = models(count, wrong, count);
        assertThat(call(models, wrong, 1, SIZES).run()).isEqualTo(ranked(models, wrong).get(0));
    }

    @ParameterizedTest
    @CsvSource({"5, 1, 2", "7, 2, 5", "4, 0, 4"})
    void multiKrumAveragesTheBest(int count, int wrong, int multi) {
        List<float[]> models = models(count, wrong, count);
        List<float[]> best = ranked(models, wrong).subList(0, multi);
        double[] weights = new double[multi];
        Arrays.fill(weights, 1);
        Data.assertClose(
                call(models, wrong, multi, SIZES).run(),
                Slow.linear(best.toArray(float[][]::new), weights, true),
                1e-6);
    }

    /** No single tensor tells which model to take. */
    @Test
    void theWholeModelIsJudged() {
        List<float[]> models = List.of(new float[] {0, 9}, new float[] {1, 0}, new float[] {3, 1});
        assertThat(call(models, 0, 1, 1, 1).run()).containsExactly(1, 0);
        assertThat(call(models, 0, 1, 1, 1).method().bind(call(models, 0, 1, 1).calls().get(0)))
                .isInstanceOf(TensorStep.Reduce.class);
    }

    @Test
    void theOrderOfModelsDoesNotMatter() {
        List<float[]> models = models(5, 1, 3);
        List<float[]> turned = new ArrayList<>(models);
        Collections.rotate(turned, 2);
        assertThat(call(turned, 1, 1, SIZES).run()).isEqualTo(call(models, 1, 1, SIZES).run());
    }

    @Test
    void equalModelsGiveThatModel() {
        float[] model = Data.normal(100, 1);
        List<float[]> models = List.of(model, model, model);
        assertThat(call(models, 0, 1, 60, 40).run()).isEqualTo(model);
        Data.assertClose(call(models, 0, 3, 60, 40).run(), Data.doubles(model), 1e-7);
    }

    @Test
    void aModelWithNanIsNeverTaken() {
        float[] good = {1, 2};
        float[] near = {1, 2.5f};
        float[] bad = {Float.NaN, 2};
        assertThat(call(List.of(bad, good, near, good, near), 1, 1, 1, 1).run())
                .containsExactly(1, 2);
    }

    @Test
    void tooFewModelsAreRefused() {
        float[] model = {1};
        List<float[]> four = List.of(model, model, model, model);
        assertThatThrownBy(() -> call(four, 1, 1, 1).run())
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "models for 'krum' with byzantine: 1: expected at least 5, got 4; 'krum' needs 2 byzantine + 3 models");
        assertThatThrownBy(() -> call(four, 0, 5, 1).run())
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "parameter 'multi': expected at most 4, got 5; of 4 models 0 may be wrong");
    }

    @Test
    void otherModelsForOtherTensorsAreRefused() {
        List<TensorCall> calls = call(models(3, 0, 1), 0, 1, 1, 1).calls();
        TensorCall last = calls.get(1);
        List<TensorCall.Input> turned = new ArrayList<>(last.inputs());
        Collections.reverse(turned);
        TensorCall other = new TensorCall(last.output(), turned, -1, last.shared(), 0);
        assertThatThrownBy(() -> new Krum().survey(List.of(calls.get(0), other)))
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "models of tensor 't1': expected [m0, m1, m2] as for every tensor, got [m2, m1, m0]; 'krum' judges whole models: leave out slices and TensorSet.UNION");
    }

    @Test
    void aParameterThatDiffersBetweenTensorsIsRefused() {
        List<TensorCall> calls = call(models(3, 0, 1), 0, 1, 1, 1).calls();
        TensorCall last = calls.get(1);
        TensorCall other =
                new TensorCall(
                        last.output(),
                        last.inputs(),
                        -1,
                        Map.of("byzantine", 0.0, "multi", 2.0),
                        0);
        assertThatThrownBy(() -> new Krum().survey(List.of(calls.get(0), other)))
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "parameter 'multi': expected one value for the whole model, got 1.0 and, for 't1', 2.0; give it without filters and gradients");
    }
}
