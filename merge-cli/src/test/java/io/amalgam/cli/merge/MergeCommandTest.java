package io.amalgam.cli.merge;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.ModelLoader;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.cli.Cli;
import io.amalgam.cli.Models;
import io.amalgam.cli.console.Terminal;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Kernels;
import io.amalgam.kernel.Workspace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MergeCommandTest {
    @TempDir Path folder;
    private Path recipe;
    private Path out;

    @BeforeEach
    void models() throws IOException {
        recipe = Models.averageRecipe(folder);
        out = folder.resolve("out");
    }

    @Test
    void mergesAndSumsUp() throws IOException {
        Cli result = Cli.run("merge", recipe, out);

        assertThat(result.errors()).isEmpty();
        assertThat(result.exit()).isZero();
        List<String> lines = result.out().lines().toList();
        assertThat(lines).hasSize(4);
        assertThat(lines.get(0)).isEqualTo("merged to " + out);
        assertThat(lines.get(1)).isEqualTo("4 tensors, 56 parameters, 227 B in 1 file");
        assertThat(lines.get(2))
                .matches("read and wrote .* in .* s \\(.*/s\\), scalar kernels, \\d+ threads?");
        assertThat(lines.get(3)).matches("plan [0-9a-f]{12}");
        assertThat(names(out))
                .containsExactly(
                        "README.md",
                        "amalgam-recipe.yml",
                        "amalgam-report.json",
                        "config.json",
                        "model.safetensors");
        assertThat(firstValue("model.layers.1.up.weight")).isEqualTo(2.0f);
    }

    @Test
    void modelsAreFoundBesideTheRecipe() {
        assertThat(Path.of("a")).doesNotExist();
        assertThat(Cli.run("merge", recipe, out).exit()).isZero();
    }

    @Test
    void quietSaysNothing() {
        Cli result = Cli.run("merge", recipe, out, "--quiet", "--cuda");

        assertThat(result).isEqualTo(new Cli(0, "", ""));
        assertThat(out).isDirectory();
    }

    @Test
    void verboseExplainsKernelsAndPlan() {
        assertThat(Cli.run("merge", recipe, out, "-v", "--kernels", "scalar").err())
                .contains("scalar kernels: asked for\n")
                .containsPattern("holds +.* in buffers");
    }

    @Test
    void smallMergesDoNotWaitForVectorCode() {
        Cli result = Cli.run("merge", recipe, out, "-v");

        assertThat(result.err())
                .contains("scalar kernels: the merge is too small for others to pay\n");
        assertThat(result.out()).contains(", scalar kernels, ");
    }

    @Test
    void jsonIsOneDocument() throws IOException {
        Cli result = Cli.run("merge", recipe, out, "--json", "-j", "1", "--kernels", "scalar");

        assertThat(result.exit()).isZero();
        JsonNode json = result.json();
        assertThat(json.path("output").asText()).isEqualTo(out.toString());
        assertThat(json.path("tensors").asInt()).isEqualTo(4);
        assertThat(json.path("parameters").asLong()).isEqualTo(56);
        assertThat(json.path("bytes").asLong()).isEqualTo(227);
        assertThat(json.path("threads").asInt()).isEqualTo(1);
        assertThat(json.path("kernels").asText()).isEqualTo("scalar");
        assertThat(json.path("plan_hash").asText()).hasSize(64);
        assertThat(json.at("/files/0/bytes").asLong())
                .isEqualTo(Files.size(out.resolve("model.safetensors")));
        assertThat(json.path("warnings")).isEmpty();
    }

    @Test
    void dryRunPrintsThePlanAndWritesNothing() {
        Cli result = Cli.run("merge", recipe, out, "--dry-run");

        assertThat(result.exit()).isZero();
        assertThat(result.out())
                .containsPattern("(?m)^method +linear$")
                .endsWith("dry run: nothing was written to '" + out + "'\n");
        assertThat(out).doesNotExist();
    }

    @Test
    void dryRunAsJson() throws IOException {
        JsonNode json = Cli.run("merge", recipe, out, "--dry-run", "--json").json();

        assertThat(json.path("output").asText()).isEqualTo(out.toString());
        assertThat(json.path("bytes_held").asLong()).isPositive();
        assertThat(out).doesNotExist();
    }

    @Test
    void dryRunChecksOutputAndMemory() throws IOException {
        Files.createDirectories(out);
        Files.writeString(out.resolve("mine.txt"), "mine");

        Cli result = Cli.run("merge", recipe, out, "--dry-run", "-j", "3", "--memory", "5");

        assertThat(result.exit()).isEqualTo(3);
        assertThat(result.errors())
                .containsExactly(
                        "error: output directory '"
                                + out
                                + "': expected an empty or new directory, got one with 'mine.txt'; choose another, or give --overwrite",
                        "error: memory for the buffers of 3 threads and 2 inputs: expected at least 165888 bytes, got 5; raise --memory, or use fewer threads (-j)");
    }

    @Test
    void writesOverAnotherOutputOnlyWhenAsked() throws IOException {
        assertThat(Cli.run("merge", recipe, out).exit()).isZero();
        Cli again = Cli.run("merge", recipe, out);
        assertThat(again.exit()).isEqualTo(3);
        assertThat(again.errors()).singleElement().asString().endsWith("or give --overwrite");
        Files.writeString(out.resolve("mine.txt"), "mine");
        Cli overwritten = Cli.run("merge", recipe, out, "--overwrite");
        assertThat(overwritten.exit()).isZero();
        assertThat(overwritten.out()).contains("kept what is no part of a model: mine.txt");
    }

    @Test
    void neverWritesOverAnInput() {
        Cli result = Cli.run("merge", recipe, folder.resolve("a"), "--overwrite");

        assertThat(result.exit()).isEqualTo(3);
        assertThat(result.errors())
                .singleElement()
                .asString()
                .contains("inputs are never written over");
    }

    @Test
    void noReportLeavesOnlyTheModel() throws IOException {
        assertThat(Cli.run("merge", recipe, out, "--no-report").exit()).isZero();
        assertThat(names(out)).containsExactly("config.json", "model.safetensors");
    }

    @Test
    void shardSizeCutsTheOutput() throws IOException {
        assertThat(Cli.run("merge", recipe, out, "--out-shard-size", "0.1k").exit()).isZero();
        assertThat(names(out))
                .contains("model-00001-of-00003.safetensors", "model.safetensors.index.json");
    }

    @ParameterizedTest
    @CsvSource({"1,auto,8M", "2,scalar,1GiB", "3,auto,1200k"})
    void threadsKernelsAndMemoryDoNotChangeTheBytes(String threads, String kernels, String memory)
            throws IOException {
        Path other = folder.resolve("other");
        Cli.run("merge", recipe, out);
        Cli result =
                Cli.run(
                        "merge",
                        recipe,
                        other,
                        "-j",
                        threads,
                        "--kernels",
                        kernels,
                        "--memory",
                        memory);

        assertThat(result.errors()).isEmpty();
        assertThat(other.resolve("model.safetensors"))
                .hasSameBinaryContentAs(out.resolve("model.safetensors"));
    }

    @Test
    void reportsEveryProblemOfARecipe() throws IOException {
        Models.recipe(
                folder,
                """
                merge_method: lineer
                models:
                  - {model: missing, parameters: {weight: 1}}
                  - {model: absent, parameters: {weight: 1}}
                """);

        Cli result = Cli.run("merge", recipe, out, "--json");

        assertThat(result.exit()).isEqualTo(3);
        assertThat(result.errors()).hasSize(3);
        assertThat(result.json().at("/error/exit").asInt()).isEqualTo(3);
        assertThat(result.json().at("/error/problems")).hasSize(3);
        assertThat(result.json().at("/error/problems/0/what").asText())
                .isEqualTo("unknown merge method 'lineer'");
        assertThat(result.json().at("/error/problems/0/where").asText())
                .isEqualTo(recipe + ":1:15");
        assertThat(result.json().at("/error/problems/0/hint").asText())
                .isEqualTo("did you mean 'linear'?");
        assertThat(result.err()).doesNotContain("\tat ");
        assertThat(out).doesNotExist();
    }

    @Test
    void debugAddsTheStackTrace() throws IOException {
        Models.recipe(folder, "merge_method: linear");

        assertThat(Cli.run("merge", recipe, out, "--debug").err()).contains("\tat io.amalgam.");
    }

    @Test
    void strictMakesWarningsErrors() throws IOException {
        Files.writeString(recipe, Files.readString(recipe) + "parameters: {xyzzy: true}\n");

        Cli lenient = Cli.run("merge", recipe, out, "--quiet");
        assertThat(lenient.exit()).isZero();
        assertThat(lenient.err()).startsWith("warning: 'xyzzy'").hasLineCount(1);
        assertThat(Cli.run("merge", recipe, folder.resolve("strict"), "--strict").exit())
                .isEqualTo(3);
    }

    @Test
    void infinitiesAreRefusedUnlessAllowed() throws IOException {
        Models.tiny(folder.resolve("b"), Float.POSITIVE_INFINITY);

        Cli refused = Cli.run("merge", recipe, out);
        assertThat(refused.exit()).isEqualTo(3);
        assertThat(out.resolve("model.safetensors")).doesNotExist();
        assertThat(Cli.run("merge", recipe, out, "--allow-nonfinite").exit()).isZero();
    }

    @Test
    void unionAndIntersectionDecideAboutTensorsOnlySomeModelsHave() throws IOException {
        Models.write(
                folder.resolve("b"),
                List.of(
                        Models.filled("model.embed_tokens.weight", 3, 6, 4),
                        Models.filled("model.layers.0.up.weight", 3, 4, 4),
                        Models.filled("model.layers.1.up.weight", 3, 4, 4)),
                "{}");

        assertThat(Cli.run("merge", recipe, out).exit()).isEqualTo(3);
        assertThat(
                        Cli.run("merge", recipe, folder.resolve("u"), "--tensor-union", "--json")
                                .json()
                                .path("tensors")
                                .asInt())
                .isEqualTo(4);
        assertThat(
                        Cli.run(
                                        "merge",
                                        recipe,
                                        folder.resolve("i"),
                                        "--tensor-intersection",
                                        "--json")
                                .json()
                                .path("tensors")
                                .asInt())
                .isEqualTo(3);
    }

    @Test
    void mergekitsOptionsGetALineEach() {
        Cli result =
                Cli.run(
                        "merge",
                        recipe,
                        out,
                        "--cuda",
                        "--device",
                        "auto",
                        "--allow-crimes",
                        "--lazy-unpickle",
                        "--transformers-cache",
                        "x",
                        "--lora-merge-cache",
                        "x",
                        "--lora-merge-dtype",
                        "float16",
                        "--low-cpu-memory",
                        "--clone-tensors",
                        "--trust-remote-code",
                        "--write-model-card",
                        "--read-to-gpu",
                        "--multi-gpu",
                        "--gpu-rich",
                        "--async-write",
                        "--write-threads",
                        "4",
                        "--kernels",
                        "scalar");

        assertThat(result.exit()).isZero();
        assertThat(result.err().lines())
                .hasSize(14)
                .allMatch(line -> line.matches("--[a-z-]+ has no effect: .+"))
                .contains("--cuda has no effect: merges run on the processor");
    }

    @Test
    void mergekitsDefaultsNeedNoRemark() {
        Cli result =
                Cli.run(
                        "merge",
                        recipe,
                        out,
                        "--no-cuda",
                        "--device",
                        "cpu",
                        "--no-allow-crimes",
                        "--copy-tokenizer",
                        "--safe-serialization",
                        "--no-unsafe-truncate-embeddings",
                        "--no-write-model-card",
                        "--no-trust-remote-code",
                        "--no-async-write",
                        "--no-quiet",
                        "--kernels",
                        "scalar");

        assertThat(result.err()).isEmpty();
        assertThat(result.exit()).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"missing.yml", "a"})
    void aRecipeMustBeAFile(String name) {
        Cli result = Cli.run("merge", folder.resolve(name), out);

        assertThat(result.exit()).isEqualTo(3);
        assertThat(result.errors())
                .singleElement()
                .asString()
                .startsWith("error: recipe: expected a file");
    }

    @Test
    void aBarIsDrawnOnATerminalAndTakenAway() {
        Cli result = Cli.run(new Terminal(true, true, 80, true), "merge", recipe, out);

        assertThat(result.exit()).isZero();
        assertThat(result.out()).startsWith("merged to ");
    }

    @Test
    void warmUpRunsSilently() {
        assertThat(Cli.run("warm-up")).isEqualTo(new Cli(0, "", ""));
    }

    private float firstValue(String tensor) throws IOException {
        Kernels kernels = ScalarKernels.INSTANCE;
        try (Checkpoint merged = ModelLoader.load().open(out, "out")) {
            float[] value = new float[1];
            merged.tensors().get(tensor).read(0, 1, value, 0, new Workspace(kernels, 1));
            return value[0];
        }
    }

    private static List<String> names(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
