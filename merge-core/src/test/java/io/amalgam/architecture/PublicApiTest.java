package io.amalgam.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
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

    /** The same of the module for Spark, which nobody has who does not use Spark. */
    private static final int MOST_PUBLIC_TYPES_FOR_SPARK = 4;

    @Test
    void theApiIsSmall() throws IOException {
        assertThat(publicTypes(librarySources())).hasSizeLessThanOrEqualTo(MOST_PUBLIC_TYPES);
        assertThat(publicTypes(sparkSources()))
                .isNotEmpty()
                .hasSizeLessThanOrEqualTo(MOST_PUBLIC_TYPES_FOR_SPARK);
    }

    private static Set<String> publicTypes(List<Path> files) {
        Set<String> types = new TreeSet<>();
        for (Path file : files) {
            if (!file.toString().contains("internal") && found(PUBLIC, file)) {
                types.add(file.getFileName().toString());
            }
        }
        return types;
    }

    @Test
    void everyPackageIsDescribed() throws IOException {
        for (Path file : librarySources()) {
            assertThat(file.resolveSibling("package-info.java")).exists();
        }
        for (Path file : sparkSources()) {
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

    /** The command is a consumer: planning, methods, numbers and files are the library's. */
    @Test
    void theCommandLeavesTheInnermostAlone() throws IOException {
        Pattern inner =
                Pattern.compile(
                        "import io\\.amalgam\\.internal\\."
                                + "(plan|method|linalg|tensor|tokenizer|kernel\\.simd|formats\\.(safetensors|pytorch|peft))\\b");
        List<Path> command = Sources.files("merge-cli/src/main/java", ".java");
        assertThat(command).isNotEmpty();
        assertThat(command).noneMatch(file -> found(inner, file));
    }

    /** Kernels, engine and readers of recipes are chosen or run in one file each. */
    @Test
    void theCommandUsesTheFrontDoor() throws IOException {
        Map<String, Pattern> allowed =
                Map.of(
                        "options/(EngineMixin|Completions)|inspect/DoctorCommand",
                        Pattern.compile(
                                "import io\\.amalgam\\.internal\\.kernel\\.KernelProvider;"),
                        "options/EngineMixin|Main",
                        Pattern.compile("import io\\.amalgam\\.internal\\.engine\\.JitWarmup;"),
                        "hub/(HubMixin|StreamMixin)",
                        Pattern.compile(
                                "import io\\.amalgam\\.internal\\.checkpoint\\.RemoteModels;"),
                        "none",
                        Pattern.compile(
                                "import io\\.amalgam\\.internal\\.engine\\.MergeEngine;|ServiceLoader\\.load"));
        List<Path> command = Sources.files("merge-cli/src/main/java", ".java");
        allowed.forEach(
                (files, used) -> {
                    Pattern name = Pattern.compile(".*/(" + files + ")\\.java");
                    assertThat(command)
                            .filteredOn(file -> found(used, file))
                            .allMatch(
                                    file ->
                                            name.matcher(file.toString().replace('\\', '/'))
                                                    .matches());
                });
    }

    @Test
    void packagesOfTheCommandFormNoCircles() throws IOException {
        Map<String, Set<String>> uses = new TreeMap<>();
        Pattern imported = Pattern.compile("^import (io\\.amalgam\\.cli[a-z.]*)\\.[A-Z]");
        for (Path file : Sources.files("merge-cli/src/main/java", ".java")) {
            String own = file.getParent().toString().replaceAll(".*(io.amalgam.*)", "$1");
            Set<String> others =
                    uses.computeIfAbsent(own.replaceAll("[/\\\\]", "."), k -> new TreeSet<>());
            for (String line : Files.readAllLines(file)) {
                Matcher match = imported.matcher(line);
                if (match.find()) {
                    others.add(match.group(1));
                }
            }
        }
        assertThat(uses).hasSizeGreaterThan(5);
        uses.forEach((own, others) -> others.remove(own));
        // Packages that use no other are taken away until none is left, unless there is a circle.
        while (!uses.isEmpty()) {
            Set<String> free = new TreeSet<>(uses.keySet());
            free.removeIf(name -> uses.get(name).stream().anyMatch(uses::containsKey));
            assertThat(free).as("circle among %s", uses.keySet()).isNotEmpty();
            uses.keySet().removeAll(free);
        }
    }

    private static List<Path> sparkSources() throws IOException {
        return Sources.files("merge-spark/src/main/java", ".java");
    }

    private static List<Path> librarySources() throws IOException {
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
