package io.amalgam.cli.inspect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.cli.Cli;
import io.amalgam.cli.Models;
import io.amalgam.cli.console.Terminal;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiffCommandTest {
    private static final Path MODELS =
            Path.of("../merge-formats/src/test/resources/golden/gguf/models");

    @TempDir Path folder;
    private Path a;
    private Path b;

    @BeforeEach
    void models() throws IOException {
        a = Models.tiny(folder.resolve("a"), 1);
        b = Models.tiny(folder.resolve("b"), 3);
    }

    @Test
    void showsModelsKindsLayersAndTensors() throws IOException {
        Files.writeString(b.resolve("config.json"), "{\"architectures\": [\"Other\"]}");
        Cli result = Cli.run("diff", a, b);

        assertThat(result.exit()).isZero();
        assertThat(result.err()).isEmpty();
        // All 1 against all 3: the change is twice the norm.
        assertThat(result.out())
                .containsPattern("(?m)^1 +.*b +2\\.00 +1\\.00000 +22\\.4 +94\\.9% +2\\.00$")
                .contains("largest change of 1: model.embed_tokens.weight[0, 0]\n")
                .containsPattern("(?m)^kind +tensors +change +cosine +largest +changed$")
                .containsPattern("(?m)^embedding +1 +2\\.00 +1\\.00000 +2\\.00 +100\\.0%$")
                .containsPattern("(?m)^model\\.layers\\.1 +1 +2\\.00 +")
                .containsPattern("(?m)^model\\.layers\\.0\\.up\\.weight +2\\.00 +")
                .containsPattern("(?m)^architectures +\\[\"TinyModel\"\\] +\\[\"Other\"\\]$")
                .endsWith("different: 3 of 4 tensors, 1 setting\n");
        assertThat(Cli.run("diff", a, b, "--top", "1").out())
                .contains("model.embed_tokens.weight")
                .doesNotContain("up.weight");
    }

    /** Changes with the singular values 3 and 1 (and -1), 1 for all, and none. */
    @Test
    void ranksAreThoseOfTheSingularValues() throws IOException {
        Path base = ranked(folder.resolve("base"), 0);
        Path tuned = ranked(folder.resolve("tuned"), 1);

        JsonNode ranks =
                Cli.run("diff", base, tuned, "--rank", "entropy", "--json")
                        .json()
                        .path("effective_rank");

        double entropy = -0.75 * Math.log(0.75) - 0.25 * Math.log(0.25);
        assertThat(ranks.path("kind").asText()).isEqualTo("entropy");
        double[] found =
                ranks.path("tensors").findValues("ranks").stream()
                        .mapToDouble(values -> values.get(0).asDouble())
                        .toArray();
        assertThat(found)
                .containsExactly(
                        new double[] {200, 0, Math.exp(entropy), Math.exp(entropy)}, within(1e-9));
        Cli table = Cli.run("diff", "--base", base, tuned, tuned, "--rank", "stable");
        assertThat(table.out())
                .containsPattern("(?m)^rank \\(stable\\) +matrices +1 +2 +of$")
                .containsPattern("(?m)^mlp +2 +1\\.1 +1\\.1 +2\\.0$")
                .containsPattern("(?m)^other +2 +100\\.0 +100\\.0 +101\\.0$")
                .endsWith("different: 3 of 4 tensors\n");
    }

    private static Path ranked(Path model, float change) throws IOException {
        float[] identity = new float[201 * 200];
        for (int i = 0; i < 200; i++) {
            identity[i * 200 + i] = change;
        }
        return Models.write(
                model,
                List.of(
                        NamedTensor.ofFloats("big", Shape.of(201, 200), identity),
                        NamedTensor.ofFloats("same", Shape.of(2, 2), 1, 2, 3, 4),
                        NamedTensor.ofFloats(
                                "tall.mlp", Shape.of(3, 2), 3 * change, 0, 0, 0, 0, -change),
                        NamedTensor.ofFloats(
                                "wide.mlp", Shape.of(2, 3), 0, 3 * change, 0, change, 0, 0)),
                "{}");
    }

    @Test
    void modelsThatAreTheSameAreSaidToBe() {
        Cli result = Cli.run("diff", a, a, "--exit-code");

        assertThat(result.exit()).isZero();
        assertThat(result.out())
                .endsWith("no difference in 4 tensors, settings and other files\n")
                .doesNotContain("kind");
    }

    @Test
    void exitCodeSaysWhetherTheyDiffer() throws IOException {
        assertThat(Cli.run("diff", a, b, "--exit-code", "--quiet")).isEqualTo(new Cli(1, "", ""));
        assertThat(Cli.run("diff", a, b, "--quiet").exit()).isZero();
        // Nothing but a setting, or a file.
        Path c = Models.tiny(folder.resolve("c"), 1);
        Files.writeString(c.resolve("config.json"), "{\"architectures\": [\"Other\"]}");
        assertThat(Cli.run("diff", a, c, "--exit-code").exit()).isEqualTo(1);
        Path d = Models.tiny(folder.resolve("d"), 1);
        Files.writeString(d.resolve("chat_template.jinja"), "x");
        assertThat(Cli.run("diff", a, d, "--exit-code").exit()).isEqualTo(1);
    }

    @Test
    void modelsOfOneBaseAreComparedWithEachOther() throws IOException {
        Path c = Models.tiny(folder.resolve("c"), -1);
        Path d = Models.tiny(folder.resolve("d"), 2);
        Cli result = Cli.run("diff", "--base", a, b, c, d);

        assertThat(result.out())
                .containsPattern("(?m)^changes +cosine +sign conflicts$")
                .containsPattern("(?m)^1 and 2 +-1\\.00000 +94\\.9%$")
                .containsPattern("(?m)^1 and 3 +1\\.00000 +0\\.0%$")
                .containsPattern("(?m)^any +94\\.9%$")
                .containsPattern("(?m)^embedding +1 +2\\.00 +2\\.00 +1\\.00 +100\\.0%$");
        JsonNode json = Cli.run("diff", "--base", a, b, c, "--json").json();
        assertThat(json.at("/total/pairs/0/cosine").asDouble()).isEqualTo(-1);
        assertThat(json.at("/total/pairs/0/sign_conflicts").asInt()).isEqualTo(56);
    }

    @Test
    void jsonHasEveryTensor() throws IOException {
        JsonNode json = Cli.run("diff", a, b, "--json").json();

        assertThat(json.path("differs").asBoolean()).isTrue();
        assertThat(json.path("tensors")).hasSize(4);
        assertThat(json.at("/tensors/0/kind").asText()).isEqualTo("embedding");
        assertThat(json.at("/tensors/0/changes/0/relative").asDouble()).isEqualTo(2);
        assertThat(json.at("/tensors/0/changes/0/largest/magnitude").asDouble()).isEqualTo(2);
        assertThat(json.at("/total/changes/0/changed").asInt()).isEqualTo(56);
        assertThat(json.at("/layers/1/name").asText()).isEqualTo("model.layers.1");
        // A table of integers has no norm, so no cosine.
        assertThat(json.at("/tensors/3/changes/0/cosine").isNull()).isTrue();
    }

    @Test
    void anyReadableFormatWillDo() throws IOException {
        Path f32 = MODELS.resolve("gguf-llama/llama-f32.gguf");
        Path q8 = MODELS.resolve("gguf-llama-q8_0/llama-q8_0.gguf");
        JsonNode json = Cli.run("diff", f32, q8, "--json").json();

        assertThat(json.at("/total/changes/0/cosine").asDouble()).isGreaterThan(0.999);
        assertThat(json.at("/total/changes/0/relative").asDouble()).isBetween(1e-4, 0.05);
        // Codes are read as BF16: another type.
        assertThat(json.at("/not_alike/0/models/1/dtype").asText()).isEqualTo("BF16");
        assertThat(Cli.run("diff", f32, q8).out()).containsPattern("(?m)^21 tensors +F32 +BF16$");
        Path stored = MODELS.resolve("hf-llama");
        JsonNode same = Cli.run("diff", f32, stored, "--json").json();
        assertThat(same.at("/total/changes/0/changed").asInt(-1)).isZero();
        assertThat(same.path("not_alike")).isEmpty();
    }

    @Test
    void adaptersAreApplied() throws IOException {
        Path adapter = Files.createDirectories(folder.resolve("adapter"));
        Files.writeString(
                adapter.resolve("adapter_config.json"),
                "{\"peft_type\": \"LORA\", \"r\": 1, \"lora_alpha\": 1, \"target_modules\": [\"up\"]}");
        String module = "base_model.model.model.layers.0.up.";
        io.amalgam.formats.safetensors.SafetensorsWriter.write(
                adapter.resolve("adapter_model.safetensors"),
                List.of(
                        Models.filled(module + "lora_A.weight", 1, 1, 4),
                        Models.filled(module + "lora_B.weight", 2, 4, 1)),
                java.util.Map.of());
        JsonNode json = Cli.run("diff", a, a + "+" + adapter, "--json").json();

        assertThat(json.at("/total/changes/0/changed").asInt()).isEqualTo(16);
        assertThat(json.at("/total/changes/0/norm").asDouble()).isEqualTo(8);
    }

    @Test
    void tablesFitTheTerminal() throws IOException {
        String name =
                "model.layers.%d.a_module_with_a_name_that_is_longer_than_most.mlp.up_proj.weight";
        for (String each : List.of("x", "y")) {
            List<NamedTensor> tensors = new java.util.ArrayList<>();
            for (int i = 0; i < 3; i++) {
                tensors.add(
                        NamedTensor.ofFloats(
                                String.format(name, i), Shape.of(2), each.charAt(0), 2));
            }
            Models.write(folder.resolve(each), tensors, "{}");
        }
        Path x = folder.resolve("x");
        String out =
                Cli.run(new Terminal(false, true, 80, false), "diff", x, folder.resolve("y")).out();

        assertThat(out.lines().filter(line -> line.contains("…up_proj") || line.contains("…")))
                .isNotEmpty()
                .allMatch(line -> line.length() <= 80);
    }

    @Test
    void namesFromFilesCannotSpeakToTheTerminal() throws IOException {
        for (String each : List.of("x", "y")) {
            Models.write(
                    folder.resolve(each),
                    List.of(NamedTensor.ofFloats("a\u001b[31m\nb", Shape.of(1), each.charAt(0))),
                    "{\"k\\u001b\": \"" + each + "\\u001b[2J\"}");
        }
        String out = Cli.run("diff", folder.resolve("x"), folder.resolve("y")).out();

        assertThat(out).doesNotContain("\u001b").contains("a\\u001b[31m\\nb");
    }
}
