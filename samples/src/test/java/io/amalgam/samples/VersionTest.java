package io.amalgam.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The version stands in .mvn/maven.config; what readers copy must name the same. */
class VersionTest {
    private static final Path HOME = Path.of("..");

    private static String version() throws IOException {
        List<String> lines = Files.readAllLines(HOME.resolve(".mvn/maven.config"));
        String prefix = "-Drevision=";
        return lines.stream()
                .filter(line -> line.startsWith(prefix))
                .map(line -> line.substring(prefix.length()))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void theReadmeAndTheSamplesNameIt() throws IOException {
        assertThat(named("README.md", "amalgam-bom</artifactId>\\s*<version>(.+?)</version>"))
                .containsExactly(version());
        assertThat(named("samples/pom.xml", "<amalgam.version>(.+?)</amalgam.version>"))
                .containsExactly(version());
    }

    @Test
    void theModulesTakeItFromOnePlace() throws IOException {
        for (String module : List.of("merge-core", "merge-formats", "merge-cli", "bom")) {
            assertThat(Files.readString(HOME.resolve(module).resolve("pom.xml")))
                    .as(module)
                    .contains("<version>${revision}</version>")
                    .doesNotContain(version());
        }
    }

    private static List<String> named(String file, String pattern) throws IOException {
        return Pattern.compile(pattern)
                .matcher(Files.readString(HOME.resolve(file)))
                .results()
                .map(match -> match.group(1))
                .toList();
    }
}
