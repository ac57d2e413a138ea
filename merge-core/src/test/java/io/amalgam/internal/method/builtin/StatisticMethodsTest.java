package io.amalgam.internal.method.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.amalgam.error.BadInputException;
import io.amalgam.internal.linalg.Matrix;
import io.amalgam.tensor.Shape;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Fisher, RegMean and MaTS against what defines their results. */
class StatisticMethodsTest {
    private static final int ROWS = 5;
    private static final int COLS = 7;

    private static Matrix random(int rows, int cols, long seed) {
        Random random = new Random(seed);
        double[] values = new double[rows * cols];
        Arrays.setAll(values, i -> random.nextGaussian());
        return new Matrix(rows, cols, values);
    }

    private static Matrix gram(Matrix rows) {
        return rows.transpose().times(rows).scaled(1.0 / rows.rows());
    }

    private final Matrix[] weights = {random(ROWS, COLS, 1), random(ROWS, COLS, 2)};
    private final Matrix[] inputs = {random(40, COLS, 3), random(40, COLS, 4).scaled(3)};
    private final Matrix[] gradients = {random(30, ROWS, 5), random(30, ROWS, 6)};

    private MethodCall call(String method, boolean outputs, double... factors) {
        MethodCall call = MethodCall.of(method).shape(ROWS, COLS);
        for (int m = 0; m < 2; m++) {
            call.model(weights[m].floats(), Map.of("weight", factors.length == 0 ? 1 : factors[m]));
        }
        for (int m = 0; m < 2; m++) {
            call.statistic("input_gram", m, Shape.of(COLS, COLS), gram(inputs[m]).floats());
        }
        for (int m = 0; m < 2 && outputs; m++) {
            call.statistic("output_gram", m, Shape.of(ROWS, ROWS), gram(gradients[m]).floats());
        }
        return call;
    }

    private static void assertNear(float[] ours, Matrix theirs, double tolerance) {
        assertThat(ours).containsExactly(theirs.floats(), within((float) tolerance));
    }

