package io.amalgam.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.Formats;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsWriter;
import io.amalgam.lora.Values;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
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
        try (Checkpoint model = Formats.load().open(folder.resolve(out), out)) {
            return Values.of(model.tensors().get("layers.0.up.weight"));
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

    @Test
    void recipesTakeAdapters() throws IOException {
        Path recipe = folder.resolve("r.yml");
        Files.writeString(recipe, "merge_method: passthrough\nmodels: [{model: base+adapter}]\n");
        assertThat(Cli.run("merge", recipe, folder.resolve("out")).exit()).isZero();
        assertThat(merged("out")).containsExactly(all(7));
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
