package io.amalgam.cli.lora;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.ModelLoader;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.cli.Cli;
import io.amalgam.cli.Models;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsWriter;
import io.amalgam.internal.checkpoint.TensorReads;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LoraCommandTest {
    @TempDir private Path folder;
    private Path base;
    private Path adapter;

    @BeforeEach
    void start() throws IOException {
        base = Files.createDirectory(folder.resolve("base"));
        SafetensorsWriter.write(
                base.resolve("model.safetensors"),
                List.of(
                        Models.filled("layers.0.up.weight", 1, 6, 8),
                        Models.filled("layers.1.up.weight", 2, 6, 8)),
                Map.of("format", "pt"));
        adapter = adapter("adapter", 2);
    }

    private Path adapter(String name, float value) throws IOException {
        Path directory = Files.createDirectory(folder.resolve(name));
        Files.writeString(
                directory.resolve("adapter_config.json"),
                "{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 1}");
        NamedTensor a = Models.filled("base_model.model.layers.0.up.lora_A.weight", value, 2, 8);
        NamedTensor b = Models.filled("base_model.model.layers.0.up.lora_B.weight", 3, 6, 2);
        SafetensorsWriter.write(
                directory.resolve("adapter_model.safetensors"),
                List.of(a, b),
                Map.of("format", "pt"));
        return directory;
    }

    private float[] merged(String out) throws IOException {
        try (Checkpoint model = ModelLoader.load().open(folder.resolve(out), out)) {
            return TensorReads.of(model.tensors().get("layers.0.up.weight"));
        }
    }

    private static float[] all(float value) {
        float[] values = new float[48];
        Arrays.fill(values, value);
        return values;
    }

    @Test
    void mergesIntoTheBaseByWeight() throws IOException {
        Cli done = Cli.run("lora", "merge", base, adapter + ":0.5", folder.resolve("out"));
        assertThat(done.err()).contains("layers.*.up");
        assertThat(done.exit()).isZero();
        // 1 + 0.5 * 1/2 * (3 * 2 + 3 * 2)
        assertThat(merged("out")).containsExactly(all(4));
        assertThat(folder.resolve("out/amalgam-recipe.yml")).content().contains("lora merge");
    }

    @Test
    void dryRunShowsWhatWouldChangeAndWritesNothing() {
        Cli done = Cli.run("lora", "merge", base, adapter, folder.resolve("out"), "--dry-run");
        assertThat(done.exit()).isZero();
        assertThat(done.out()).contains("layers.*.up", "adapters' factors", "dry run");
        assertThat(folder.resolve("out")).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource({"merge, out\ufffd", "extract, out\ufffd", "extract, sparse\ufffd.safetensors"})
    void outputsWithNamesInOtherBytesAreRefused(String command, String name) {
        Path out = folder.resolve(name);
        List<Object> words = new ArrayList<>(List.of("lora", command, base, adapter, out));
        if (command.equals("extract")) {
            words.set(3, base);
            words.addAll(List.of(name.startsWith("out") ? "--rank" : "--sparse", 1));
        }
        Cli result = Cli.run(words.toArray());
        assertThat(result.exit()).isEqualTo(3);
        assertThat(result.errors())
                .containsExactly(
                        "error: output '"
                                + out
                                + "': expected a name in UTF-8, got other bytes; choose another output");
        assertThat(out).doesNotExist();
    }

    @Test
    void recipesTakeAdapters() throws IOException {
        Path recipe = folder.resolve("r.yml");
        Files.writeString(recipe, "merge_method: passthrough\nmodels: [{model: base+adapter}]\n");
        assertThat(Cli.run("merge", recipe, folder.resolve("out")).exit()).isZero();
        assertThat(merged("out")).containsExactly(all(7));
    }

    @Test
    void recipesWeighAdapters() throws IOException {
        Path recipe = folder.resolve("r.yml");
        for (String model :
                new String[] {
                    "base+adapter:0.5",
                    "base+adapter:1+adapter:-0.5",
                    "{model: base, lora: 'adapter:0.5'}",
                    "{model: base, lora: {path: adapter, weight: 0.5}}",
                    "{model: base, lora: [{path: adapter, weight: 0.25}, 'adapter:0.25']}"
                }) {
            Files.writeString(
                    recipe, "merge_method: passthrough\nmodels: [{model: " + model + "}]\n");
            Cli done = Cli.run("merge", recipe, folder.resolve("out"), "--overwrite");
            assertThat(done.exit()).as(done.err()).isZero();
            assertThat(merged("out")).containsExactly(all(4));
        }
        // A path that exists as it stands is no weight.
        Files.move(adapter, adapter.resolveSibling("adapter:0.5"));
        Files.writeString(
                recipe, "merge_method: passthrough\nmodels: [{model: base+adapter:0.5}]\n");
        assertThat(Cli.run("merge", recipe, folder.resolve("again")).exit()).isZero();
        assertThat(merged("again")).containsExactly(all(7));
    }

    @Test
    void combinesAndMergesTheResult() throws IOException {
        Path other = adapter("other", -1);
        Path both = folder.resolve("both");
        Cli done =
                Cli.run(
                        "lora",
                        "combine",
                        "--method",
                        "exact",
                        "--rank",
                        1,
                        "--json",
                        adapter,
                        other + ":2",
                        both);
        assertThat(done.exit()).isZero();
        JsonNode module = done.json().get("modules").get(0);
        assertThat(module.get("rank").intValue()).isEqualTo(1);
        assertThat(module.get("discarded").doubleValue()).isLessThan(1e-12);
        JsonNode report =
                new com.fasterxml.jackson.databind.ObjectMapper()
                        .readTree(both.resolve("amalgam-report.json").toFile());
        assertThat(report).isEqualTo(done.json());
        assertThat(report.get("adapters").get(1).get("weight").doubleValue()).isEqualTo(2);
        Cli quiet =
                Cli.run(
                        "lora",
                        "combine",
                        "--quiet",
                        "--no-report",
                        "--method",
                        "cat",
                        adapter,
                        folder.resolve("quiet"));
        assertThat(quiet.exit()).isZero();
        assertThat(quiet.out() + quiet.err()).isEmpty();
        assertThat(folder.resolve("quiet/amalgam-report.json")).doesNotExist();
        assertThat(Cli.run("lora", "merge", base, both, folder.resolve("out")).exit()).isZero();
        // The changes are 6 and 2 * -3.
        for (float value : merged("out")) {
            assertThat(value).isBetween(1 - 1e-5f, 1 + 1e-5f);
        }
        assertThat(Cli.run("lora", "combine", "--method", "cat", adapter, both).errors())
                .singleElement()
                .asString()
                .contains("an empty or new directory");
    }

    @Test
    void extractsWhatWasMergedIn() throws IOException {
        Path tuned = folder.resolve("tuned");
        Path out = folder.resolve("out");
        assertThat(Cli.run("lora", "merge", base, adapter, tuned).exit()).isZero();
        Cli done = Cli.run("lora", "extract", tuned, base, out, "--energy", 0.99);
        assertThat(done.exit()).as(done.err()).isZero();
        assertThat(done.out()).contains("layers.0.up", "1 tensor unchanged");
        assertThat(Cli.run("lora", "merge", base, out, folder.resolve("again")).exit()).isZero();
        for (float value : merged("again")) {
            assertThat(value).isBetween(7 - 1e-5f, 7 + 1e-5f);
        }
    }

    /** A killed run's file is nobody's; one that is locked is being written. */
    @Test
    void whatAKilledExtractionLeftIsRemoved() throws IOException {
        Path tuned = Files.createDirectory(folder.resolve("tuned"));
        SafetensorsWriter.write(
                tuned.resolve("model.safetensors"),
                List.of(
                        Models.filled("layers.0.up.weight", 3, 6, 8),
                        Models.filled("layers.1.up.weight", 2, 6, 8)),
                Map.of("format", "pt"));
        Path out = Files.createDirectory(folder.resolve("out")).resolve("sparse.safetensors");
        String uuid = "01234567-89ab-cdef-0123-456789abcde";
        Path left =
                Files.writeString(out.resolveSibling(".sparse.safetensors." + uuid + "0.tmp"), "");
        Path held =
                Files.writeString(out.resolveSibling(".sparse.safetensors." + uuid + "1.tmp"), "");
        Path other = Files.writeString(out.resolveSibling(".x.safetensors." + uuid + "0.tmp"), "");
        Path mine = Files.writeString(out.resolveSibling(".sparse.safetensors.mine.tmp"), "");
        try (FileChannel channel = FileChannel.open(held, StandardOpenOption.WRITE)) {
            channel.lock();
            Object[] words = {"lora", "extract", tuned, base, out, "--sparse", 1};
            assertThat(Cli.run(words).errors()).isEmpty();
        }
        assertThat(left).doesNotExist();
        try (Stream<Path> files = Files.list(folder.resolve("out"))) {
            assertThat(files).containsExactlyInAnyOrder(out, held, other, mine);
        }
    }

    @Test
    void sparseChangesAreAdaptersToo() throws IOException {
        Path tuned = folder.resolve("tuned");
        Path out = folder.resolve("change.safetensors");
        assertThat(Cli.run("lora", "merge", base, adapter, tuned).exit()).isZero();
        Cli done = Cli.run("lora", "extract", tuned, base, out, "--sparse", 0.5, "--json");
        assertThat(done.exit()).as(done.err()).isZero();
        assertThat(done.json().get("tensors").get(0).get("kept").intValue()).isEqualTo(24);
        assertThat(done.json().get("unchanged").intValue()).isEqualTo(1);
        assertThat(Cli.run("lora", "inspect", out).out())
                .contains("changed tensors", "24", "layers.*.up");

        Path half = folder.resolve("half");
        assertThat(Cli.run("lora", "merge", base, out + ":0.5", half).exit()).isZero();
        float[] expected = all(1);
        Arrays.fill(expected, 0, 24, 4);
        assertThat(merged("half")).containsExactly(expected);

        Path recipe = folder.resolve("r.yml");
        Files.writeString(
                recipe, "merge_method: passthrough\nmodels: [{model: base+change.safetensors}]\n");
        assertThat(Cli.run("merge", recipe, folder.resolve("recipe")).exit()).isZero();
        Arrays.fill(expected, 0, 24, 7);
        assertThat(merged("recipe")).containsExactly(expected);

        assertThat(Cli.run("lora", "extract", tuned, base, out, "--sparse", 0.5).errors())
                .singleElement()
                .asString()
                .contains("expected nothing there, got a file");
        Path input = base.resolve("model.safetensors");
        assertThat(
                        Cli.run("lora", "extract", tuned, base, input, "--sparse", 1, "--overwrite")
                                .errors())
                .singleElement()
                .asString()
                .contains("inputs are never written over");
        assertThat(Cli.run("lora", "extract", tuned, base, out, "--sparse", 1, "--overwrite").out())
                .contains("100.0%", "1 tensor, 1 unchanged");
    }

    @ParameterizedTest
    @CsvSource({
        "--sparse 2, expected a number above 0 and at most 1",
        "--sparse 0, expected a number above 0 and at most 1",
        "--sparse 0.1 --rank 3, takes no",
        "--sparse 0.1 --dtype float16, takes no",
        "-j 0 --rank 3, expected at least 1",
        "--skip-undecomposable, '--rank'"
    })
    void extractSaysHowItIsUsed(String options, String message) {
        List<Object> words =
                new ArrayList<>(List.of("lora", "extract", base, base, "o.safetensors"));
        words.addAll(List.of(options.split(" ")));
        Cli done = Cli.run(words.toArray());
        assertThat(done.exit()).isEqualTo(2);
        assertThat(done.err()).contains(message);
    }

    @Test
    void threadsChangeNothing() throws IOException {
        Path start = many("start", 1, false);
        Path tuned = many("tuned", 2, false);
        Path a = many("a", 3, true);
        Path b = many("b", 4, true);
        for (int threads : new int[] {1, 3}) {
            String out = folder.resolve("by" + threads).toString();
            assertThat(
                            Cli.run(
                                            "lora", "extract", tuned, start, out + "x", "--rank", 2,
                                            "-j", threads)
                                    .exit())
                    .isZero();
            assertThat(
                            Cli.run(
                                            "lora",
                                            "combine",
                                            "--method",
                                            "ties",
                                            "--density",
                                            0.5,
                                            "--on",
                                            "core",
                                            a,
                                            b,
                                            out + "c",
                                            "-j",
                                            threads)
                                    .exit())
                    .isZero();
        }
        for (String made : List.of("x", "c")) {
            String file = made + "/adapter_model.safetensors";
            assertThat(folder.resolve("by1" + file))
                    .hasSameBinaryContentAs(folder.resolve("by3" + file));
        }
    }

    /** Nine matrices of numbers in no order, or factors of them. */
    private Path many(String name, long seed, boolean factors) throws IOException {
        Random random = new Random(seed);
        List<NamedTensor> tensors = new ArrayList<>();
        for (int layer = 0; layer < 9; layer++) {
            String module = "model.layers." + layer + ".up.";
            if (factors) {
                tensors.add(random("base_model.model." + module + "lora_A.weight", 2, 8, random));
                tensors.add(random("base_model.model." + module + "lora_B.weight", 6, 2, random));
            } else {
                tensors.add(random(module + "weight", 6, 8, random));
            }
        }
        Path directory = Files.createDirectory(folder.resolve(name));
        String file = factors ? "adapter_model.safetensors" : "model.safetensors";
        SafetensorsWriter.write(directory.resolve(file), tensors, Map.of("format", "pt"));
        Files.writeString(
                directory.resolve(factors ? "adapter_config.json" : "config.json"),
                factors ? "{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 1}" : "{}");
        return directory;
    }

    private static NamedTensor random(String name, int rows, int cols, Random random) {
        float[] values = new float[rows * cols];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return NamedTensor.ofFloats(name, Shape.of(rows, cols), values);
    }

    @Test
    void inspectShowsModulesAndFleets() throws IOException {
        Cli done = Cli.run("lora", "inspect", adapter, "--fleet", 10, "--json");
        JsonNode node = done.json();
        assertThat(node.get("parameters").intValue()).isEqualTo(28);
        assertThat(node.get("modules").get(0).get("scale").doubleValue()).isEqualTo(0.5);
        assertThat(node.get("fleet").get("merged_parameters").intValue()).isEqualTo(480);
        assertThat(node.get("fleet").get("apart_parameters").intValue()).isEqualTo(328);
        assertThat(Cli.run("lora", "inspect", adapter, "--fleet", 10).out())
                .contains("layers.*.up", "apart");
    }

    @ParameterizedTest
    @CsvSource({
        "96, 12288, 2, 18874368, 37748736",
        "40, 5120, 2, 3276800, 6553600",
    })
    void costsAreReckonedFromTheConfig(int layers, int hidden, int rank, long count, long bytes)
            throws IOException {
        Path config = folder.resolve("config.json");
        Files.writeString(
                config, "{\"num_hidden_layers\": " + layers + ", \"hidden_size\": " + hidden + "}");
        JsonNode node =
                Cli.run("lora", "inspect", config, "--rank", rank, "--targets", "q,k,v,o", "--json")
                        .json();
        assertThat(node.get("parameters").longValue()).isEqualTo(count);
        assertThat(node.get("bytes").longValue()).isEqualTo(bytes);
    }

    @Test
    void aHundredCopiesOfAMatrixAndAHundredAdapters() throws IOException {
        Path config = folder.resolve("config.json");
        Files.writeString(config, "{\"num_hidden_layers\": 1, \"hidden_size\": 4096}");
        JsonNode fleet =
                Cli.run(
                                "lora",
                                "inspect",
                                config,
                                "--rank",
                                8,
                                "--targets",
                                "q",
                                "--fleet",
                                100,
                                "--json")
                        .json()
                        .get("fleet");
        assertThat(fleet.get("merged_parameters").longValue()).isEqualTo(1_677_721_600L);
        assertThat(fleet.get("apart_parameters").longValue()).isEqualTo(23_330_816L);
    }
}
