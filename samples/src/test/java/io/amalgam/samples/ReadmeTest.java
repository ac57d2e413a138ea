package io.amalgam.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.amalgam.internal.recipe.yaml.RecipeReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * What the README shows is true: its Java is a program's, its recipes parse, its table is the
 * program's output.
 */
class ReadmeTest {
    private static final Path README = Path.of("../README.md");

    private static List<String> blocks(String language) throws IOException {
        Matcher block =
                Pattern.compile("(?s)```" + language + "\n(.*?)```")
                        .matcher(Files.readString(README));
        List<String> found = new ArrayList<>();
        while (block.find()) {
            found.add(block.group(1));
        }
        return found;
    }

    @Test
    void theJavaIsTheExamples() throws IOException {
        String source =
                Files.readString(Path.of("src/main/java/io/amalgam/samples/ReadmeExample.java"));
        List<String> shown = blocks("java");
        assertThat(shown).hasSize(1);
        // The example goes on for a few lines after what is shown.
        String body = shown.get(0).stripTrailing();
        String withoutEnd = body.substring(0, body.lastIndexOf('}'));
        assertThat(source.replaceAll("\\s+", " "))
                .contains(withoutEnd.strip().replaceAll("\\s+", " "));
    }

    @Test
    void theExampleRuns() throws IOException {
        PrintStream before = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try {
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            ReadmeExample.main();
        } finally {
            System.setOut(before);
        }
        assertThat(printed.toString(StandardCharsets.UTF_8)).contains("fc1.weight");
    }

    @Test
    void theRecipesParse() throws IOException {
        List<String> recipes = blocks("yaml");
        assertThat(recipes).hasSize(3);
        for (String recipe : recipes) {
            assertThatCode(() -> RecipeReader.read(recipe, "README.md")).doesNotThrowAnyException();
        }
    }

    @Test
    void theAccuraciesAreTheProgramsOutput() throws IOException {
        PrintStream before = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try {
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            DigitsAccuracy.main();
        } finally {
            System.setOut(before);
        }
        List<String> lines = printed.toString(StandardCharsets.UTF_8).lines().toList();
        assertThat(Files.readAllLines(README)).containsAll(lines.subList(0, 5));
    }
}
