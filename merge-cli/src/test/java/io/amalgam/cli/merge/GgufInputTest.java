package io.amalgam.cli.merge;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.cli.Cli;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A float32 GGUF file gives what the Hugging Face model gives that it was made from. */
class GgufInputTest {
    private static final Path MODELS =
            Path.of("..", "merge-formats", "src", "test", "resources", "golden", "gguf", "models")
                    .toAbsolutePath()
                    .normalize();
    private static final Path HUGGING_FACE = MODELS.resolve("hf-llama");
    private static final Path GGUF = MODELS.resolve("gguf-llama/llama-f32.gguf");
    private static final Path Q8 = MODELS.resolve("gguf-llama-q8_0/llama-q8_0.gguf");
    private static final Path PARTS = MODELS.resolve("gguf-split");

    @TempDir Path temp;

    private byte[] weights(String out) throws IOException {
        return Files.readAllBytes(temp.resolve(out).resolve("model.safetensors"));
    }

    private void run(Object... words) {
        Cli result = Cli.run(words);
        assertThat(result.exit()).as(result.err()).isZero();
    }

    private byte[] merged(String out, Path first, Path base) throws IOException {
        Path recipe =
                Files.writeString(
                        temp.resolve(out + ".yml"),
                        """
                        merge_method: task_arithmetic
                        base_model: %s
                        models:
                          - {model: %s, parameters: {weight: 0.5}}
                          - {model: %s, parameters: {weight: 0.25}}
                          - {model: %s, parameters: {weight: 0.25}}
                        dtype: float32
                        """
                                .formatted(base, first, Q8, PARTS));
        run("merge", recipe, temp.resolve(out));
        return weights(out);
    }

    @Test
    void inOneRecipeWithOthers() throws IOException {
        byte[] expected = merged("a", HUGGING_FACE, HUGGING_FACE);
        assertThat(merged("b", GGUF, HUGGING_FACE)).isEqualTo(expected);
        assertThat(merged("c", HUGGING_FACE, GGUF)).isEqualTo(expected);
    }

    @Test
    void inStacks() throws IOException {
        run("stack", HUGGING_FACE + ":0-0", HUGGING_FACE + ":0-1", temp.resolve("a"));
        run("stack", GGUF + ":0-0", HUGGING_FACE + ":0-1", temp.resolve("b"));
        assertThat(weights("b")).isEqualTo(weights("a"));
        String config = Files.readString(temp.resolve("b/config.json"));
        assertThat(config).contains("\"num_hidden_layers\": 3", "\"rope_type\": \"llama3\"");
    }

    @Test
    void underAdapters() throws IOException {
        Path adapter = temp.resolve("adapter");
        run("lora", "extract", HUGGING_FACE, Q8, adapter, "--rank", 2);
        run("lora", "merge", HUGGING_FACE, adapter, temp.resolve("a"));
        run("lora", "merge", GGUF, adapter, temp.resolve("b"));
        assertThat(weights("b")).isEqualTo(weights("a"));
    }

    @Test
    void inspected() throws IOException {
        JsonNode found = Cli.run("inspect", PARTS, "--json").json();
        assertThat(found.path("architecture").asText()).isEqualTo("LlamaForCausalLM");
        assertThat(found.path("quantised").path("format").asText()).startsWith("GGUF Q4_0");
        assertThat(found.path("files")).hasSize(3);
        assertThat(found.path("tensors").asInt()).isEqualTo(21);
    }
}
