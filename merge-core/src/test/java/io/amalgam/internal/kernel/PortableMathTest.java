package io.amalgam.internal.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

class PortableMathTest {
    private static final int N = 1_000_000;

    private static double[] exp(double... x) {
        return Arrays.stream(x).map(PortableMath::exp).toArray();
    }

    private static double[] random(long seed, DoubleUnaryOperator... ranges) {
        Random random = new Random(seed);
        double[] values = new double[N];
        for (int i = 0; i < N; i++) {
            values[i] = ranges[i % ranges.length].applyAsDouble(random.nextDouble() * 2 - 1);
        }
        return values;
    }

    private static void assertWithinUnits(double ours, double exact, double x) {
        if (!(Math.abs(ours - exact) <= 4 * Math.ulp(exact))) {
            assertThat(ours).as("of %s", x).isEqualTo(exact);
        }
    }

    @Test
    void exponentialsAreWithinUnitsOfTheExact() {
        double[] x = random(1, r -> 700 * r, r -> 20 * r, r -> 0.01 * r);
        double[] ours = exp(x);
        for (int i = 0; i < N; i++) {
            assertWithinUnits(ours[i], StrictMath.exp(x[i]), x[i]);
        }
    }

    @Test
    void exponentialsAtTheEnds() {
        assertThat(exp(0, -0.0)).containsExactly(1, 1);
        double least = StrictMath.exp(-700);
        assertWithinUnits(PortableMath.exp(-700), least, -700);
        assertThat(exp(Double.NaN)).containsExactly(Double.NaN);
    }

    @Test
    void logarithmsAreWithinUnitsOfTheExact() {
        double[] x =
                random(
                        2,
                        r -> StrictMath.exp(700 * r),
                        r -> 1 + 1e-3 * r,
                        r -> 1 + 1e-12 * r,
                        r -> 2 + 1.9 * r);
        for (double each : x) {
            assertWithinUnits(PortableMath.log(each), StrictMath.log(each), each);
        }
        assertThat(PortableMath.log(1)).isEqualTo(0);
    }

    @Test
    void logarithmsOfRatiosKeepTheirDigits() {
        double[] b = random(3, r -> 0.5 + 0.4 * r);
        double[] apart = random(4, r -> 1e-9 * r, r -> 0.3 * r, r -> StrictMath.exp(5 * r));
        double[] a = new double[N];
        for (int i = 0; i < N; i++) {
            a[i] = b[i] + b[i] * apart[i];
        }
        for (int i = 0; i < N; i++) {
            // The difference of two numbers near each other is exact.
            double exact = StrictMath.log1p((a[i] - b[i]) / b[i]);
            double log = PortableMath.logRatio(a[i], b[i]);
            if (!(Math.abs(log - exact) <= 8 * Math.ulp(exact))) {
                assertThat(log).as("ln(%s / %s)", a[i], b[i]).isEqualTo(exact);
            }
        }
        assertThat(Arrays.stream(a).map(x -> PortableMath.logRatio(x, x))).containsOnly(0.0);
    }
}
