package io.amalgam.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.error.Problem;
import org.junit.jupiter.api.Test;

class OptionWordsTest {
    @Test
    void settingsOfTheLibraryAreCalledByTheirOptions() {
        Problem problem =
                Problem.of("memory")
                        .hint("raise EngineOptions.memory, or EngineOptions.overwrite(true)");

        assertThat(OptionWords.of(problem).hint()).isEqualTo("raise --memory, or --overwrite");
    }

    @Test
    void settingsOfCombinationsAndExtractionsAreCalledByTheirOptions() {
        Problem problem =
                Problem.of("nothing to extract")
                        .hint(
                                "check ExtractOptions.include and exclude, or give CombineOptions.parameters"
                                        + " density=VALUE");

        assertThat(OptionWords.of(problem).hint())
                .isEqualTo("check --include and --exclude, or give --parameter density=VALUE");
    }
}
