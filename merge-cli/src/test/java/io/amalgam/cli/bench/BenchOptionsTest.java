package io.amalgam.cli.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.cli.Cli;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** No option is ignored: what does not go together is refused before a model is made. */
class BenchOptionsTest {
    @ParameterizedTest
    @CsvSource({
        "bench --fit --size 100m, --fit: it has sizes of its own;",
        "bench --fit --decoders, --fit: it has sizes of its own;",
        "bench --decoders --size 100m, --decoders: it measures no merges;",
        "bench --decoders --methods linear, --decoders: it measures no merges;",
        "bench --fit --methods passthrough, --fit: expected methods that compute something",
        "bench --size 39m, '--size: expected a number such as 1100m, at least 40m, got ''39m'''",
        "bench --rounds 0, --rounds and --num-threads: expected at least 1"
    })
    void optionsThatDoNotGoTogetherAreRefused(String command, String message) {
        Cli run = Cli.run((Object[]) command.split(" "));
        assertThat(run.exit()).isEqualTo(2);
        assertThat(run.err()).startsWith("error: " + message);
    }
}
