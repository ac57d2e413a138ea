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
}
