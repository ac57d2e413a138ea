package io.amalgam.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Errors are one document with {@code --json}: whoever prints them elsewhere leaves it out. */
class OneDocumentTest {
    @Test
    void commandsThrowWhatEndsThem() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
            List<String> printing =
                    files.filter(file -> file.toString().endsWith(".java"))
                            .filter(file -> text(file).contains("console.errors("))
                            .map(file -> file.getFileName().toString())
                            .sorted()
                            .toList();
            // That of a batch is of one merge, and in its document.
            assertThat(printing).containsExactly("BatchProgress.java", "FailureReport.java");
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
