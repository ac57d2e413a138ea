package io.amalgam.cli.options;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ByteSizeTest {
    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "12345, 12345",
        "5k, 5000",
        "5K, 5000",
        "5m, 5000000",
        "5B, 5000000000",
        "5b, 5000000000",
        "2G, 2000000000",
        "1T, 1000000000000",
        "7KB, 7000",
        "7MB, 7000000",
        "1.5GB, 1500000000",
        "1.5 GB, 1500000000",
        "1KiB, 1024",
        "256MiB, 268435456",
        "0.5GiB, 536870912",
        "2TiB, 2199023255552",
        "9223372036854775807, "
    })
    void reads(String text, Long bytes) {
        // The last one has more digits than any disk needs.
        assertThat(ByteSize.parse(text).map(ByteSize::bytes).orElse(null)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "k",
                "-1",
                "5x",
                "5kbb",
                "1e3",
                "1,5GB",
                "0.0001k",
                "1.",
                ".5G",
                "99999999999T",
                "٣"
            })
    void rejects(String text) {
        assertThat(ByteSize.parse(text)).isEmpty();
    }
}
