package io.amalgam.internal.method.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.error.BadInputException;
import io.amalgam.method.TensorCall;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code ties} that trims over all tensors together: as over one long tensor. */
class WholeModelTiesTest {
    private static final int[] SIZES = {1000, 1, 300_001, 0, 16, 65_537};
    private static final int ELEMENTS = 366_555;

    private static ModelCall call(float[] base, float[] one, float[] two, double d1, double d2) {
        return ModelCall.of("ties")
                .set("trim_scope", "model")
                .cut(SIZES)
                .base(base)
                .model(one, Map.of("weight", 0.7, "density", d1))
                .model(two, Map.of("weight", -0.4, "density", d2));
    }

    private static float[] slow(float[] base, float[] one, float[] two, double d1, double d2) {
        float[][] kept = {Slow.top(Slow.delta(one, base), d1), Slow.top(Slow.delta(two, base), d2)};
        return Slow.vote(base, kept, new double[] {0.7, -0.4}, true, 1);
    }

    @ParameterizedTest
    @CsvSource({"0.3, 0.6", "0.01, 1", "0, 0.999", "1, 1", "0, 0", "1e-9, 0.5"})
    void keepsTheLargestOfTheWholeModel(double d1, double d2) {
        float[] base = Data.normal(ELEMENTS, 1);
        float[] one = Data.near(base, 0.1, 2);
        float[] two = Data.near(base, 0.1, 3);
        assertThat(call(base, one, two, d1, d2).run()).isEqualTo(slow(base, one, two, d1, d2));
    }

    /** Differences of bfloat16 take few values: nearly every cut goes through equal ones. */
    @ParameterizedTest
    @ValueSource(doubles = {0.001, 0.2, 0.5, 0.9})
    void ofEqualMagnitudesKeepsTheFirst(double density) {
        float[] base = Data.bf16(Data.normal(ELEMENTS, 4));
        float[] one = Data.bf16(Data.near(base, 0.02, 5));
        float[] two = Data.bf16(Data.near(base, 0.02, 6));
        assertThat(call(base, one, two, density, density / 2).run())
                .isEqualTo(slow(base, one, two, density, density / 2));
    }

    /** All magnitudes are equal: what is kept is decided by the order alone. */
    @ParameterizedTest
    @ValueSource(ints = {1, 999, 1000, 1001, 1002, 263_144, 263_145, 301_002, 301_019, 366_554})
    void keepsTensorsInOrder(int kept) {
        float[] base = new float[ELEMENTS];
        float[] one = new float[ELEMENTS];
        java.util.Arrays.fill(one, 0.5f);
        float[] merged =
                ModelCall.of("ties")
                        .set("trim_scope", "model")
                        .cut(SIZES)
                        .base(base)
                        .model(one, Map.of("weight", 1.0, "density", (kept + 0.5) / ELEMENTS))
                        .run();
        for (int i = 0; i < merged.length; i++) {
            if (merged[i] != (i < kept ? 0.5f : 0)) {
                assertThat(merged[i]).as("element %d", i).isEqualTo(i < kept ? 0.5f : 0);
            }
        }
    }

    @Test
    void aModelOfOneTensorIsTrimmedAsTheTensor() {
        float[] base = Data.normal(70_000, 1);
        float[] one = Data.near(base, 0.1, 2);
        Map<String, Object> half = Map.of("weight", 1.0, "density", 0.5);
        for (String rescale : List.of("false", "true", "density")) {
            ModelCall call =
                    ModelCall.of("ties")
                            .set("rescale", rescale)
                            .cut(70_000)
                            .base(base)
                            .model(one, half);
            float[] tensor = call.run();
            assertThat(call.set("trim_scope", "model").run()).isEqualTo(tensor);
        }
    }

    @Test
    void differsFromTrimmingEachTensor() {
        float[] base = new float[4];
        float[] one = {1, 2, 30, 40};
        Map<String, Object> half = Map.of("weight", 1.0, "density", 0.5);
        ModelCall call = ModelCall.of("ties").cut(2, 2).base(base).model(one, half);
        assertThat(call.run()).containsExactly(0, 2, 0, 40);
        assertThat(call.set("trim_scope", "model").run()).containsExactly(0, 0, 30, 40);
    }

    @Test
    void everyDensityIsAShareOfOneBudget() {
        List<TensorCall> calls =
                ModelCall.of("ties")
                        .set("trim_scope", "model")
                        .cut(4, 4)
                        .base(new float[8])
                        .model(new float[8], Map.of("weight", 1.0, "density", 0.25))
                        .calls();
        TensorCall half = calls.get(1);
        List<TensorCall.Input> inputs =
                List.of(
                        half.inputs().get(0),
                        new TensorCall.Input("m1", Map.of("weight", 1.0, "density", 0.5)));
        TensorCall denser = new TensorCall(half.output(), inputs, 0, half.shared(), 0);
        List<float[]> merged =
                io.amalgam.internal.engine.InMemory.merge(
                        BuiltInMethods.load().get("ties"),
                        List.of(calls.get(0), denser),
                        List.of(
                                List.of(new float[4], new float[] {9, 8, 7, 1}),
                                List.of(new float[4], new float[] {6, 2, 3, 4})),
                        io.amalgam.internal.kernel.ScalarKernels.INSTANCE);
        assertThat(merged.get(0)).containsExactly(9, 8, 7, 0);
        assertThat(merged.get(1)).containsExactly(0, 0, 0, 0);
    }

    @Test
    void tensorsOfEitherScopeLieBesideEachOther() {
        List<TensorCall> calls =
                ModelCall.of("ties")
                        .cut(2, 2)
                        .base(new float[4])
                        .model(new float[4], Map.of("weight", 1.0, "density", 0.5))
                        .calls();
        TensorCall second = calls.get(1);
        Map<String, Object> shared = new java.util.HashMap<>(second.shared());
        shared.put("trim_scope", "model");
        TensorCall together =
                new TensorCall(second.output(), second.inputs(), second.base(), shared, 0);
        List<float[]> merged =
                io.amalgam.internal.engine.InMemory.merge(
                        BuiltInMethods.load().get("ties"),
                        List.of(calls.get(0), together),
                        List.of(
                                List.of(new float[2], new float[] {1, 2}),
                                List.of(new float[2], new float[] {30, 40})),
                        io.amalgam.internal.kernel.ScalarKernels.INSTANCE);
        assertThat(merged.get(0)).containsExactly(0, 2);
        assertThat(merged.get(1)).containsExactly(0, 40);
    }

    @Test
    void anotherScopeIsRefused() {
        ModelCall call =
                ModelCall.of("ties")
                        .set("trim_scope", "layer")
                        .cut(1)
                        .base(new float[1])
                        .model(new float[1], Map.of("weight", 1.0));
        assertThatThrownBy(call::run)
                .isInstanceOf(BadInputException.class)
                .hasMessage("parameter 'trim_scope': expected tensor or model, got 'layer'");
    }
}
