package io.amalgam.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Which tests are not run again on the scalar kernels and with the oldest libraries. */
class SecondPassTest {
    /**
     * Packages that are left out whole: a new test there is not run again, whatever it tests. They
     * choose their kernels themselves, or have none, and read no JSON or YAML but their own
     * expected values.
     */
    private static final List<String> WHOLE =
            List.of(
                    "io/amalgam/architecture/**",
                    "io/amalgam/contract/**",
                    "io/amalgam/internal/linalg/**",
                    "io/amalgam/internal/tensor/**",
                    "io/amalgam/internal/method/**",
                    "io/amalgam/internal/encoding/**",
                    "io/amalgam/internal/formats/quantising/**");

    /** A parser of a library, or a reader of settings built on one, that a test calls itself. */
    private static final Pattern LIBRARY =
            Pattern.compile("\\b(RecipeReader|RecipeWriter|ConfigNumbers)\\b");

    private static List<String> leftOut() throws IOException {
        String pom = Files.readString(Sources.root().resolve("pom.xml"));
        String pass = pom.substring(pom.lastIndexOf("<id>second-pass</id>"));
        Matcher exclude = Pattern.compile("<exclude>(io/[^<]+)</exclude>").matcher(pass);
        List<String> all = new ArrayList<>();
        while (exclude.find()) {
            all.add(exclude.group(1));
        }
        return all;
    }

    private static List<Path> tests(String pattern) throws IOException {
        PathMatcher matcher = FileSystems.getDefault().getPathMatcher("glob:" + pattern);
        List<Path> found = new ArrayList<>();
        for (String module : List.of("merge-core", "merge-formats")) {
            Path sources = Sources.root().resolve(module + "/src/test/java");
            for (Path file : Sources.files(module + "/src/test/java", "Test.java")) {
                if (matcher.matches(sources.relativize(file))) {
                    found.add(file);
                }
            }
        }
        return found;
    }

    @Test
    void everyExceptionIsOfATestThereIs() throws IOException {
        assertThat(leftOut()).hasSizeGreaterThan(10);
        for (String pattern : leftOut()) {
            assertThat(tests(pattern)).as(pattern).isNotEmpty();
        }
    }

    @Test
    void onlyThesePackagesAreLeftOutWhole() throws IOException {
        assertThat(leftOut())
                .filteredOn(pattern -> pattern.endsWith("**"))
                .containsExactlyInAnyOrderElementsOf(WHOLE);
    }

    @Test
    void testsOfWhatReadsJsonOrYamlAreRunAgain() throws IOException {
        for (String pattern : WHOLE) {
            for (Path test : tests(pattern)) {
                if (!test.endsWith("SecondPassTest.java")) {
                    assertThat(Files.readString(test))
                            .as("%s", test)
                            .doesNotContainPattern(LIBRARY);
                }
            }
        }
    }
}
