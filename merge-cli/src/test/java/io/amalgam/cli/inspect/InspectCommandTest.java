package io.amalgam.cli.inspect;

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

class InspectCommandTest {
    @TempDir Path folder;

    @Test
    void countsWhatIsThere() throws IOException {
        Cli result = Cli.run("inspect", Models.tiny(folder.resolve("m"), 1));

        assertThat(result.exit()).isZero();
        assertThat(result.err()).isEmpty();
        assertThat(result.out())
                .containsPattern("(?m)^architecture +TinyModel$")
                .containsPattern("(?m)^tensors +4$")
                .containsPattern("(?m)^parameters +56$")
                .containsPattern("(?m)^size +227 B$")
                .containsPattern(
                        "(?m)^layers +2 in model\\.layers\\.\\*, 2 tensors outside of layers$")
                .containsPattern("(?m)^inference +272 B = size x 1\\.2")
                .containsPattern("(?m)^training +899 B = weights \\+ gradients")
                .containsPattern("(?m)^U8 +1 +3 +3 B$")
                .containsPattern("(?m)^F32 +3 +56 +224 B$");
    }

    @Test
    void showsTheModulesOfAModelWithSeveralStacks() throws IOException {
        Path model = Models.encoderDecoder(folder.resolve("m"), 3, 2, 1);

        assertThat(Cli.run("inspect", model).out())
                .containsPattern(
                        "(?m)^layers +2 in decoder\\.block\\.\\*, 3 in encoder\\.block\\.\\*, 3 tensors outside of layers$")
                .containsPattern("(?m)^module +layers +tensors +elements$")
                .containsPattern("(?m)^decoder +2 in decoder\\.block\\.\\* +4 +52$")
                .containsPattern("(?m)^encoder +3 in encoder\\.block\\.\\* +5 +68$")
                .containsPattern("(?m)^shared +- +1 +24$");
        JsonNode json = Cli.run("inspect", model, "--json").json();
        assertThat(json.at("/modules/0/name").asText()).isEqualTo("decoder");
        assertThat(json.at("/modules/0/layers").asInt()).isEqualTo(2);
        assertThat(json.at("/modules/2/name").asText()).isEqualTo("shared");
        assertThat(json.at("/modules/2/tensors").asInt()).isEqualTo(1);
        assertThat(Cli.run("inspect", Models.tiny(folder.resolve("t"), 1)).out())
                .doesNotContain("module ");
    }

    @Test
    void jsonHasTheSameNumbers() throws IOException {
        JsonNode json = Cli.run("inspect", Models.tiny(folder.resolve("m"), 1), "--json").json();

        assertThat(json.path("tensors").asInt()).isEqualTo(4);
        assertThat(json.path("parameters").asLong()).isEqualTo(56);
        assertThat(json.path("bytes").asLong()).isEqualTo(227);
        // 227 x 1.2, rounded
        assertThat(json.at("/memory/inference_bytes").asLong()).isEqualTo(272);
        // 227 of weights, 224 of gradients, 56 x 8 of moments
        assertThat(json.at("/memory/training_adam_bytes").asLong()).isEqualTo(899);
        assertThat(json.at("/layers/0/count").asInt()).isEqualTo(2);
        assertThat(json.path("tensors_outside_layers").asInt()).isEqualTo(2);
        assertThat(json.has("tensor_list")).isFalse();
    }

    @Test
    void showsTheModulesOfAModelInParts() throws IOException {
        Path model = Models.tiny(folder.resolve("m"), 1);
        Models.write(
                model.resolve("2_Dense"), List.of(Models.filled("linear.weight", 1, 3, 4)), "{}");
        Files.writeString(
                model.resolve("modules.json"),
                """
                [{"path": "", "type": "s.models.Transformer"}, {"path": "1_Pooling", "type": "s.Pooling"},
                 {"path": "2_Dense", "type": "s.models.Dense"}]
                """);

        Cli text = Cli.run("inspect", model, "--tensors");
        assertThat(text.out())
                .containsPattern(
                        "(?m)^folders +Transformer, Pooling, Dense \\(2_Dense, 12 parameters\\)$")
                .containsPattern("(?m)^tensors +5$")
                .containsPattern("(?m)^2_Dense\\.linear\\.weight +F32 +\\[3, 4\\] +48 B$");
        JsonNode json = Cli.run("inspect", model, "--json").json();
        assertThat(json.at("/folders/2/type").asText()).isEqualTo("Dense");
        assertThat(json.at("/folders/2/folder").asText()).isEqualTo("2_Dense");
        assertThat(json.at("/folders/2/parameters").asLong()).isEqualTo(12);
        assertThat(json.at("/folders/1/parameters").asLong()).isZero();
    }

    @Test
    void listsTensorsOfABareFile() throws IOException {
        Path file = Models.tiny(folder.resolve("m"), 1).resolve("model.safetensors");

        Cli text = Cli.run("inspect", file, "--tensors");
        assertThat(text.out())
                .containsPattern("(?m)^model\\.embed_tokens\\.weight +F32 +\\[6, 4\\] +96 B$")
                .doesNotContain("architecture");
        JsonNode json = Cli.run("inspect", file, "--tensors", "--json").json();
        assertThat(json.path("tensor_list")).hasSize(4);
        assertThat(json.at("/tensor_list/0/shape").isArray()).isTrue();
    }

    @Test
    void aBrokenFileIsBadInput() throws IOException {
        Path file = Files.writeString(folder.resolve("broken.safetensors"), "not a model");

        Cli result = Cli.run("inspect", file);
        assertThat(result.exit()).isEqualTo(3);
        assertThat(result.out()).isEmpty();
        assertThat(result.errors()).singleElement().asString().contains("broken.safetensors");
    }

    @Test
    void aMergeThatWasInterruptedIsToBeResumed() throws IOException {
        Path out = folder.resolve("out");
        Files.createDirectories(out.resolve(".amalgam-partial"));

        Cli nothing = Cli.run("inspect", out);
        assertThat(nothing.exit()).isEqualTo(3);
        assertThat(nothing.errors())
                .singleElement()
                .asString()
                .endsWith(
                        "; a merge to it was interrupted, or is still running: repeat it with --resume to finish it");

        Models.tiny(out, 1);
        Cli earlier = Cli.run("inspect", out, "--json");
        assertThat(earlier.exit()).isZero();
        assertThat(earlier.json().path("parameters").asLong()).isEqualTo(56);
        assertThat(earlier.err())
                .isEqualTo(
                        "warning: '"
                                + out
                                + "' holds an interrupted merge beside this model; repeat it with --resume to finish it\n");
    }

    @Test
    void nothingThereIsBadInput() throws IOException {
        Cli result = Cli.run("inspect", folder.resolve("nothing"), "--json");
        assertThat(result.exit()).isEqualTo(3);
        assertThat(result.json().at("/error/problems/0/found").asText()).startsWith("nothing at ");
    }

    @Test
    void namesCannotBreakTheTable() throws IOException {
        Path model =
                Models.write(
                        folder.resolve("m"),
                        List.of(Models.filled("a\nb\u001b[2J\u2028", 1, 2)),
                        "{}");

        assertThat(Cli.run("inspect", model, "--tensors").out())
                .containsPattern("(?m)^a\\\\nb\\\\u001b\\[2J\\\\u2028 +F32 +\\[2\\] +8 B$");
    }
}
