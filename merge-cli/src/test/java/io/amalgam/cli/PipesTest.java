package io.amalgam.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/** A pipe nobody writes to would be waited for, for ever: it is refused instead. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "there are no named pipes in directories")
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Isolated("standard input is that of the process")
class PipesTest {
    @TempDir Path folder;
    private Path recipe;

    @BeforeEach
    void models() throws IOException {
        recipe = Models.averageRecipe(folder);
    }

    @Test
    void forARecipeIsRead() throws Exception {
        Path pipe = pipe("pipe.yml");
        byte[] text = Files.readAllBytes(recipe);
        Thread writer =
                new Thread(
                        () -> {
                            try {
                                Files.write(pipe, text, StandardOpenOption.WRITE);
                            } catch (IOException e) {
                                throw new UncheckedIOException(e);
                            }
                        });
        writer.setDaemon(true);
        writer.start();

        Cli result = Cli.run("merge", pipe, folder.resolve("out"), "--quiet");

        assertThat(result.err()).isEmpty();
        assertThat(result.exit()).isZero();
    }

    @Test
    void standardInputIsRead() throws Exception {
        InputStream before = System.in;
        try {
            System.setIn(Files.newInputStream(recipe));
            assertThat(Cli.run("plan", "-").errors())
                    .allMatch(line -> line.contains("(standard input:"));
            String absolute =
                    Files.readString(recipe)
                            .replaceAll("model: ([ab])", "model: " + folder + "/$1");
            System.setIn(new ByteArrayInputStream(absolute.getBytes(StandardCharsets.UTF_8)));
            Cli result = Cli.run("merge", "-", folder.resolve("out"), "--quiet");
            assertThat(result.err()).isEmpty();
            assertThat(result.exit()).isZero();
        } finally {
            System.setIn(before);
        }
    }

    @Test
    void forAModel() throws Exception {
        Path pipe = pipe("pipe.safetensors");

        assertRefused(
                "inspect",
                pipe,
                "model '"
                        + pipe
                        + "': expected a model directory or weights file, got a pipe or device");
    }

    @Test
    void forWeights() throws Exception {
        assertRefusedIn("model.safetensors");
    }

    @Test
    void forAConfig() throws Exception {
        assertRefusedIn("config.json");
    }

    @Test
    void forATokenizer() throws Exception {
        Path pipe = pipe("a/tokenizer.json");

        assertRefused(
                "plan",
                recipe,
                "file '"
                        + pipe
                        + "', to be copied to the output: expected a readable file, got a pipe or device");
    }

    private void assertRefusedIn(String name) throws Exception {
        Files.delete(folder.resolve("a").resolve(name));
        Path pipe = pipe("a/" + name);

        assertRefused(
                "inspect",
                folder.resolve("a"),
                "file: expected a regular file, got a pipe or device ('" + pipe + "')");
    }

    private static void assertRefused(String command, Path path, String message) {
        Cli result = Cli.run(command, path);

        assertThat(result.errors()).singleElement().asString().startsWith("error: " + message);
        assertThat(result.exit()).isEqualTo(3);
    }

    private Path pipe(String name) throws Exception {
        Path pipe = folder.resolve(name);
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor()).isZero();
        return pipe;
    }
}
