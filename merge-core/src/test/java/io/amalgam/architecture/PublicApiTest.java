package io.amalgam.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What is public, and who may use what is not. */
class PublicApiTest {
    /** The limit on public types outside of {@code internal}; it may only go down. */
    private static final int MOST_PUBLIC_TYPES = 70;

    private static final Pattern PUBLIC =
            Pattern.compile(
                    "^public (?:(?:final|abstract|sealed|non-sealed) )*(?:class|record|interface|enum|@interface) ",
                    Pattern.MULTILINE);

    @Test
    void theApiIsSmall() throws IOException {
        Set<String> types = new TreeSet<>();
        for (Path file : mainSources()) {
            if (!file.toString().contains("internal") && found(PUBLIC, file)) {
                types.add(file.getFileName().toString());
            }
        }
        assertThat(types).hasSizeLessThanOrEqualTo(MOST_PUBLIC_TYPES);
    }

    @Test
    void everyPackageIsDescribed() throws IOException {
        for (Path file : mainSources()) {
            assertThat(file.resolveSibling("package-info.java")).exists();
        }
    }

    @Test
    void samplesUseTheApiAlone() throws IOException {
        Pattern internal = Pattern.compile("io\\.amalgam\\.internal");
        List<Path> samples = Sources.files("samples/src/main/java", ".java");
        assertThat(samples).isNotEmpty();
        assertThat(samples).noneMatch(file -> found(internal, file));
    }

    private static List<Path> mainSources() throws IOException {
        List<Path> files = new ArrayList<>(Sources.files("merge-core/src/main/java", ".java"));
        files.addAll(Sources.files("merge-formats/src/main/java", ".java"));
        return files;
    }

    private static boolean found(Pattern pattern, Path file) {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.anyMatch(line -> pattern.matcher(line).find());
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
