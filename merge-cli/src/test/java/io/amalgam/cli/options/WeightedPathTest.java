package io.amalgam.cli.options;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.error.BadInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WeightedPathTest {
    @TempDir private Path folder;

    @ParameterizedTest
    @CsvSource({
        "a, a, 1",
        "a:0.5, a, 0.5",
        "a:-2, a, -2",
        "a:+.5, a, 0.5",
        "a:1., a, 1",
        "a:1e-3, a, 0.001",
        "a:b:0.5, a:b, 0.5",
        "a/:0, a/, 0",
        "C:\\x, C:\\x, 1",
        "C:\\x:0.5, C:\\x, 0.5",
        "a:0x1p-1, a:0x1p-1, 1",
        "a:1d, a:1d, 1",
        "a:NaN, a:NaN, 1",
        ":0.5, :0.5, 1"
    })
    void readsWeights(String word, String path, double weight) {
        assertThat(WeightedPath.parse(word)).isEqualTo(new WeightedPath(path, weight));
    }

    @Test
    void whatIsNoPathMayHaveAWeight() {
        assertThat(WeightedPath.parse("a\0b:0.5")).isEqualTo(new WeightedPath("a\0b", 0.5));
    }

    @Test
    void aPathThatIsThereIsOne() throws IOException {
        Path odd = Files.createDirectory(folder.resolve("x:0.5"));
        assertThat(WeightedPath.parse(odd.toString()))
                .isEqualTo(new WeightedPath(odd.toString(), 1));
        assertThat(WeightedPath.parse(odd + ":2")).isEqualTo(new WeightedPath(odd.toString(), 2));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "abc", "nan", "1e400", "0,5", "1d", " 1", "Infinity"})
    void whatIsNoWeightIsSaid(String text) {
        assertThatThrownBy(() -> WeightedPath.parse(folder + ":" + text))
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "weight of adapter '"
                                + folder
                                + "': expected a finite number, got '"
                                + text
                                + "'; write it as in 'adapter:0.5'");
    }
}
