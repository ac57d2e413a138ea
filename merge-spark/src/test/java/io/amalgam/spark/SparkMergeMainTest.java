package io.amalgam.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.checkpoint.HubOptions;
import io.amalgam.error.BadInputException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a submitted merge says, and how it ends. */
class SparkMergeMainTest {
    private static final Path MODELS =
            Path.of("../merge-formats/src/test/resources/golden/merge/models")
                    .toAbsolutePath()
                    .normalize();

    @TempDir private Path temp;
    private final ByteArrayOutputStream said = new ByteArrayOutputStream();

    private int run(String... words) {
        said.reset();
        return SparkMergeMain.run(
                List.of(words),
                Map.of(),
                LocalSpark::context,
                new PrintStream(said, true, StandardCharsets.UTF_8));
    }

    private String said() {
        return said.toString(StandardCharsets.UTF_8);
    }

    private String recipe(String model) throws IOException {
        return Files.writeString(
                        temp.resolve("recipe.yml"),
                        "merge_method: linear\nmodels:\n  - {model: '%s', parameters: {weight: 1}}\n  - {model: %s, parameters: {weight: 1}}\n"
                                .formatted(model, MODELS.resolve("ft2")))
                .toString();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "r.yml | expected RECIPE and OUT, got [r.yml]",
                "r.yml out more | expected RECIPE and OUT, got [r.yml, out, more]",
                "r.yml out --part 3 | unknown option '--part'",
                "r.yml out --parts | option '--parts': expected a value",
                "r.yml out --parts 0 | option '--parts': expected a number of at least 1, got '0'",
                "r.yml out --seed x | option '--seed': expected a number, got 'x'",
            })
    void usage(String words, String complaint) {
        assertThat(run(words.split(" "))).isEqualTo(2);
        assertThat(said()).startsWith("amalgam: error: " + complaint).contains("usage:");
    }

    @Test
    void badInputIsOneLineEach() throws IOException {
        String out = temp.resolve("out").toString();
        assertThat(run(temp.resolve("none.yml").toString(), out)).isEqualTo(3);
        assertThat(said()).contains("expected a file, got nothing there").hasLineCount(1);

        assertThat(run(recipe("org/name"), out)).isEqualTo(3);
        assertThat(said()).contains("model 'org/name': expected an existing path").hasLineCount(1);

        assertThat(run(recipe("s3a://bucket/model"), out)).isEqualTo(3);
        assertThat(said())
                .contains("store of 's3a://bucket/model': expected a connector of Hadoop")
                .contains("--packages org.apache.hadoop:hadoop-aws:3.")
                .hasLineCount(1);

        Files.createDirectory(temp.resolve("out"));
        Files.writeString(temp.resolve("out/config.json"), "{}");
        assertThat(run(recipe(MODELS.resolve("ft1").toString()), out)).isEqualTo(3);
        assertThat(said()).contains("give --overwrite").hasLineCount(1);
    }

    @Test
    void aMergeSaysWhatItDoes() throws IOException {
        String out = temp.resolve("out").toString();
        assertThat(
                        run(
                                recipe(MODELS.resolve("ft1").toString()),
                                out,
                                "--parts",
                                "2",
                                "--shard-bytes",
                                "20000"))
                .isEqualTo(0);
        assertThat(said()).contains("in 3 files, plan ", "100 % after", "merged 39 tensors to");
    }

    @Test
    void aNameOfTheHubIsReadFromASharedCache() throws IOException {
        String commit = "a".repeat(40);
        Path repository = temp.resolve("cache/models--org--name");
        Path snapshot = Files.createDirectories(repository.resolve("snapshots/" + commit));
        Files.createDirectories(repository.resolve("refs"));
        Files.writeString(repository.resolve("refs/main"), commit);
        for (String file : List.of("config.json", "model.safetensors")) {
            Files.copy(MODELS.resolve("ft1").resolve(file), snapshot.resolve(file));
        }
        Path recipe = Path.of(recipe("org/name"));
        Path out = temp.resolve("out");
        SparkMerge.of(LocalSpark.context(), recipe, out)
                .hub(HubOptions.of(temp.resolve("cache")).offline(true))
                .run();
        assertThat(out.resolve("model.safetensors")).exists();

        assertThatThrownBy(
                        () ->
                                SparkMerge.of(
                                                LocalSpark.context(),
                                                Path.of(recipe("org/other")),
                                                temp.resolve("other"))
                                        .hub(HubOptions.of(temp.resolve("cache")).offline(true))
                                        .run())
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("nothing is fetched offline");
    }
}