    /** The squared distance of a matrix's outputs from the models' on their own inputs. */
    private double loss(float[] merged, double... factors) {
        Matrix w = Matrix.of(ROWS, COLS, merged);
        double loss = 0;
        for (int m = 0; m < 2; m++) {
            Matrix difference = w.copy();
            difference.add(-1, weights[m]);
            Matrix out = inputs[m].times(difference.transpose());
            loss += factors[m] * out.squares() / inputs[m].rows();
        }
        return loss;
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "0.3, 2"})
    void regMeanIsTheLeastDistance(double first, double second) {
        float[] merged = call("regmean", false, first, second).run();
        double least = loss(merged, first, second);
        Random random = new Random(7);
        for (int trial = 0; trial < 200; trial++) {
            float[] other = merged.clone();
            other[random.nextInt(other.length)] += random.nextBoolean() ? 1e-2f : -1e-2f;
            assertThat(loss(other, first, second)).isGreaterThan(least);
        }
    }

    /** Gradients of a model that is a matrix are zero at the solution of MaTS's equations. */
    @Test
    void matsSolvesItsEquations() {
        Matrix merged = Matrix.of(ROWS, COLS, call("mats", true).set("steps", 200.0).run());
        Matrix left = Matrix.zeros(ROWS, COLS);
        double size = 0;
        for (int m = 0; m < 2; m++) {
            Matrix difference = merged.copy();
            difference.add(-1, weights[m]);
            left.add(1, gram(gradients[m]).times(difference).times(gram(inputs[m])));
            size += gram(gradients[m]).times(weights[m]).times(gram(inputs[m])).squares();
        }
        assertThat(Math.sqrt(left.squares() / size)).isLessThan(2e-5);
    }

    @Test
    void withoutOutputsMatsLeadsToRegMean() {
        float[] solved = call("mats", false).set("steps", 200.0).run();
        float[] exact = call("regmean", false).run();
        assertThat(solved).containsExactly(exact, within(1e-3f));
        assertNear(call("mats", true).set("steps", 0.0).run(), mean(), 1e-6);
    }

    private Matrix mean() {
        Matrix mean = weights[0].scaled(0.5);
        mean.add(0.5, weights[1]);
        return mean;
    }

    @Test
    void diagonalsAloneAreFisher() {
        float[] regMean = call("regmean", false).set("off_diagonal", 0.0).run();
        MethodCall fisher = MethodCall.of("fisher").shape(ROWS, COLS);
        for (Matrix weight : weights) {
            fisher.model(weight.floats(), Map.of());
        }
        for (int m = 0; m < 2; m++) {
            float[] rows = new float[ROWS * COLS];
            Matrix gram = gram(inputs[m]);
            for (int i = 0; i < rows.length; i++) {
                rows[i] = (float) gram.get(i % COLS, i % COLS);
            }
            fisher.statistic("fisher", m, Shape.of(ROWS, COLS), rows);
        }
        assertThat(fisher.run()).containsExactly(regMean, within(1e-5f));
    }

    @Test
    void inputsThatNeverOccurGetTheAverage() {
        for (Matrix input : inputs) {
            for (int i = 0; i < input.rows(); i++) {
                input.set(i, 2, 0);
            }
        }
        for (String method : new String[] {"regmean", "mats"}) {
            Matrix merged = Matrix.of(ROWS, COLS, call(method, false).run());
            for (int i = 0; i < ROWS; i++) {
                assertThat(merged.get(i, 2)).isCloseTo(mean().get(i, 2), within(1e-6));
            }
        }
        assertThatThrownBy(() -> call("regmean", false).set("ridge", 0.0).run())
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("a matrix that can be inverted, got a singular one");
    }

    @ParameterizedTest
    @ValueSource(strings = {"regmean", "mats"})
    void equalModelsStay(String method) {
        weights[1] = weights[0];
        assertNear(call(method, true).run(), weights[0], 0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"fisher", "regmean", "mats"})
    void withoutStatisticsModelsAreAveraged(String method) {
        MethodCall call = MethodCall.of(method).base(new float[ROWS * COLS]).shape(ROWS, COLS);
        call.model(weights[0].floats(), Map.of("weight", 3.0));
        call.model(weights[1].floats(), Map.of("weight", 1.0)).set("scale", 0.5);
        Matrix expected = weights[0].scaled(0.5 * 0.75);
        expected.add(0.5 * 0.25, weights[1]);
        assertNear(call.run(), expected, 1e-6);
    }

    @ParameterizedTest
    @ValueSource(strings = {"regmean", "mats"})
    void theScaleIsOfTheChange(String method) {
        Matrix base = random(ROWS, COLS, 8);
        Matrix full = Matrix.of(ROWS, COLS, call(method, true).run());
        MethodCall half = MethodCall.of(method).base(base.floats()).shape(ROWS, COLS);
        half.model(weights[0].floats(), Map.of()).model(weights[1].floats(), Map.of());
        for (int m = 0; m < 2; m++) {
            half.statistic("input_gram", m + 1, Shape.of(COLS, COLS), gram(inputs[m]).floats());
        }
        for (int m = 0; m < 2; m++) {
            half.statistic("output_gram", m + 1, Shape.of(ROWS, ROWS), gram(gradients[m]).floats());
        }
        Matrix expected = base.scaled(0.5);
        expected.add(0.5, full);
        assertNear(half.set("scale", 0.5).run(), expected, 1e-6);
    }

    /** The statistics of GPT-2's matrices are those of the layer, not of how it is stored. */
    @ParameterizedTest
    @ValueSource(strings = {"regmean", "mats"})
    void conv1dIsTurned(String method) {
        float[] plain = call(method, true).run();
        Matrix one = weights[0].transpose();
        Matrix two = weights[1].transpose();
        MethodCall turned = MethodCall.of(method).shape(COLS, ROWS).tensor("h.1.mlp.c_proj.weight");
        turned.model(one.floats(), Map.of()).model(two.floats(), Map.of());
        for (int m = 0; m < 2; m++) {
            turned.statistic("input_gram", m, Shape.of(COLS, COLS), gram(inputs[m]).floats());
        }
        for (int m = 0; m < 2; m++) {
            turned.statistic("output_gram", m, Shape.of(ROWS, ROWS), gram(gradients[m]).floats());
        }
        assertNear(turned.run(), Matrix.of(ROWS, COLS, plain).transpose(), 1e-6);
    }

    @Test
    void aGramMatrixIsSymmetric() {
        float[] skew = gram(inputs[0]).floats();
        skew[1] += 0.1f;
        MethodCall call = MethodCall.of("regmean").shape(ROWS, COLS);
        call.model(weights[0].floats(), Map.of())
                .statistic("input_gram", 0, Shape.of(COLS, COLS), skew);
        assertThatThrownBy(call::run).hasMessageContaining("in row 0, column 1");
    }
}
