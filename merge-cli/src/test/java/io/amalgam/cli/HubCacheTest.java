package io.amalgam.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.cli.console.ExitCode;
import io.amalgam.formats.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Models by their names on a hub, as another program left them in the cache; no request is made.
 */
class HubCacheTest {
    private static final String COMMIT = "b27bb4cc0ee5450a326a46e79ffde9c5a54c5f4e";

    /** Where nothing listens. */
    private static final String NOBODY = "http://127.0.0.1:1";

    @TempDir Path folder;
    private Map<String, String> environment = Map.of();

    @BeforeEach
    void environment() {
        environment = Map.of("HF_HOME", folder.resolve("hf").toString(), "HF_HUB_OFFLINE", "1");
    }

    private Path repository(String name) {
        return folder.resolve("hf/hub/models--" + name.replace("/", "--"));
    }

    /** As the Python client does: contents among the blobs, names as relative links. */
    private void cached(String name, String revision, float value) throws IOException {
        Path model = Models.tiny(Files.createTempDirectory(folder, "m").resolve("m"), value);
        Files.writeString(model.resolve("tokenizer_config.json"), "{}");
        Path repository = repository(name);
        Path snapshot = Files.createDirectories(repository.resolve("snapshots").resolve(COMMIT));
        Files.createDirectories(repository.resolve("blobs"));
        for (String file : List.of("config.json", "model.safetensors", "tokenizer_config.json")) {
            Path blob = repository.resolve("blobs").resolve("of-" + file);
            Files.move(model.resolve(file), blob);
            Files.createSymbolicLink(snapshot.resolve(file), snapshot.relativize(blob));
        }
        Path absent = repository.resolve(".no_exist").resolve(COMMIT);
        Files.createDirectories(absent);
        Files.createFile(absent.resolve("tokenizer.json"));
        Path ref = repository.resolve("refs").resolve(revision);
        Files.createDirectories(ref.getParent());
        Files.writeString(ref, COMMIT);
    }

    private Path recipe(String a, String b) throws IOException {
        return Files.writeString(
                folder.resolve("recipe.yml"),
                """
                merge_method: linear
                models:
                  - {model: %s, parameters: {weight: 1}}
                  - {model: %s, parameters: {weight: 1}}
                dtype: float32
                """
                        .formatted(a, b));
    }

    @Test
    void recipesNameModelsOfTheCache() throws IOException {
        cached("org/one", "main", 1);
        cached("org/two", "refs/pr/7", 3);
        Path out = folder.resolve("out");

        Cli result = Cli.in(environment, "merge", recipe("org/one", "org/two@refs/pr/7"), out);

        assertThat(result.err()).doesNotContain("warning");
        assertThat(result.exit()).isZero();
        try (SafetensorsFile merged =
                SafetensorsFile.open(out.resolve("model.safetensors"), "out")) {
            assertThat(merged.tensors()).hasSize(4);
        }
        assertThat(out.resolve("tokenizer_config.json")).exists();
    }

    @Test
    void revisionsOfOneCommitAreOneModel() throws IOException {
        cached("org/one", "main", 1);

        Cli result =
                Cli.in(
                        environment,
                        "merge",
                        recipe("org/one", "org/one@" + COMMIT),
                        folder.resolve("out"));

        assertThat(result.errors()).singleElement().asString().contains("is listed twice");
    }

    @Test
    void everyCommandTakesNames() throws IOException {
        cached("org/one", "v1.0", 1);
        cached("org/two", "main", 3);
        List<List<Object>> commands =
                List.of(
                        List.of("inspect", "org/one@v1.0"),
                        List.of("plan", recipe("org/one@v1.0", "org/two")),
                        List.of("soup", "org/one@v1.0", "org/two", folder.resolve("o1")),
                        List.of(
                                "average",
                                "org/one@v1.0",
                                "org/two",
                                folder.resolve("o2"),
                                "--last",
                                "2"),
                        List.of("stack", "org/two:0-1", "org/two:1-1", folder.resolve("o3")),
                        List.of("upscale", "org/two", "--layers", "3", folder.resolve("o4")),
                        List.of(
                                "lora",
                                "extract",
                                "org/one@v1.0",
                                "org/two",
                                folder.resolve("o5"),
                                "--rank",
                                "1"));
        for (List<Object> command : commands) {
            Cli result = Cli.in(environment, command.toArray());

            assertThat(result.exit()).as(command + result.err()).isZero();
        }
    }

