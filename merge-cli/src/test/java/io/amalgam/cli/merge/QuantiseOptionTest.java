package io.amalgam.cli.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.FederatedAverager;
import io.amalgam.ModelLoader;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.cli.Cli;
import io.amalgam.error.BadInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code --quantise} of the commands that write models, over {@code golden/quant}. */
class QuantiseOptionTest {
    private static final Path GOLDEN =
            Path.of("..", "merge-formats", "src", "test", "resources", "golden", "quant", "models");

    @TempDir Path folder;

    @BeforeEach
    void models() throws IOException {
        for (String name : List.of("a", "b")) {
            Path model = Files.createDirectory(folder.resolve(name));
            for (String file : List.of("config.json", "model.safetensors")) {
                Files.copy(GOLDEN.resolve("fp8-ct-channel").resolve(file), model.resolve(file));
            }
        }
        Files.writeString(
                folder.resolve("recipe.yml"),
                "merge_method: linear\nmodels: [{model: a, parameters: {weight: 1}}, {model: b, parameters: {weight: 1}}]\n");
        Files.writeString(
                folder.resolve("moe.yml"),
                "base_model: a\ngate_mode: random\nexperts: [{source_model: a}, {source_model: b}]\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "merge recipe.yml OUT",
                "stack a:0-0 b:0-0 OUT",
                "average a b OUT --ema 0.5",
                "average a b OUT --last 2",
                "soup a b OUT",
                "moe moe.yml OUT"
            })
    void theModelIsQuantised(String command) throws IOException {
        Path out = folder.resolve("out");
        List<Object> words = new ArrayList<>();
        for (String word : command.split(" ")) {
            boolean named = word.matches("(a|b|recipe\\.yml|moe\\.yml)(:.*)?");
            words.add(word.equals("OUT") ? out : named ? folder + "/" + word : word);
        }
        words.add("--quantise");
        words.add("mxfp4");
        Cli result = Cli.run(words.toArray());
        assertThat(result.exit()).as(result.err()).isZero();
        try (Checkpoint written = ModelLoader.load().open(out, "out")) {
            assertThat(written.quantisation().orElseThrow().name()).isEqualTo("MXFP4");
            assertThat(written.quantisation().get().weights())
                    .anyMatch(name -> name.endsWith("self_attn.q_proj.weight"));
            assertThat(written.config().orElseThrow().has("quantization_config")).isFalse();
        }
        assertThat(Files.readString(out.resolve("config.json"))).contains("mxfp4-pack-quantized");
    }

    @Test
    void thePlanNamesTheType() {
        Cli result = Cli.run("plan", folder + "/recipe.yml", "--quantise", "nvfp4");
        assertThat(result.exit()).as(result.err()).isZero();
        assertThat(result.out())
                .contains("nvfp4")
                .contains("1 pass over the tensors to be quantised");
    }

    @Test
    void clientsWhoseScalesWereMovedAreRefused() {
        FederatedAverager round = FederatedAverager.inMemory();
        assertThatThrownBy(() -> round.add(GOLDEN.resolve("awq-gemm"), 1))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("AWQ, which moves scales between its tensors");
    }
}
