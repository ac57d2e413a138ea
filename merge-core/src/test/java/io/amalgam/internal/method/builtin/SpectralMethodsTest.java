package io.amalgam.internal.method.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.amalgam.error.BadInputException;
import io.amalgam.internal.linalg.Matrix;
import io.amalgam.internal.linalg.Svd;
import io.amalgam.internal.linalg.ThinQr;
import io.amalgam.method.TensorStep;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What must hold of methods for matrices, whatever their authors' programs print. */
class SpectralMethodsTest {
    private static final int ROWS = 14;
    private static final int COLS = 9;

    private static Matrix random(int rows, int cols, long seed) {
        Random random = new Random(seed);
        double[] values = new double[rows * cols];
        Arrays.setAll(values, i -> random.nextGaussian());
        return new Matrix(rows, cols, values);
    }

    private static Matrix task(long seed) {
        return random(ROWS, COLS, seed);
    }

    private static MethodCall call(String method, Matrix... tasks) {
        MethodCall call = MethodCall.of(method).base(new float[tasks[0].rows() * tasks[0].cols()]);
        for (Matrix task : tasks) {
            call.model(task.floats(), Map.of());
        }
        return call.shape(tasks[0].rows(), tasks[0].cols());
    }

    private static Matrix merged(MethodCall call, int rows, int cols) {
        return Matrix.of(rows, cols, call.run());
    }

    private static Matrix merge(String method, Matrix... tasks) {
        return merged(call(method, tasks), tasks[0].rows(), tasks[0].cols());
    }

    private static void assertNear(Matrix ours, Matrix theirs, double tolerance) {
        assertThat(ours.floats()).containsExactly(theirs.floats(), within((float) tolerance));
    }

    private static Matrix sum(Matrix... tasks) {
        Matrix sum = Matrix.zeros(tasks[0].rows(), tasks[0].cols());
        for (Matrix task : tasks) {
            sum.add(1, task);
        }
        return sum;
    }

    /** Tasks of low rank whose rows and columns have nothing in common. */
    private static Matrix[] apart() {
        Matrix u = ThinQr.of(random(ROWS, 4, 1)).q();
        Matrix v = ThinQr.of(random(COLS, 4, 2)).q();
        Matrix a = u.columns(0, 2).scaledColumns(3, 2).times(v.columns(0, 2).transpose());
        Matrix b = u.columns(2, 4).scaledColumns(2.5, 1).times(v.columns(2, 4).transpose());
        return new Matrix[] {a, b};
    }

    @ParameterizedTest
    @ValueSource(strings = {"tsv_m", "wudi"})
    void tasksWithNothingInCommonAreAdded(String method) {
        Matrix[] apart = apart();
        MethodCall call = call(method, apart);
        if (method.equals("wudi")) {
            call.set("ridge", 1e-8);
        }
        assertNear(merged(call, ROWS, COLS), sum(apart), 1e-5);
    }

    @ParameterizedTest
    @ValueSource(strings = {"tsv_m", "wudi"})
    void oneTaskIsKept(String method) {
        Matrix task = task(3);
        MethodCall call = call(method, task).set("solver", "adam");
        assertNear(merged(call, ROWS, COLS), task, 1e-6);
    }

    /** The vectors of a decomposition that belong to no value must not get into the result. */
    @ParameterizedTest
    @CsvSource({"tsv_m", "iso_c", "iso_cts"})
    void tasksOfLowRankGiveTheSameHoweverTheyAreTurned(String method) {
        Matrix a = random(ROWS, 2, 4).times(random(2, COLS, 5));
        Matrix b = random(ROWS, 1, 6).times(random(1, COLS, 7));
        Matrix turn = ThinQr.of(random(ROWS, ROWS, 8)).q();
        Matrix turned = merge(method, turn.times(a), turn.times(b));
        assertNear(turn.transpose().times(turned), merge(method, a, b), 2e-5);
        assertThat(Svd.of(merge(method, a, b)).rank(1e-5)).isEqualTo(3);
    }

