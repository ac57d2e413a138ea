package io.amalgam.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.internal.method.builtin.BuiltInMethods;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.ParameterSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What every merge method must bring along. */
class MethodRegistryTest {
    static List<String> names() {
        return BuiltInMethods.all().stream().map(method -> method.info().name()).toList();
    }

    private static MethodInfo info(String name) {
        return BuiltInMethods.load().get(name).info();
    }

    /** A method that is taken out leaves its row behind. */
    @Test
    void everyRowOfTheDocumentationIsAMethod() throws IOException {
        Pattern row = Pattern.compile("(?m)^\\| `([a-z0-9_]+)` \\|.*https://");
        Set<String> rows = new TreeSet<>();
        Matcher matcher = row.matcher(Files.readString(Sources.root().resolve("docs/methods.md")));
        while (matcher.find()) {
            rows.add(matcher.group(1));
        }
        assertThat(names()).doesNotHaveDuplicates().containsAll(rows).hasSizeGreaterThan(40);
    }

    @ParameterizedTest
    @MethodSource("names")
    void isDescribed(String name) {
        MethodInfo info = info(name);
        assertThat(name).matches("[a-z][a-z0-9_]*");
        assertThat(info.summary()).isNotBlank().doesNotContain("\n");
        assertThat(info.formula()).isNotBlank();
        assertThat(info.cost()).isNotBlank();
        assertThat(info.paper().title()).isNotBlank();
        assertThat(info.paper().link()).startsWith("https://");
        assertThat(info.minModels()).isBetween(0, info.maxModels());
    }

    @ParameterizedTest
    @MethodSource("names")
    void parametersAreDescribedAndFitTheirKinds(String name) {
        Set<String> seen = new HashSet<>();
        for (ParameterSpec spec : info(name).parameters()) {
            assertThat(seen.add(spec.name())).as(spec.name()).isTrue();
            assertThat(spec.meaning()).isNotBlank();
            assertThat(spec.required() && spec.defaultValue().isPresent()).isFalse();
            spec.defaultValue()
                    .ifPresent(
                            value ->
                                    assertThat(ParameterSpec.coerce(spec, value)).isEqualTo(value));
            spec.condition().ifPresent(condition -> assertFits(info(name), condition));
        }
    }

    /** It is a value that another parameter may have, as it is compared. */
    private static void assertFits(MethodInfo info, ParameterSpec.Condition condition) {
        ParameterSpec other = info.parameter(condition.parameter()).orElseThrow();
        assertThat(ParameterSpec.coerce(other, condition.value())).hasToString(condition.value());
    }

    @ParameterizedTest
    @MethodSource("names")
    void hasARowWithItsSourceInTheDocumentation(String name) throws IOException {
        Path page = Sources.root().resolve("docs/methods.md");
        List<String> rows =
                Files.readAllLines(page).stream()
                        .filter(line -> line.startsWith("| `" + name + "` |"))
                        .toList();
        assertThat(rows).hasSize(1);
        assertThat(rows.get(0)).contains(info(name).paper().link());
        for (ParameterSpec spec : info(name).parameters()) {
            assertThat(Files.readString(page)).contains("`" + spec.name() + "`");
        }
    }

    /**
     * Files made by another tool, vectors derived from the paper, or a slow implementation in a
     * test that names it.
     */
    @ParameterizedTest
    @MethodSource("names")
    void hasExpectedValuesOfItsOwn(String name) throws IOException {
        String formats = "merge-formats/src/test/resources/golden/";
        Path golden = Sources.root().resolve(formats);
        Path vectors = Sources.root().resolve("merge-core/src/test/resources/vectors");
        boolean found =
                anyContains(formats + "merge/recipes", ".yml", "merge_method: " + name + "\n")
                        || Files.exists(golden.resolve("research").resolve(name))
                        || Files.exists(vectors.resolve(name + ".json"))
                        || anyContains(
                                "merge-core/src/test/resources/golden", ".json", '"' + name + '"')
                        || anyContains(
                                "merge-core/src/test/java/io/amalgam/internal/method",
                                "Test.java",
                                '"' + name + '"');
        try (Stream<Path> files = Files.list(golden.resolve("statistics/digits/expected"))) {
            found |= files.anyMatch(file -> file.getFileName().toString().startsWith(name));
        }
        assertThat(found).isTrue();
    }

    private static boolean anyContains(String folder, String ending, String text)
            throws IOException {
        for (Path file : Sources.files(folder, ending)) {
            if (Files.readString(file).contains(text)) {
                return true;
            }
        }
        return false;
    }

    @ParameterizedTest
    @MethodSource("names")
    void isFoundByItsName(String name) {
        MergeMethod method = BuiltInMethods.load().get(name);
        assertThat(method.info().name()).isEqualTo(name);
    }
}
