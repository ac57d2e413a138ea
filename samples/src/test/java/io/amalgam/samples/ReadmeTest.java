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
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the README shows is true: its Java compiles or is a program's, its recipes parse, its table
 * is the program's output.
 */
class ReadmeTest {
    private static final Path README = Path.of("../README.md");

    private static List<String> blocks(String language) throws IOException {
        return blocks(README, language);
    }

    private static List<String> blocks(Path page, String language) throws IOException {
        Matcher block =
                Pattern.compile("(?s)```" + language + "\n(.*?)```")
                        .matcher(Files.readString(page));
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
        assertThat(shown).hasSize(2);
        // The example goes on for a few lines after what is shown.
        String body = shown.get(1).stripTrailing();
        String withoutEnd = body.substring(0, body.lastIndexOf('}'));
        assertThat(source.replaceAll("\\s+", " "))
                .contains(withoutEnd.strip().replaceAll("\\s+", " "));
    }

    @Test
    void theJavaOfThePagesCompiles(@TempDir Path temp) throws IOException {
        List<String> shown = new ArrayList<>();
        for (String page : List.of("../README.md", "../docs/library.md", "../docs/batch.md")) {
            shown.addAll(blocks(Path.of(page), "java"));
        }
        List<String> arguments = new ArrayList<>(List.of("-proc:none", "-nowarn", "-cp"));
        arguments.add(System.getProperty("java.class.path"));
        arguments.addAll(List.of("-d", temp.toString()));
        for (int i = 0; i < shown.size(); i++) {
            Path file = Files.createDirectories(temp.resolve("shown" + i)).resolve("App.java");
            Files.writeString(file, "package shown" + i + ";\n" + program(shown.get(i)));
            arguments.add(file.toString());
        }
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        int code =
                ToolProvider.getSystemJavaCompiler()
                        .run(null, said, said, arguments.toArray(String[]::new));
        assertThat(code).as(said.toString(StandardCharsets.UTF_8)).isZero();
    }

    /** A block that is no class becomes one: with imports, and what it takes as given. */
    private static String program(String block) {
        if (block.contains("class App")) {
            return block;
        }
        return """
                import static io.amalgam.Parameter.*;
                import io.amalgam.*;
                import io.amalgam.checkpoint.*;
                import io.amalgam.engine.*;
                import io.amalgam.error.*;
                import io.amalgam.plan.*;
                import io.amalgam.runs.*;
                import io.amalgam.tensor.*;
                import java.nio.file.Path;
                import java.util.*;
                import org.nd4j.linalg.api.ndarray.INDArray;
                class App {
                    void shown(INDArray array, Path models) throws Exception {
                """
                + block
                + "}}";
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
