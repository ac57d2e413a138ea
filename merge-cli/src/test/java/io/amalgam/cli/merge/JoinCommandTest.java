package io.amalgam.cli.merge;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.cli.Cli;
import io.amalgam.cli.Models;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Merges in parts: files of four tensors, three parts. */
class JoinCommandTest {
    @TempDir private Path folder;
    private Path out;
    private Path recipe;

    @BeforeEach
    void models() throws IOException {
        recipe = Models.averageRecipe(folder);
        out = folder.resolve("out");
    }

    private Cli merge(Path to, Object... more) {
        Object[] words =
                Stream.concat(
                                Stream.of("merge", recipe, to, "--out-shard-size", "64"),
                                Stream.of(more))
                        .toArray();
        return Cli.run(words);
    }

    private Cli part(String part, Object... more) {
        return merge(out, Stream.concat(Stream.of("--part", part), Stream.of(more)).toArray());
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void allPartsTogetherAreTheModel() throws IOException {
        Path whole = folder.resolve("whole");
        assertThat(merge(whole).exit()).isZero();

        Cli first = part("2/3");
        assertThat(first.out())
                .contains("part 2/3 of " + out)
                .contains("not there yet: parts 1, 3 of 3");
        assertThat(names(out)).containsExactly(".amalgam-parts");
        assertThat(part("2/3").out()).startsWith("nothing to do: part 2/3");
        assertThat(part("3/3", "--json").json().path("missing").toString()).isEqualTo("[1]");
        assertThat(part("1/3").out()).contains("'amalgam join " + out + "'");

        Cli joined = Cli.run("join", out);
        assertThat(joined.err()).isEmpty();
        assertThat(joined.out()).startsWith("joined 3 parts to " + out);
        assertThat(names(out)).isEqualTo(names(whole)).contains("model.safetensors.index.json");
        for (String name : names(whole)) {
            if (!name.equals("amalgam-report.json")) {
                assertThat(out.resolve(name)).hasSameBinaryContentAs(whole.resolve(name));
            }
        }
        JsonNode report = new ObjectMapper().readTree(out.resolve("amalgam-report.json").toFile());
        assertThat(report.path("run").path("parts")).hasSize(3);
        assertThat(merge(out, "--resume").out()).startsWith("nothing to do");
        assertThat(Cli.run("join", out).errors().get(0))
                .contains("expected parts of a merge, got none");
    }

    @Test
    void missingPartsAreNamedWithTheirCommands() throws IOException {
        part("2/3");
        Files.delete(find("model-00002"));

        Cli joined = Cli.run("join", out);

        assertThat(joined.exit()).isEqualTo(3);
        assertThat(joined.errors())
                .hasSize(3)
                .allMatch(line -> line.contains("run 'amalgam merge " + recipe + " " + out));
        assertThat(joined.errors().get(1)).contains("missing or changed").endsWith("--part 2/3'");
        assertThat(part("2/3").out()).startsWith("part 2/3");
        assertThat(Cli.run("join", out).errors()).hasSize(2);
    }

    private Path find(String name) throws IOException {
        try (Stream<Path> files = Files.walk(out)) {
            return files.filter(file -> file.getFileName().toString().startsWith(name))
                    .findFirst()
                    .orElseThrow();
        }
    }

    @Test
    void partsOfSomethingElseAreRefused() throws IOException {
        part("1/3");
        assertThat(part("1/4").errors().get(0))
                .contains(
                        "expected parts of 3, got a part of 4; begin all parts again with --overwrite");
        Files.writeString(
                recipe, Files.readString(recipe).replaceFirst("weight: 1}", "weight: 3}"));
        assertThat(part("2/3").errors().get(0)).contains("the same recipe and options for all");
        assertThat(merge(out).errors().get(0)).contains("parts of a merge are in");
        assertThat(part("2/3", "--overwrite").out()).contains("not there yet: parts 1, 3 of 3");
    }

    @Test
    void changedInputsAreRefused() throws IOException {
        for (int number = 1; number <= 2; number++) {
            part(number + "/3");
        }
        Files.setLastModifiedTime(
                folder.resolve("a/model.safetensors"), FileTime.fromMillis(1_000_000));
        assertThat(part("3/3").errors().get(0)).contains("no change since the first part began");
        part("3/3", "--overwrite");
        assertThat(Cli.run("join", out).errors()).hasSize(2);
        part("1/3");
        part("2/3");
        Files.setLastModifiedTime(
                folder.resolve("b/model.safetensors"), FileTime.fromMillis(1_000_000));
        assertThat(Cli.run("join", out).errors().get(0))
                .contains("no change since the first part began");
        assertThat(names(out)).containsExactly(".amalgam-parts");
    }

    @Test
    void anEarlierModelStaysUntilItIsReplaced() throws IOException {
        assertThat(Cli.run("merge", recipe, out).exit()).isZero();
        assertThat(part("1/1").errors().get(0)).contains("an empty or new directory");
        assertThat(part("1/1", "--overwrite").exit()).isZero();
        assertThat(names(out)).contains("model.safetensors");
        assertThat(Cli.run("join", out).errors().get(0)).contains("an empty or new directory");
        assertThat(Cli.run("join", out, "--overwrite").exit()).isZero();
        assertThat(names(out))
                .contains("model.safetensors.index.json")
                .doesNotContain("model.safetensors");
    }

    @Test
    void passesAreCutLikeParts() throws IOException {
        recipe =
                Models.recipe(
                        folder,
                        """
                        merge_method: ties
                        base_model: a
                        models: [{model: b, parameters: {weight: 1}}]
                        parameters: {density: 0.5, trim_scope: model}
                        dtype: float32
                        """);
        Path whole = folder.resolve("whole");
        assertThat(merge(whole).exit()).isZero();

        int pass = 1;
        while (part("1/2", "--pass", pass, "--json").json().path("needed").asBoolean()) {
            Cli missing = part("1/2", "--pass", pass + 1);
            assertThat(missing.errors().get(0))
                    .contains("pass " + pass + " of '" + out + "'")
                    .endsWith("--part 2/2 --pass " + pass + "'");
            assertThat(part("2/2", "--pass", pass).out()).contains("read ");
            assertThat(part("2/2", "--pass", pass).out())
                    .startsWith("nothing to do: pass " + pass + ", part 2/2");
            pass++;
        }
        assertThat(pass).isGreaterThan(1);
        part("1/2");
        part("2/2");
        assertThat(Cli.run("join", out).exit()).isZero();
        for (String name : names(whole)) {
            if (name.endsWith(".safetensors")) {
                assertThat(out.resolve(name)).hasSameBinaryContentAs(whole.resolve(name));
            }
        }
    }
}
