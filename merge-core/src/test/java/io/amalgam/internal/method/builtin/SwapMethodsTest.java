package io.amalgam.internal.method.builtin;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.internal.kernel.KernelProvider;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code nearswap} and {@code arcee_fusion}: which elements of the other model are taken. */
class SwapMethodsTest {
    @ParameterizedTest
    @ValueSource(doubles = {-1, 0, 1e-8, 1e-3, 0.05, 1, 1e9})
    void nearswapMovesWhatIsNear(double t) {
        for (int n : Data.SIZES) {
            float[] base = Data.normal(n, 1);
            float[] x = Data.near(base, 0.1, 2);
            x[0] = base[0];
            double[] expected = new double[n];
            for (int i = 0; i < n; i++) {
                double w = t / Math.max(Math.abs((double) base[i] - x[i]), 1e-6);
                w = Math.min(1, Math.max(0, w));
                expected[i] = w * x[i] + (1 - w) * base[i];
            }
            Data.assertClose(nearswap(base, x, t), expected, 5e-7);
        }
    }

    @Test
    void nearswapEndsAreTheModels() {
        float[] base = Data.normal(1000, 1);
        float[] x = Data.normal(1000, 2);
        assertThat(nearswap(base, x, 0)).isEqualTo(base);
        assertThat(nearswap(base, x, 100)).isEqualTo(x);
    }

    private static float[] nearswap(float[] base, float[] x, double t) {
        return MethodCall.of("nearswap").base(base).model(x, Map.of()).set("t", t).run();
    }

    private static MethodCall fusion(float[] base, float[] x, long... shape) {
        return MethodCall.of("arcee_fusion").base(base).model(x, Map.of()).shape(shape);
    }

    /** As it is defined, with the platform's own functions and a full sort. */
    private static float[] slowFusion(float[] base, float[] x, int columns) {
        int n = x.length;
        float[] importance = new float[n];
        for (int row = 0; row < n; row += columns) {
            double[] p = softmax(x, row, columns);
            double[] q = softmax(base, row, columns);
            double divergence = 0;
            for (int i = 0; i < columns; i++) {
                divergence += p[i] * StrictMath.log(p[i] / q[i]);
            }
            for (int i = row; i < row + columns; i++) {
                importance[i] = Math.abs(x[i] - base[i]) * (float) Math.max(0, divergence);
            }
        }
        float[] sorted = importance.clone();
        Arrays.sort(sorted);
        float first = sorted[(int) (0.25 * (n - 1))];
        float third = sorted[(int) (0.75 * (n - 1))];
        float threshold = sorted[(int) (0.5 * (n - 1))] + 1.5f * (third - first);
        float[] out = new float[n];
        for (int i = 0; i < n; i++) {
            out[i] = importance[i] >= threshold ? x[i] : base[i];
        }
        return out;
    }

    private static double[] softmax(float[] x, int from, int count) {
        double[] p = new double[count];
        double largest = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < count; i++) {
            largest = Math.max(largest, x[from + i]);
        }
        double sum = 0;
        for (int i = 0; i < count; i++) {
            p[i] = StrictMath.exp(x[from + i] - largest);
            sum += p[i];
        }
        for (int i = 0; i < count; i++) {
            p[i] = p[i] / sum + 1e-8;
        }
        return p;
    }

    /**
     * Elements of other sizes than their neighbours, so that no threshold is a matter of rounding.
     */
    private static float[] other(float[] base, long seed) {
        return Data.near(base, 0.05, seed);
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1",
        "1, 2",
        "1, 1000",
        "3, 5",
        "500, 7",
        "30, 16385",
        "3, 70000",
        "1, 300001",
        "70000, 3"
    })
    void fusionTakesTheMostImportant(int rows, int columns) {
        float[] base = Data.normal(rows * columns, 1);
        float[] x = other(base, 2);
        float[] expected = columns == 1 ? x : slowFusion(base, x, columns);
        float[] out = fusion(base, x, rows, columns).run();
        int different = 0;
        for (int i = 0; i < out.length; i++) {
            different += out[i] == expected[i] ? 0 : 1;
        }
        // The importance nearest the threshold may fall on its other side by rounding.
        assertThat(different).isLessThanOrEqualTo(out.length > 1000 ? 2 : 0);
        assertThat(out).isNotEqualTo(base);
    }

    @Test
    void fusionOfEqualModelsIsThatModel() {
        float[] x = Data.normal(1000, 1);
        assertThat(fusion(x, x, 10, 100).run()).isEqualTo(x);
        assertThat(fusion(x, x, 1000, 1).run()).isEqualTo(x);
        assertThat(fusion(new float[0], new float[0], 0, 4).run()).isEmpty();
    }

    @Test
    void fusionTakesAllWhereNothingMatters() {
        // A softmax does not see a shift: no row diverges, and every importance is 0.
        float[] base = new float[96];
        float[] x = new float[96];
        Arrays.fill(x, 2f);
        assertThat(fusion(base, x, 4, 24).run()).isEqualTo(x);
    }

    @Test
    void fusionTakesLoneLargeChanges() {
        float[] base = Data.normal(400, 1);
        float[] x = Data.near(base, 1e-4, 2);
        x[123] += 3;
        float[] out = fusion(base, x, 4, 100).run();
        assertThat(out[123]).isEqualTo(x[123]);
        assertThat(out[5]).isEqualTo(base[5]);
    }

    @Test
    void chosenKernelsGiveTheSame() {
        float[] base = Data.normal(300_000, 1);
        float[] x = other(base, 2);
        MethodCall call = fusion(base, x, 300, 1000);
        float[] scalar = call.run();
        call.kernels(KernelProvider.choose(KernelProvider.Choice.AUTO).kernels());
        assertThat(call.run()).isEqualTo(scalar);
    }
}
