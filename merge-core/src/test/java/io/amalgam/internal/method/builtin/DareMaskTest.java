package io.amalgam.internal.method.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which elements DARE keeps. */
class DareMaskTest {
    private static final int N = 1_000_000;

    @ParameterizedTest
    @ValueSource(doubles = {0.001, 0.1, 0.3, 0.5, 0.9, 0.999})
    void theShareKeptIsTheDensity(double density) {
        double error = Math.sqrt(density * (1 - density) / N);
        for (long seed = 0; seed < 3; seed++) {
            assertThat(share(mask(density, seed, "w", 0))).isCloseTo(density, within(4 * error));
        }
    }

    @Test
    void sameSeedSameMask() {
        assertThat(mask(0.5, 7, "w", 0)).isEqualTo(mask(0.5, 7, "w", 0));
    }

    @Test
    void seedsTensorsAndModelsHaveMasksOfTheirOwn() {
        boolean[] mask = mask(0.5, 7, "w", 0);
        for (boolean[] other :
                new boolean[][] {
                    mask(0.5, 8, "w", 0), mask(0.5, 7, "v", 0), mask(0.5, 7, "w", 1)
                }) {
            boolean[] both = new boolean[N];
            for (int i = 0; i < N; i++) {
                both[i] = mask[i] && other[i];
            }
            assertThat(share(both)).isCloseTo(0.25, within(4 * Math.sqrt(0.25 * 0.75 / N)));
        }
    }

    @Test
    void neighboursAreIndependent() {
        boolean[] mask = mask(0.5, 1, "w", 0);
        for (int distance : new int[] {1, 2, 16, 32, 64, 4096}) {
            boolean[] both = new boolean[N - distance];
            for (int i = 0; i < both.length; i++) {
                both[i] = mask[i] && mask[i + distance];
            }
            assertThat(share(both))
                    .as("distance %d", distance)
                    .isCloseTo(0.25, within(5 * Math.sqrt(0.25 * 0.75 / N)));
        }
    }

    @Test
    void theNormIsRestored() {
        float[] zero = new float[N];
        float[] delta = Data.normal(N, 1);
        float[] out = MethodCall.of("dare_linear").base(zero).model(delta, 1, 0.2).run();
        assertThat(norm(out)).isCloseTo(norm(delta), within(1e-6 * norm(delta)));
    }

    /** One over such densities is infinite, in float32 if not in float64. */
    @ParameterizedTest
    @ValueSource(doubles = {0, Double.MIN_VALUE, 1e-40, 1e-12})
    void ofNoDensityNothingIsKeptHoweverItIsRescaled(double density) {
        float[] base = {1, 2, 3};
        float[] much = {5, -6, 7};
        float[] other = {1.5f, 2.5f, 2.5f};
        for (String rescale : new String[] {"false", "l1", "density"}) {
            for (String method : new String[] {"dare_linear", "dare_ties"}) {
                assertThat(
                                MethodCall.of(method)
                                        .base(base)
                                        .model(much, 1, density)
                                        .model(other, 1, 1)
                                        .set("rescale", rescale)
                                        .run())
                        .as(method + " " + rescale)
                        .containsExactly(other);
            }
        }
    }

    private static double norm(float[] values) {
        double sum = 0;
        for (float value : values) {
            sum += Math.abs(value);
        }
        return sum;
    }

    /**
     * @param position of the model among the inputs
     */
    private static boolean[] mask(double density, long seed, String tensor, int position) {
        float[] zero = new float[N];
        float[] ones = new float[N];
        Arrays.fill(ones, 1);
        MethodCall call =
                MethodCall.of("dare_linear").seed(seed).tensor(tensor).set("rescale", "false");
        if (position == 0) {
            call.model(ones, 1, density).base(zero);
        } else {
            call.base(zero).model(ones, 1, density);
        }
        float[] out = call.run();
        boolean[] kept = new boolean[N];
        for (int i = 0; i < N; i++) {
            kept[i] = out[i] != 0;
        }
        return kept;
    }

    private static double share(boolean[] kept) {
        int count = 0;
        for (boolean one : kept) {
            count += one ? 1 : 0;
        }
        return (double) count / kept.length;
    }
}