    @Test
    void aPathComesBeforeAName() throws IOException {
        cached("org/one", "main", 1);
        Path local = Models.tiny(folder.resolve("org/one"), 5);
        Path recipe = recipe("org/one", "org/two");
        cached("org/two", "main", 1);

        Cli result = Cli.in(environment, "plan", recipe, "--json");

        assertThat(result.exit()).isZero();
        assertThat(result.json().toString()).doesNotContain(repository("org/one").toString());
        assertThat(local).exists();
    }

    @Test
    void whatIsNotWholeIsSaid() throws IOException {
        cached("org/one", "main", 1);
        Files.delete(repository("org/one").resolve("blobs/of-model.safetensors"));

        Cli result = Cli.in(environment, "inspect", "org/one");

        assertThat(result.exit()).isEqualTo(ExitCode.BAD_INPUT);
        assertThat(result.errors())
                .singleElement()
                .asString()
                .contains("nothing is fetched offline");
    }

    @Test
    void whatCannotBeCompletedIsUsedAsItIs() throws IOException {
        cached("org/one", "main", 1);
        Files.delete(repository("org/one").resolve(".no_exist/" + COMMIT + "/tokenizer.json"));
        Map<String, String> alone =
                Map.of("HF_HOME", folder.resolve("hf").toString(), "HF_ENDPOINT", NOBODY);

        assertThat(Cli.in(alone, "inspect", "org/one").exit()).isZero();
        assertThat(Cli.in(alone, "inspect", "org/none").errors())
                .singleElement()
                .asString()
                .contains("got nothing at the path, and no connection");
    }

    @Test
    void aPathWithAMistakeIsNotAskedFor() {
        Map<String, String> alone =
                Map.of("HF_HOME", folder.resolve("hf").toString(), "HF_ENDPOINT", NOBODY);

        for (Object[] command :
                List.of(
                        new Object[] {"inspect", "src/tset"},
                        new Object[] {"soup", "src/tset", "src/test", folder.resolve("o")},
                        new Object[] {"lora", "inspect", "src/tset"})) {
            Cli result = Cli.in(alone, command);

            assertThat(result.exit()).isEqualTo(ExitCode.BAD_INPUT);
            assertThat(result.errors())
                    .first()
                    .asString()
                    .contains(
                            "did you mean 'src/test'? a model of the hub is written 'hf:src/tset'");
        }
        assertThat(Cli.in(alone, "inspect", "src/quite-another").errors())
                .singleElement()
                .asString()
                .contains("see what is in 'src'; a model of the hub is written");
        assertThat(Cli.in(alone, "inspect", "src/tset@v1").errors())
                .singleElement()
                .asString()
                .contains("expected a path, or an answer of " + NOBODY);
        assertThat(Cli.in(alone, "download", "src/test").exit()).isEqualTo(ExitCode.FAILED);
    }

    @Test
    void whatWasFetchedBeforeIsAName() throws IOException {
        cached("src/tset", "main", 1);

        assertThat(Cli.in(environment, "inspect", "src/tset").exit()).isZero();
        assertThat(Cli.in(environment, "inspect", "hf:src/tset@main").exit()).isZero();
    }

    @Test
    void namesOfPathsAreNotDownloaded() {
        assertThat(Cli.in(environment, "download", "./org/one").errors())
                .containsExactly(
                        "error: model './org/one': expected a name as in 'org/model', got none; a path is not downloaded");
        assertThat(Cli.in(environment, "download", "org/none").exit()).isEqualTo(3);
    }

    @Test
    void theCacheCanBeNamed() throws IOException {
        cached("org/one", "main", 1);
        Map<String, String> bare =
                Map.of("HF_HOME", folder.resolve("nowhere").toString(), "HF_ENDPOINT", NOBODY);
        Path cache = folder.resolve("hf/hub");

        assertThat(Cli.in(bare, "inspect", "org/one", "--offline").exit()).isEqualTo(3);
        assertThat(Cli.in(bare, "inspect", "org/one", "--transformers-cache", cache).exit())
                .isZero();
        assertThat(
                        Cli.in(
                                        Map.of(
                                                "HF_HUB_CACHE",
                                                cache.toString(),
                                                "HF_ENDPOINT",
                                                NOBODY),
                                        "inspect",
                                        "org/one")
                                .exit())
                .isZero();
    }
}