    @ParameterizedTest
    @ValueSource(strings = {"tsv_m", "iso_c", "iso_cts", "ace", "wudi"})
    void unchangedTasksChangeNothing(String method) {
        Matrix none = Matrix.zeros(ROWS, COLS);
        assertNear(merge(method, none, none), none, 0);
        Matrix[] ofThree = {task(9), none, none};
        double size = task(9).squares();
        assertThat(merge(method, ofThree).squares()).isBetween(size / 30, size * 3);
    }

    @Test
    void equalTasksAreOneDirection() {
        Matrix task = apart()[0];
        Svd svd = Svd.of(merge("tsv_m", task, task));
        assertThat(svd.rank(1e-5)).isEqualTo(2);
    }

    @Test
    void isotropicMeansOneSingularValue() {
        Matrix sum = sum(task(10), task(11));
        Svd svd = Svd.of(merge("iso_c", task(10), task(11)));
        double mean = Arrays.stream(Svd.of(sum).s()).sum() / COLS;
        assertThat(svd.s()).containsExactly(filled(COLS, mean), within(1e-5));

        MethodCall all = call("iso_cts", task(10), task(11)).set("common_fraction", 1.0);
        assertNear(merged(all, ROWS, COLS), merge("iso_c", task(10), task(11)), 1e-5);
        Svd specific = Svd.of(merge("iso_cts", task(10), task(11)));
        assertThat(specific.s()).containsExactly(filled(COLS, specific.s()[0]), within(1e-5));
    }

    private static double[] filled(int length, double value) {
        double[] values = new double[length];
        Arrays.fill(values, value);
        return values;
    }

    @Test
    void moreTasksThanColumnsAreAveraged() {
        Matrix[] tasks = {random(3, 2, 1), random(3, 2, 2), random(3, 2, 3)};
        assertNear(merge("tsv_m", tasks), sum(tasks).scaled(1 / 3.0), 1e-6);
        assertThat(merge("iso_cts", tasks).squares()).isPositive();
    }

    /** The minimum of WUDI's loss has no gradient. */
    @Test
    void theClosedFormIsWhereAdamLeads() {
        Matrix[] tasks = {task(12), task(13)};
        MethodCall exact = call("wudi", tasks).set("ridge", 0.0);
        MethodCall steps = call("wudi", tasks).set("solver", "adam");
        steps.set("steps", 6000.0).set("learning_rate", 3e-3);
        assertNear(merged(steps, ROWS, COLS), merged(exact, ROWS, COLS), 2e-3);
    }

    @Test
    void aSingularValueThatFitsTheTasksStays() {
        Matrix task = task(14);
        MethodCall call = MethodCall.of("svc").base(new float[ROWS * COLS]).shape(ROWS, COLS);
        call.model(task.floats(), Map.of("merged", true)).model(task.floats(), Map.of());
        assertNear(merged(call, ROWS, COLS), task, 1e-5);

        MethodCall twice = MethodCall.of("svc").base(new float[ROWS * COLS]).shape(ROWS, COLS);
        twice.model(task.scaled(2).floats(), Map.of("merged", true));
        twice.model(task.floats(), Map.of()).model(task.floats(), Map.of());
        assertNear(merged(twice, ROWS, COLS), task, 1e-5);

        MethodCall half = MethodCall.of("svc").base(new float[ROWS * COLS]).shape(ROWS, COLS);
        half.model(task.scaled(0.5).floats(), Map.of("merged", true));
        half.model(task.floats(), Map.of()).set("only_shrink", true).set("alpha", 0.1);
        assertNear(merged(half, ROWS, COLS), task.scaled(0.5), 1e-5);
    }

