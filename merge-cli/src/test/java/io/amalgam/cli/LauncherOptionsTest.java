package io.amalgam.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The launcher's compiler options name classes; after a rename they would be ignored in silence.
 */
class LauncherOptionsTest {
    private static final Pattern CLASS =
            Pattern.compile("-XX:CompileCommand=\\w+,([\\w.$*]+)::([\\w*]+).*");

    static Stream<Matcher> commands() throws IOException {
        List<String> lines = Files.readAllLines(Path.of("src/main/launcher/java.args"));
        return lines.stream().map(CLASS::matcher).filter(Matcher::matches);
    }

    @Test
    void thereAreSome() throws IOException {
        assertThat(commands()).isNotEmpty();
    }

    @ParameterizedTest
    @MethodSource("commands")
    void namesWhatExists(Matcher command) throws Exception {
        String type = command.group(1);
        if (type.endsWith(".*")) {
            String folder = type.substring(0, type.length() - 2).replace('.', '/');
            assertThat(getClass().getClassLoader().getResource(folder)).as(type).isNotNull();
            return;
        }
        Class<?> named = Class.forName(type, false, getClass().getClassLoader());
        if (!command.group(2).equals("*")) {
            assertThat(Arrays.stream(named.getDeclaredMethods()).map(m -> m.getName()))
                    .contains(command.group(2));
        }
    }
}
