package io.amalgam.cli.judge;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.cli.Cli;
import io.amalgam.cli.Models;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is refused is in the table of bad inputs. */
class CheckCommandTest {
    private static final Path MODELS = Path.of("../merge-core/src/test/resources/forward");

    @TempDir Path folder;

    @Test
    void saysWhatWasLookedAt() throws IOException {
        for (String name : List.of("llama3", "mistral", "qwen2", "qwen3")) {
            Cli result = Cli.run("check", MODELS.resolve(name));

            assertThat(result.exit()).as(result.err()).isZero();
            assertThat(result.err()).isEmpty();
            assertThat(result.out())
                    .containsPattern("(?m)^tensors +\\d+ read, all finite$")
                    .containsPattern("(?m)^config +all tensors are there")
                    .containsPattern("(?m)^tokenizer +not compared: there is no tokenizer.json$")
                    .containsPattern("(?m)^forward +16 tokens .* loss \\d");
        }
    }

    /** A type that is not run is said to be so, and what is odd is a warning. */
    @Test
    void otherTypesAreComparedAsFarAsTheyAreKnown() throws IOException {
        Path model = Models.tiny(folder.resolve("m"), 1);
        Files.writeString(
                model.resolve("config.json"),
                "{\"model_type\": \"phi\", \"num_hidden_layers\": 5, \"vocab_size\": 600}");

        Cli result = Cli.run("check", model, "--json");

        assertThat(result.exit()).isZero();
        JsonNode json = result.json();
        assertThat(json.at("/checked/forward").asText()).startsWith("not run");
        assertThat(json.at("/checked/config").asText()).startsWith("type 'phi'");
        assertThat(json.at("/warnings").toString())
                .contains("5 as config.json says")
                .contains("600 as 'vocab_size' in config.json says");
    }

    @Test
    void aRecipeIsCheckedByWhatItWouldWrite() throws IOException {
        Path llama = MODELS.resolve("llama3").toAbsolutePath();
        Path recipe = folder.resolve("r.yml");
        Files.writeString(
                recipe,
                "merge_method: passthrough\nslices: [{sources: [{model: '%s', layer_range: [0, 2]}]}, {sources: [{model: '%s', layer_range: [1, 3]}]}]\n"
                        .formatted(llama, llama));

        Cli result = Cli.run("check", recipe);

        assertThat(result.exit()).as(result.err()).isZero();
        assertThat(result.out()).containsPattern("(?m)^tensors +39 read, all finite$");
    }
}
