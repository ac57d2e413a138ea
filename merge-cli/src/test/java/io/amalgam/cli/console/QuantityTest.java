package io.amalgam.cli.console;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QuantityTest {
    @ParameterizedTest
    @CsvSource({
        "0, 0 B",
        "999, 999 B",
        "1000, 1.00 kB",
        "9994, 9.99 kB",
        "9996, 10.0 kB",
        "99960, 100 kB",
        "999499, 999 kB",
        "999500, 1.00 MB",
        "2200000000, 2.20 GB"
    })
    void bytes(long bytes, String text) {
        assertThat(Quantity.bytes(bytes)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({
        "12, 12",
        "1100048384, 1.10 billion",
        "7240000000, 7.24 billion",
        "60000, 60.0 thousand"
    })
    void counts(long count, String text) {
        assertThat(Quantity.count(count)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({
        "0.04, 0.0 s",
        "1.25, 1.3 s",
        "9.96, 10 s",
        "59.6, 1 min 0 s",
        "250, 4 min 10 s",
        "7500, 2 h 5 min"
    })
    void durations(double seconds, String text) {
        assertThat(Quantity.duration(seconds)).isEqualTo(text);
    }

    @Test
    void plurals() {
        assertThat(Quantity.of(1, "file")).isEqualTo("1 file");
        assertThat(Quantity.of(0, "file")).isEqualTo("0 files");
    }
}
