package io.amalgam.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever command writes a model: its code comes along. */
class CustomCodeTest {
    private static final String STAGES =
            """
            name: first
            merge_method: linear
            models:
              - {model: a, parameters: {weight: 1}}
              - {model: b, parameters: {weight: 1}}
            ---
            merge_method: linear
            models:
              - {model: first, parameters: {weight: 1}}
              - {model: b, parameters: {weight: 1}}
            """;

    @TempDir Path temp;

    @BeforeEach
    void models() throws IOException {
        for (String name : List.of("a", "b")) {
            List<NamedTensor> tensors = new ArrayList<>();
            tensors.add(Models.filled("model.embed_tokens.weight", 1, 6, 4));
            for (int i = 0; i < 2; i++) {
                String layer = "model.layers." + i + ".";
                tensors.add(Models.filled(layer + "self_attn.o_proj.weight", 1, 4, 4));
                tensors.add(Models.filled(layer + "mlp.down_proj.weight", 1, 4, 8));
            }
            tensors.add(Models.filled("lm_head.weight", 1, 6, 4));
            Path model =
                    Models.write(
                            temp.resolve(name),
                            tensors,
                            "{\"num_hidden_layers\": 2, \"auto_map\": {\"AutoModel\": \"modeling_x.X\"}}");
            Files.writeString(model.resolve("modeling_x.py"), "from .configuration_x import C\n");
            Files.writeString(model.resolve("configuration_x.py"), "# of " + name + "\n");
        }
        Files.createDirectory(temp.resolve("lora"));
        SafetensorsWriter.write(
                temp.resolve("lora/adapter_model.safetensors"),
                List.of(
                        Models.filled(
                                "base_model.model.model.layers.0.mlp.down_proj.lora_A.weight",
                                1,
                                1,
                                8),
                        Models.filled(
                                "base_model.model.model.layers.0.mlp.down_proj.lora_B.weight",
                                1,
                                4,
                                1)),
                Map.of());
        Files.writeString(
                temp.resolve("lora/adapter_config.json"),
                "{\"peft_type\": \"LORA\", \"r\": 1, \"lora_alpha\": 1}");
        Models.recipe(
                temp,
                """
                merge_method: linear
                models:
                  - {model: a, parameters: {weight: 1}}
                  - {model: b+lora, parameters: {weight: 1}}
                """);
        Files.writeString(temp.resolve("stages.yml"), STAGES);
    }

    static Stream<List<String>> commands() {
        return Stream.of(
                List.of("merge", "/recipe.yml", "/out"),
                List.of("merge", "/stages.yml", "/out"),
                List.of("stack", "/a:0-1", "/b:1-1", "/out"),
                List.of("upscale", "/a", "--layers", "3", "/out"),
                List.of("soup", "/a", "/b", "/out"),
                List.of("average", "--last", "2", "/b", "/a", "/out"),
                List.of("lora", "merge", "/a", "/lora", "/out"));
    }

    @ParameterizedTest
    @MethodSource("commands")
    void theCodeIsBesideTheConfiguration(List<String> words) {
        Cli done =
                Cli.run(
                        words.stream()
                                .map(word -> word.startsWith("/") ? temp + word : word)
                                .toArray());

        assertThat(done.exit()).as(done.err()).isZero();
        assertThat(done.err()).doesNotContain("warning");
        Path out = temp.resolve("out");
        assertThat(out.resolve("config.json")).content().contains("modeling_x.X");
        assertThat(out.resolve("modeling_x.py")).hasContent("from .configuration_x import C\n");
        assertThat(out.resolve("configuration_x.py")).exists();
    }

    @Test
    void codeThatIsNotThereIsAWarning() throws IOException {
        Files.delete(temp.resolve("a/configuration_x.py"));

        Cli done = Cli.run("merge", temp.resolve("recipe.yml"), temp.resolve("out"));

        assertThat(done.exit()).isZero();
        assertThat(done.err())
                .contains(
                        "warning: 'modeling_x.py' imports '.configuration_x', which does not exist");
    }

    @Test
    void overwrittenCodeDoesNotStay() throws IOException {
        Path out = temp.resolve("out");
        Cli.run("merge", temp.resolve("recipe.yml"), out);
        for (String name : List.of("a", "b")) {
            Files.writeString(temp.resolve(name).resolve("config.json"), "{}");
        }

        assertThat(Cli.run("merge", temp.resolve("recipe.yml"), out, "--overwrite").exit())
                .isZero();

        assertThat(out.resolve("modeling_x.py")).doesNotExist();
        assertThat(out.resolve("configuration_x.py")).doesNotExist();
    }
}
