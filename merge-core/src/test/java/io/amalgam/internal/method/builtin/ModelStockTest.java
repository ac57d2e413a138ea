package io.amalgam.internal.method.builtin;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelStockTest {
    private static MethodCall call(float[] base, float[]... models) {
        MethodCall call = MethodCall.of("model_stock").base(base);
        for (float[] model : models) {
            call.model(model, Map.of());
        }
        return call;
    }

    /** Models that share a part of their change, as fine-tuned ones do. */
    private static float[][] tuned(float[] base, double distance) {
        float[] shared = Data.near(base, distance, 9);
        return new float[][] {
            Data.near(shared, distance, 4),
            Data.near(shared, distance, 5),
            Data.near(shared, distance, 6)
        };
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e-6, 1e-3, 0.1, 3})
    void movesAsFarAsTaskVectorsAgree(double distance) {
        for (int n : Data.SIZES) {
            float[] base = Data.normal(n, 3);
            float[][] x = tuned(base, distance);
            Data.assertClose(call(base, x).run(), SlowGeometry.modelStock(x, base), 3e-6);
        }
    }

    @ParameterizedTest
    @CsvSource({"3, 5", "1, 40", "40, 1", "300, 7", "3, 70000", "17, 16385"})
    void filterWiseForEachRow(int rows, int columns) {
        float[] base = Data.normal(rows * columns, 3);
        float[][] x = tuned(base, 0.1);
        float[][] all = {x[0], x[1], x[2], base};
        float[] out = call(base, x).set("filter_wise", true).shape(rows, columns).run();
        double[] expected =
                SlowGeometry.byRow(
                        all,
                        columns,
                        parts ->
                                SlowGeometry.modelStock(
                                        new float[][] {parts[0], parts[1], parts[2]}, parts[3]));
        Data.assertClose(out, expected, 2e-6);
    }

    @Test
    void modelsThatDoNotDifferFromTheBaseLeaveIt() {
        float[] base = Data.normal(1000, 3);
        assertThat(call(base, base, base).run()).isEqualTo(base);
        assertThat(call(base, base, Data.near(base, 1, 2)).run()).isEqualTo(base);
    }

    @Test
    void equalModelsAreTakenWhole() {
        float[] base = Data.normal(1000, 3);
        float[] x = Data.near(base, 0.5, 2);
        Data.assertClose(call(base, x, x, x).run(), Data.doubles(x), 2e-7);
    }

    @Test
    void oppositeModelsLeaveTheBase() {
        // Two opposite task vectors: c = -1, and 1 + (N-1) c is 0.
        float[] base = new float[1000];
        float[] x = Data.normal(1000, 2);
        assertThat(call(base, x, Slow.scaled(x, -1)).run()).isEqualTo(base);
    }

    @Test
    void doesNotDependOnTheOrder() {
        float[] base = Data.normal(70_000, 3);
        float[][] x = tuned(base, 0.1);
        Data.assertClose(
                call(base, x[2], x[0], x[1]).run(), Data.doubles(call(base, x).run()), 3e-7);
    }
}
