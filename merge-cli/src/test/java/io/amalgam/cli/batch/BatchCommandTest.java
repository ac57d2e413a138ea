package io.amalgam.cli.batch;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.cli.Cli;
import io.amalgam.cli.Models;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class BatchCommandTest {
    private static final String SCALED =
            """
            merge_method: passthrough
            models: [{model: ../%s, parameters: {scale: %s}}]
            """;

    @TempDir Path folder;
    private Path recipes;
    private Path root;

    @BeforeEach
    void models() throws IOException {
        for (String name : List.of("a", "b")) {
            Models.write(folder.resolve(name), List.of(Models.filled("x.0.w", 1, 64, 64)), "{}");
        }
        recipes = Files.createDirectory(folder.resolve("recipes"));
        root = folder.resolve("root");
    }

    private void recipe(String name, String model, String scale) throws IOException {
        Files.writeString(recipes.resolve(name), SCALED.formatted(model, scale));
    }

    private JsonNode written() throws IOException {
        return new ObjectMapper().readTree(root.resolve("batch.json").toFile());
    }

    private static List<String> states(JsonNode batch) {
        return batch.path("merges").findValuesAsText("state");
    }

    @Test
    void everyRecipeOfAFolderGoesToItsOwn() throws IOException {
        recipe("one.yml", "a", "1");
        recipe("two.yaml", "b", "2");
        Files.writeString(recipes.resolve("notes.txt"), "no recipe");

        Cli result = Cli.run("batch", recipes, root);

        assertThat(result.exit()).isZero();
        assertThat(result.out())
                .containsPattern("(?m)^merge +state +time +size +remark$")
                .containsPattern("(?m)^one +merged +\\S+ s +16\\.4 kB$")
                .containsPattern("(?m)^two +merged ")
                .endsWith("2 merged\n");
        assertThat(root.resolve("one/model.safetensors")).isRegularFile();
        assertThat(root.resolve("two/amalgam-report.json")).isRegularFile();
        assertThat(states(written())).containsExactly("merged", "merged");
    }

    @Test
    void goesOnAfterAFailureAndSaysSoInTheExitCode() throws IOException {
        recipe("one.yml", "gone", "1");
        Files.writeString(recipes.resolve("three.yml"), "merge_method: [");
        recipe("two.yml", "a", "1");

        Cli result = Cli.run("batch", recipes, root, "--json");

        assertThat(result.exit()).isEqualTo(1);
        JsonNode json = result.json();
        assertThat(json).isEqualTo(written());
        assertThat(states(json)).containsExactly("failed", "failed", "merged");
        assertThat(json.at("/counts/failed").asInt()).isEqualTo(2);
        assertThat(json.at("/merges/0/problems/0/what").asText()).isEqualTo("model '../gone'");
        assertThat(result.errors()).hasSize(2);
        assertThat(Cli.run("batch", recipes, root).out())
                .containsPattern(
                        "(?m)^one +failed +- +- +model '../gone': expected an existing path");
    }

    @Test
    void whatIsDoneAndUnchangedIsLeftAlone() throws IOException {
        recipe("one.yml", "a", "1");
        recipe("two.yml", "b", "1");
        assertThat(Cli.run("batch", recipes, root).exit()).isZero();
        byte[] report = Files.readAllBytes(root.resolve("one/amalgam-report.json"));
        recipe("two.yml", "b", "2");

        Cli again = Cli.run("batch", recipes, root);
        assertThat(again.exit()).isEqualTo(1);
        assertThat(states(written())).containsExactly("unchanged", "failed");
        assertThat(again.errors())
                .containsExactly(
                        "error: '"
                                + root.resolve("two")
                                + "' holds another merge: recipe or options changed; give --overwrite to replace it");

        Cli replaced = Cli.run("batch", recipes, root, "--overwrite");
        assertThat(replaced.exit()).isZero();
        assertThat(states(written())).containsExactly("unchanged", "merged");
        assertThat(root.resolve("one/amalgam-report.json")).hasBinaryContent(report);
    }

    @Test
    void damagedOutputsAreNotTakenForDone() throws IOException {
        recipe("one.yml", "a", "1");
        Cli.run("batch", recipes, root);
        Path weights = root.resolve("one/model.safetensors");
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length - 1] ^= 1;
        Files.write(weights, bytes);

        assertThat(Cli.run("batch", recipes, root).errors())
                .singleElement()
                .asString()
                .contains("'model.safetensors' changed since it was written");
        Files.delete(root.resolve("one/config.json"));
        assertThat(Cli.run("batch", recipes, root).errors())
                .singleElement()
                .asString()
                .contains("'config.json' is missing");
    }

    @Test
    void recipesOfTheSameModelsFollowEachOther() throws IOException {
        for (int i = 0; i < 6; i++) {
            recipe(i + ".yml", i % 2 == 0 ? "a" : "b", "0." + (i + 1));
        }

        Cli result = Cli.run("batch", recipes, root);

        assertThat(result.err().lines().filter(line -> line.startsWith("[")))
                .containsExactly("[1/6] 0", "[2/6] 2", "[3/6] 4", "[4/6] 1", "[5/6] 3", "[6/6] 5");
        assertThat(written().path("merges").findValuesAsText("name"))
                .containsExactly("0", "1", "2", "3", "4", "5");
    }

    @Test
    void dryRunWritesNothing() throws IOException {
        recipe("one.yml", "a", "1");

        Cli result = Cli.run("batch", recipes, root, "--dry-run");

        assertThat(result.exit()).isZero();
        assertThat(result.out()).endsWith("1 checked\n");
        assertThat(root).doesNotExist();
    }

    @Test
    void patternsAreExpandedAndFilesTakenOnce() throws IOException {
        recipe("one.yml", "a", "1");
        recipe("two.yml", "a", "1");
        Path deep = Files.createDirectory(recipes.resolve("deep"));
        Files.writeString(deep.resolve("three.yml"), SCALED.formatted("../a", "1"));

        assertThat(
                        Cli.run("batch", recipes + "/o*.yml", recipes, root, "--json")
                                .json()
                                .path("merges"))
                .hasSize(2);
        assertThat(Cli.run("batch", recipes + "/**/*.yml", root, "--json").json().path("merges"))
                .hasSize(1);
        assertThat(
                        Cli.run("batch", recipes + "/{one,two}.yml", root, "--json")
                                .json()
                                .path("merges"))
                .hasSize(2);
    }

    /** Merges keep their recipes, as files whose names end as recipes' do. */
    @Test
    void patternsDoNotFindWhatAnEarlierBatchWrote() throws IOException {
        recipe("one.yml", "a", "1");
        recipe("two.yml", "b", "1");
        Path inside = recipes.resolve("merged");

        assertThat(Cli.run("batch", recipes + "/**.yml", inside).exit()).isZero();
        JsonNode again = Cli.run("batch", recipes + "/**.yml", inside, "--json").json();

        assertThat(states(again)).containsExactly("unchanged", "unchanged");
    }

    @Test
    void sweepsFillEveryCombination() throws IOException {
        String text = SCALED.formatted("${model}", "${scale}") + "# not $${scale}\n";
        Files.writeString(recipes.resolve("s.yml"), text);
        Files.writeString(recipes.resolve("plain.yml"), SCALED.formatted("a", "0.25"));

        Cli result =
                Cli.run(
                        "batch",
                        recipes,
                        root,
                        "--sweep",
                        "model=a,b",
                        "--sweep",
                        "scale=0.1..0.5:0.2,2",
                        "--json");

        assertThat(result.exit()).isZero();
        assertThat(result.json().path("merges").findValuesAsText("name"))
                .containsExactly(
                        "plain",
                        "s_model=a_scale=0.1",
                        "s_model=a_scale=0.3",
                        "s_model=a_scale=0.5",
                        "s_model=a_scale=2",
                        "s_model=b_scale=0.1",
                        "s_model=b_scale=0.3",
                        "s_model=b_scale=0.5",
                        "s_model=b_scale=2");
        assertThat(result.json().at("/merges/2/values/scale").asText()).isEqualTo("0.3");
        assertThat(root.resolve("s_model=b_scale=2/amalgam-recipe.yml"))
                .hasContent(SCALED.formatted("b", "2") + "# not ${scale}\n");
    }

    @Test
    void helpShowsPlacesAsTheyAreWritten() {
        assertThat(Cli.run("batch", "--help").out())
                .startsWith("Usage: amalgam batch [OPTIONS] RECIPE... OUTROOT\n")
                .contains("\n      RECIPE... OUTROOT ")
                .contains("${NAME}", "${density} and ${weight} in the recipe");
    }

    @Test
    void recipesOfSeveralDocumentsAreMerges() throws IOException {
        Files.writeString(
                recipes.resolve("staged.yml"),
                "name: half\n"
                        + SCALED.formatted("a", "0.5")
                        + "---\n"
                        + "merge_method: passthrough\nmodels: [{model: half}]\n");

        assertThat(Cli.run("batch", recipes, root).exit()).isZero();
        assertThat(Cli.run("batch", recipes, root).out()).endsWith("1 unchanged\n");
        assertThat(root.resolve("staged.amalgam-stages")).doesNotExist();
    }

    @Test
    void stagesAreKeptForEachMergeOnRequest() throws IOException {
        Files.writeString(
                recipes.resolve("staged.yml"),
                "name: half\n"
                        + SCALED.formatted("a", "0.5")
                        + "---\n"
                        + "merge_method: passthrough\nmodels: [{model: half, parameters: {scale: ${s}}}]\n");
        Files.writeString(
                recipes.resolve("named.yml"),
                "name: third\n"
                        + SCALED.formatted("a", "0.3")
                        + "---\nname: last\n"
                        + SCALED.formatted("b", "0.3"));
        Path kept = folder.resolve("kept");

        Cli first = Cli.run("batch", recipes, root, "--sweep", "s=1,2", "--keep-stages", kept);

        assertThat(first.exit()).isZero();
        assertThat(kept.resolve("staged_s=1/half/model.safetensors")).isRegularFile();
        assertThat(kept.resolve("staged_s=2/half/amalgam-report.json")).isRegularFile();
        assertThat(kept.resolve("named/third/model.safetensors")).isRegularFile();
        assertThat(root.resolve("named")).doesNotExist();
        assertThat(root.resolve("staged_s=2/model.safetensors")).isRegularFile();

        Cli again = Cli.run("batch", recipes, root, "--sweep", "s=1,2,3", "-I", kept);
        assertThat(again.out()).endsWith("1 merged, 3 unchanged\n");
    }

    /** A model with a tokenizer: GGUF files have both. */
    @Test
    void modelsAreFilesOnRequest() throws IOException {
        Path model = Path.of("../merge-formats/src/test/resources/golden/gguf/models/hf-llama");
        Files.writeString(
                recipes.resolve("s.yml"),
                "merge_method: passthrough\nmodels: [{model: %s, parameters: {scale: ${x}}}]\n"
                        .formatted(model.toAbsolutePath()));

        Cli first =
                Cli.run("batch", recipes, root, "--sweep", "x=1,2", "--gguf", "--quantise", "q8_0");

        assertThat(first.exit()).isZero();
        assertThat(root.resolve("s_x=1.gguf")).isRegularFile();
        assertThat(root.resolve("s_x=2.gguf.amalgam-report.json")).isRegularFile();
        assertThat(root.resolve("s_x=2")).doesNotExist();
        assertThat(written().at("/merges/0/output").asText()).endsWith("s_x=1.gguf");
        Cli again =
                Cli.run("batch", recipes, root, "--sweep", "x=1,3", "--gguf", "--quantise", "q8_0");
        assertThat(again.out()).endsWith("1 merged, 1 unchanged\n");
        assertThat(Cli.run("batch", recipes, root, "--sweep", "x=1", "--gguf").errors())
                .singleElement()
                .asString()
                .contains("s_x=1.gguf' holds another merge: recipe or options changed");
        assertThat(Cli.run("report", root.resolve("s_x=2.gguf")).err()).doesNotContain("warning");
    }

    private Cli judged(String values, Object... more) {
        System.setProperty("DJL_CACHE_DIR", Path.of("target", "djl").toAbsolutePath().toString());
        List<Object> words = new ArrayList<>(List.of("batch", recipes, root, "--sweep", values));
        words.addAll(List.of("--limit", 200, "--context", 50, "--text"));
        for (String name : List.of("java", "prose")) {
            words.add(name + "=../samples/data/bytes/" + name + ".txt");
        }
        words.addAll(List.of(more));
        return Cli.run(words.toArray());
    }

    private void bytesRecipe() throws IOException {
        Files.writeString(
                recipes.resolve("t.yml"),
                """
                merge_method: task_arithmetic
                base_model: '%1$s/base'
                models: [{model: '%1$s/java'}, {model: '%1$s/prose'}]
                parameters: {weight: ${w}}
                """
                        .formatted(Path.of("../samples/models/bytes").toAbsolutePath()));
    }

    /** Weights of 5 and more make models that are worse and worse. */
    @Test
    void theBestAreKeptAndTheTableIsSorted() throws IOException {
        bytesRecipe();
        Path csv = folder.resolve("table.csv");

        Cli first = judged("w=9,0.5,5,0.4", "--keep-best", 2, "--csv", csv);

        assertThat(first.exit()).isZero();
        assertThat(first.out())
                .containsPattern("(?m)^ +merge +w +loss +java +prose +state ")
                .containsPattern("(?m)^\\* +t_w=0\\.[45] +0\\.[45] +\\d\\.\\d{4} .* merged ")
                .containsPattern("(?m)^ +t_w=5 +5 .* removed ")
                .endsWith("2 merged, 2 removed\n");
        assertThat(root.resolve("t_w=5")).doesNotExist();
        assertThat(root.resolve("t_w=0.4/model.safetensors")).isRegularFile();
        assertThat(Files.readAllLines(csv)).hasSize(5);
        assertThat(Files.readAllLines(csv).get(0))
                .isEqualTo("merge,recipe,w,loss,java,prose,state,seconds,bytes");
        double loss = written().at("/merges/1/score").asDouble();
        assertThat(loss)
                .isEqualTo(
                        (written().at("/merges/1/figures/java").asDouble()
                                        + written().at("/merges/1/figures/prose").asDouble())
                                / 2);
        assertThat(Cli.run("report", root.resolve("batch.json")).exit()).isZero();
        assertThat(root.resolve("batch.html")).content().contains("Values and scores");

        assertThat(judged("w=9,0.5,5,0.4", "--keep-best", 2, "--csv", csv).out())
                .endsWith("2 unchanged, 2 removed\n");
        assertThat(judged("w=9,0.5,5,0.4", "--keep-best", 3, "--json").json().at("/counts"))
                .hasToString("{\"merged\":1,\"unchanged\":2,\"removed\":1}");
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no sh")
    void whatCannotBeJudgedIsKept() throws IOException {
        recipe("one.yml", "a", "1");

        Cli result =
                Cli.run(
                        "batch",
                        recipes,
                        root,
                        "--keep-best",
                        1,
                        "--score-cmd",
                        "sh -c 'echo NaN'");

        assertThat(result.exit()).isEqualTo(1);
        assertThat(result.errors().get(0))
                .contains("expected a number on its last line, got 'NaN'");
        assertThat(result.out()).containsPattern("(?m)^ +one +- +merged .* score command 'sh'");
        assertThat(root.resolve("one/model.safetensors")).isRegularFile();
        assertThat(Cli.run("batch", recipes, root, "--score-cmd", "no-such-program").exit())
                .isEqualTo(3);
    }

    /** Recipes of one pass and of several, tensors in units, integers, and one that fails. */
    @Test
    void mergesTogetherHaveTheSameBytes() throws IOException {
        for (String name : List.of("p", "q")) {
            List<NamedTensor> tensors = new ArrayList<>();
            tensors.add(Models.filled("x.0.w", name.equals("p") ? 1.5f : 0.25f, 600, 600));
            tensors.add(Models.filled("x.1.w", 3, 7));
            tensors.add(NamedTensor.ofBytes("x.table", DType.U8, Shape.of(2), (byte) 1, (byte) 2));
            Models.write(folder.resolve(name), tensors, "{}");
        }
        String two =
                "models: [{model: ../p, parameters: {weight: ${w}}}, {model: ../q, parameters: {weight: 1}}]\n";
        Files.writeString(recipes.resolve("linear.yml"), "merge_method: linear\n" + two);
        Files.writeString(
                recipes.resolve("tasks.yml"),
                "merge_method: task_arithmetic\nbase_model: ../q\n" + two);
        Files.writeString(
                recipes.resolve("ties.yml"),
                "merge_method: ties\nbase_model: ../q\nparameters: {density: 0.5}\n" + two);
        Files.writeString(
                recipes.resolve("half.yml"), "merge_method: linear\nout_dtype: bfloat16\n" + two);
        String sweep = "w=0.1,0.7";
        Path other = folder.resolve("other");

        assertThat(Cli.run("batch", recipes, root, "--sweep", sweep).exit()).isZero();
        Cli together = Cli.run("batch", recipes, other, "--sweep", sweep, "--together", "-j", 3);

        assertThat(together.exit()).isZero();
        assertThat(together.out()).endsWith("8 merged\n");
        try (Stream<Path> all = Files.list(root)) {
            for (Path merged : all.filter(Files::isDirectory).toList()) {
                Path twin = other.resolve(merged.getFileName());
                assertThat(twin.resolve("model.safetensors"))
                        .hasSameBinaryContentAs(merged.resolve("model.safetensors"));
                assertThat(checksums(twin)).isEqualTo(checksums(merged));
                assertThat(twin.resolve(".amalgam-partial")).doesNotExist();
            }
        }
        assertThat(Cli.run("batch", recipes, other, "--sweep", sweep, "--together").out())
                .endsWith("8 unchanged\n");
    }

    private static JsonNode checksums(Path model) throws IOException {
        JsonNode report =
                new ObjectMapper().readTree(model.resolve("amalgam-report.json").toFile());
        return report.at("/files/0/crc32c");
    }

    @Test
    void oneThatFailsDoesNotFailTheOthers() throws IOException {
        Models.write(
                folder.resolve("nan"), List.of(Models.filled("x.0.w", Float.NaN, 64, 64)), "{}");
        recipe("one.yml", "a", "1");
        recipe("two.yml", "a", "2");
        Files.writeString(
                recipes.resolve("bad.yml"),
                "merge_method: linear\nmodels: [{model: ../a, parameters: {weight: 1}}, {model: ../nan, parameters: {weight: 1}}]\n");

        Cli result = Cli.run("batch", recipes, root, "--together");

        assertThat(result.exit()).isEqualTo(1);
        assertThat(states(written())).containsExactly("failed", "merged", "merged");
        assertThat(result.errors()).singleElement().asString().contains("x.0.w");
        assertThat(root.resolve("bad")).doesNotExist();
    }
}
