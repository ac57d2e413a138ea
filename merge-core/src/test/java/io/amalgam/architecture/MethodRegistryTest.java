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
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What every merge method must bring along. */
class MethodRegistryTest {
    /**
     * Methods mergekit does not have, or draws random numbers of its own for: held by slow
     * implementations and by other tools' outputs.
     */
    private static final Set<String> WITHOUT_GOLDEN =
            Set.of(
                    "geometric_median",
                    "coordinate_median",
                    "trimmed_mean",
                    "magnitude_prune",
                    "della_linear",
                    "della",
                    "consensus",
                    "cabs");

    static List<String> names() {
        return BuiltInMethods.all().stream().map(method -> method.info().name()).toList();
    }

    private static MethodInfo info(String name) {
        return BuiltInMethods.load().get(name).info();
    }

    @Test
    void theMethodsOfThisVersion() {
        assertThat(names())
                .containsExactly(
                        "linear",
                        "slerp",
                        "nuslerp",
                        "multislerp",
                        "karcher",
                        "model_stock",
                        "nearswap",
                        "arcee_fusion",
                        "geometric_median",
                        "coordinate_median",
                        "trimmed_mean",
                        "task_arithmetic",
                        "ties",
                        "magnitude_prune",
                        "dare_linear",
                        "dare_ties",
                        "breadcrumbs",
                        "breadcrumbs_ties",
                        "della_linear",
                        "della",
                        "sce",
                        "ram",
                        "ramplus_tl",
                        "consensus",
                        "cabs",
                        "tsv_m",
                        "iso_c",
                        "iso_cts",
                        "ace",
                        "wudi",
                        "emr",
                        "svc",
                        "fisher",
                        "regmean",
                        "mats",
                        "passthrough",
                        "pcb",
                        "krum",
                        "soup",
                        "ema",
                        "lawa",
                        "fedavg",
                        "fedavgm",
                        "fedadam");
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

    @ParameterizedTest
    @MethodSource("names")
    void hasAGoldenMergeOrVectors(String name) throws IOException {
        Pattern line = Pattern.compile("^merge_method: " + name + "$", Pattern.MULTILINE);
        boolean found = false;
        for (Path recipe :
                Sources.files("merge-formats/src/test/resources/golden/merge/recipes", ".yml")) {
            found |= line.matcher(Files.readString(recipe)).find();
        }
        // What mergekit has not got is held by vectors that a script derived, or a slow reference.
        Path vectors = Sources.root().resolve("merge-core/src/test/resources/vectors");
        boolean derived = Files.exists(vectors.resolve(name + ".json"));
        Path golden = Sources.root().resolve("merge-formats/src/test/resources/golden");
        found |= Files.exists(golden.resolve("research").resolve(name));
        Path merges = golden.resolve("statistics/digits/expected");
        try (Stream<Path> files = Files.list(merges)) {
            found |= files.anyMatch(file -> file.getFileName().toString().startsWith(name));
        }
        assertThat(List.of(found, derived, WITHOUT_GOLDEN.contains(name))).containsOnlyOnce(true);
    }

    @ParameterizedTest
    @MethodSource("names")
    void isFoundByItsName(String name) {
        MergeMethod method = BuiltInMethods.load().get(name);
        assertThat(method.info().name()).isEqualTo(name);
    }
}
