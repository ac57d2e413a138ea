package io.amalgam.internal.formats.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.amalgam.formats.safetensors.SafetensorsException;
import io.amalgam.formats.safetensors.SafetensorsException.Rule;
import io.amalgam.formats.safetensors.SafetensorsFile;
import io.amalgam.formats.safetensors.SafetensorsHeader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every rule has files that break it and nothing before it; each is refused with the message
 * written down beside it.
 */
class AttackCorpusTest {
    static List<Path> files() {
        return Resources.files("attacks");
    }

    @ParameterizedTest
    @EnumSource
    void everyRuleHasAFile(Rule rule) {
        assertThat(files()).anyMatch(file -> ruleName(file).equals(rule.name()));
    }

    @ParameterizedTest
    @MethodSource("files")
    void refused(Path file) throws IOException {
        SafetensorsException e =
                catchThrowableOfType(
                        SafetensorsException.class, () -> SafetensorsFile.open(file).close());

        assertThat(e).isNotNull();
        assertThat(e.rule()).isEqualTo(Rule.valueOf(ruleName(file)));
        assertThat(e.problems()).hasSize(1);
        assertThat(e).hasMessageContaining("'" + file + "'");
    }

    /** Some of the words are Jackson's, and differ between its versions. */
    @Tag("newest-libraries")
    @Test
    void messagesAreAsWrittenDown() throws IOException {
        Map<String, String> expected =
                Files.readAllLines(Resources.directory("attacks").resolve("messages.txt")).stream()
                        .map(line -> line.split("\t", 2))
                        .collect(Collectors.toMap(line -> line[0], line -> line[1]));

        Map<String, String> messages =
                files().stream()
                        .collect(
                                Collectors.toMap(
                                        AttackCorpusTest::name, AttackCorpusTest::message));

        assertThat(messages).containsExactlyInAnyOrderEntriesOf(expected);
    }

    /** Of the file as if it were named {@code model.safetensors}. */
    private static String message(Path file) {
        try {
            byte[] bytes = Files.readAllBytes(file);
            SafetensorsHeader.read(
                    "model.safetensors",
                    Channels.newChannel(new ByteArrayInputStream(bytes)),
                    bytes.length);
            return "accepted";
        } catch (SafetensorsException | IOException e) {
            return e.getMessage();
        }
    }

    private static String name(Path file) {
        return file.getFileName().toString();
    }

    private static String ruleName(Path file) {
        return name(file).split("\\.")[0].toUpperCase(Locale.ROOT);
    }
}
