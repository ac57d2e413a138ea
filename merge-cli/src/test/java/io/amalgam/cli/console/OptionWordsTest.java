package io.amalgam.cli.console;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.error.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
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

    @Test
    void aRecipeMadeByACommandHasNoPlacesAndNoParameters() {
        Problem decay =
                Problem.expected("parameter 'decay'", "a number from 0 to 1", 1.5)
                        .at("amalgam average:5:21");
        Problem layers =
                Problem.of("layers")
                        .at("amalgam soup:4:12")
                        .hint("choose layers with 'slices', or merge models of one depth");
        Problem written = decay.at("ema.yml:5:21");

        assertThat(OptionWords.of(decay))
                .hasToString("option '--ema': expected a number from 0 to 1, got 1.5");
        assertThat(OptionWords.isOfOption(decay)).isTrue();
        assertThat(OptionWords.of(layers)).hasToString("layers; merge models of one depth");
        assertThat(OptionWords.of(written)).isEqualTo(written);
        assertThat(OptionWords.isOfOption(written)).isFalse();
    }

    @Test
    void theLibraryKnowsNoOptions() throws IOException {
        Pattern option = Pattern.compile("\"[^\"\n]*(^|[ '\"(])--[a-z][^\"\n]*\"");
        List<String> found = new ArrayList<>();
        for (String module : List.of("merge-core", "merge-formats")) {
            Path sources = Path.of("..", module, "src", "main", "java");
            try (Stream<Path> all = Files.walk(sources)) {
                for (Path file : all.filter(f -> f.toString().endsWith(".java")).toList()) {
                    for (String line : Files.readAllLines(file)) {
                        // Java's own option is meant.
                        boolean java = line.contains("start java with --add-modules");
                        if (!java && option.matcher(line).find()) {
                            found.add(file.getFileName() + ": " + line.strip());
                        }
                    }
                }
            }
        }

        assertThat(found).isEmpty();
    }
}