    @Test
    void svcNeedsToKnowWhatIsMerged() {
        assertThatThrownBy(() -> call("svc", task(1), task(2)).bind())
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("models with 'merged: true': expected exactly one, got 0");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "model.layers.3.mlp.up_proj.weight | true",
                "model.embed_tokens.weight | false",
                "lm_head.weight | false",
                "transformer.wpe.weight | false",
                "embeddings.position_embeddings.weight | false",
                "vit.embeddings.patch_embeddings.projection.weight | true",
                "classifier.weight | false",
                "bert.encoder.layer.0.attention.output.dense.weight | true",
                "fc3.weight | true",
                "visual.positional_embedding | false",
                "text_projection | false",
            })
    void embeddingsAndHeadsAreLeftAlone(String name, boolean matrix) {
        MethodCall call = call("iso_c", task(1), task(2)).tensor(name);
        assertThat(call.bind() instanceof TensorStep.FullTensor).isEqualTo(matrix);
        call.set("exclude", "");
        assertThat(call.bind()).isInstanceOf(TensorStep.FullTensor.class);
        call.set("exclude", "nothing, " + name.substring(3, 8));
        assertThat(call.bind()).isNotInstanceOf(TensorStep.FullTensor.class);
    }

    @ParameterizedTest
    @CsvSource({"mean, 1", "base, 0", "0.25, 0.5"})
    void theRestIsWhatItIsSaidToBe(String rest, double ofAlphaMean) {
        Matrix a = task(15);
        Matrix b = task(16);
        MethodCall call = call("iso_c", a, b).set("rest", rest).set("exclude", "w");
        call.set("alpha", rest.equals("mean") ? 0.3 : 5.0);
        double factor = rest.equals("mean") ? 0.3 / 2 : ofAlphaMean / 2;
        assertNear(merged(call, ROWS, COLS), sum(a, b).scaled(factor), 1e-6);
    }

    @Test
    void anUnknownRestIsRefused() {
        assertThatThrownBy(() -> call("tsv_m", task(1)).set("rest", "half").bind())
                .hasMessageContaining(
                        "parameter 'rest': expected 'mean', 'base' or a number, got 'half'");
        assertThatThrownBy(() -> call("wudi", task(1)).set("solver", "lbfgs").bind())
                .hasMessageContaining("parameter 'solver': expected 'closed' or 'adam'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"iso_cts", "ace", "wudi"})
    void conv1dIsTurned(String method) {
        Matrix a = random(12, 5, 17);
        Matrix b = random(12, 5, 18);
        MethodCall plain = call(method, a, b).tensor("h.0.mlp.up.weight");
        MethodCall turned = call(method, a.transpose(), b.transpose());
        plain.set("common_fraction", 0.4);
        turned.set("common_fraction", 0.4);
        Matrix expected = merged(plain, 12, 5);
        Matrix got = merged(turned.tensor("transformer.h.0.mlp.c_fc.weight"), 5, 12);
        assertNear(got.transpose(), expected, 1e-6);
        assertNear(
                merged(turned.tensor("x.weight").set("transposed", "x."), 5, 12).transpose(),
                expected,
                1e-6);
        assertThat(merged(turned.set("transposed", ""), 5, 12).floats()).isNotEqualTo(got.floats());
    }

    @Test
    void kernelsAreRowsAndExpertsAreMatrices() {
        Matrix a = random(6, 12, 19);
        Matrix b = random(6, 12, 20);
        float[] flat = call("tsv_m", a, b).run();
        assertThat(call("tsv_m", a, b).shape(6, 3, 2, 2).run()).isEqualTo(flat);
        float[] experts = call("tsv_m", a, b).tensor("mlp.experts.up").shape(2, 3, 12).run();
        float[] first = call("tsv_m", a.rows(0, 3), b.rows(0, 3)).run();
        float[] second = call("tsv_m", a.rows(3, 6), b.rows(3, 6)).run();
        assertThat(Arrays.copyOfRange(experts, 0, 36)).isEqualTo(first);
        assertThat(Arrays.copyOfRange(experts, 36, 72)).isEqualTo(second);
    }

    @Test
    void layersAreScaled() {
        MethodCall call = call("tsv_m", task(21), task(22));
        Matrix plain = merged(call, ROWS, COLS);
        call.set("lines_alpha", 0.5).set("lines_beta", 1.0).position(0.5);
        assertNear(merged(call, ROWS, COLS), plain, 1e-6);
    }
}
