package io.amalgam.method;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class ElementaryTest {
    @Test
    void exponentialsAreWithinUnitsOfTheExact() {
        Random random = new Random(1);
        for (int i = 0; i < 1_000_000; i++) {
            double x = (random.nextDouble() * 2 - 1) * (i % 3 == 0 ? 700 : i % 3 == 1 ? 20 : 0.01);
            double exact = StrictMath.exp(x);
            double ours = Elementary.exp(x);
            if (!(Math.abs(ours - exact) <= 4 * Math.ulp(exact))) {
                assertThat(ours).as("exp(%s)", x).isEqualTo(exact);
            }
        }
    }

    @Test
    void exponentialsAtTheEnds() {
        assertThat(Elementary.exp(0)).isEqualTo(1);
        assertThat(Elementary.exp(-0.0)).isEqualTo(1);
        assertThat(Elementary.exp(-701)).isEqualTo(0);
        assertThat(Elementary.exp(Double.NEGATIVE_INFINITY)).isEqualTo(0);
        assertThat(Elementary.exp(Double.POSITIVE_INFINITY)).isEqualTo(Double.POSITIVE_INFINITY);
        assertThat(Elementary.exp(Double.NaN)).isNaN();
    }

    @Test
    void logarithmsAreWithinUnitsOfTheExact() {
        Random random = new Random(2);
        for (int i = 0; i < 1_000_000; i++) {
            double x =
                    switch (i % 4) {
                        case 0 -> StrictMath.exp(random.nextDouble() * 1400 - 700);
                        case 1 -> 1 + (random.nextDouble() - 0.5) * 1e-3;
                        case 2 -> 1 + (random.nextDouble() - 0.5) * 1e-12;
                        default -> random.nextDouble() * 4 + 1e-9;
                    };
            double exact = StrictMath.log(x);
            double ours = Elementary.log(x);
            if (!(Math.abs(ours - exact) <= 4 * Math.ulp(exact))) {
                assertThat(ours).as("log(%s)", x).isEqualTo(exact);
            }
        }
        assertThat(Elementary.log(1)).isEqualTo(0);
    }
}
