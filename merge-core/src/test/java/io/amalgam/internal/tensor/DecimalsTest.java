package io.amalgam.internal.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DecimalsTest {
    @ParameterizedTest
    @CsvSource({
        "0.5, 0.5",
        "1, 1.0",
        "-0.1, -0.1",
        "0.002, 0.002",
        "2.0E-3, 0.002",
        "100, 100.0",
        "1e7, 1E+7",
        "0.30000000000000004, 0.30000000000000004",
        "4.9E-324, 5E-324",
        "0, 0.0",
        "-0.0, -0.0",
        "2.2250738585072014E-308, 2.2250738585072014E-308",
        "NaN, NaN"
    })
    void shortest(double value, String text) {
        assertThat(Decimals.text(value)).isEqualTo(text);
    }

    @Test
    void everyNumberIsReadAgainAndNoShorterOneWouldDo() {
        Random random = new Random(1);
        for (int i = 0; i < 20_000; i++) {
            double value = Double.longBitsToDouble(random.nextLong());
            if (Double.isFinite(value)) {
                String text = Decimals.text(value);
                assertThat(Double.parseDouble(text)).isEqualTo(value);
                assertThat(new BigDecimal(text).precision())
                        .isLessThanOrEqualTo(new BigDecimal(Double.toString(value)).precision());
            }
        }
    }
}
