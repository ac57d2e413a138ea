package io.amalgam.golden;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.internal.formats.gguf.GgufFormat;
import io.amalgam.internal.formats.tokens.TextTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tokenizers that GGUF files hold, as files of a Hugging Face model: {@code tokens.json} has what
 * transformers makes of some texts with the models' own, and for phi3 SentencePiece, written by
 * {@code tools/check-gguf-tokenizers.py}.
 */
class GoldenGgufTokenizerTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden/gguf");
    private static final JsonMapper JSON = new JsonMapper();

    @BeforeAll
    static void nativeParts() {
        System.setProperty("DJL_CACHE_DIR", Path.of("target", "djl").toAbsolutePath().toString());
    }

    private static Path file(String name) {
        return GOLDEN.resolve("models/gguf-" + name + "/" + name + "-f32.gguf");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "llama",
                "mistral",
                "qwen2",
                "qwen3",
                "gemma2",
                "gemma3",
                "phi3",
                "bert",
                "distilbert"
            })
    void makesTheModelsTokens(String name) throws IOException {
        JsonNode texts =
                JSON.readTree(GOLDEN.resolve("tokens.json").toFile()).path(name + "-f32.gguf");
        assertThat(texts).isNotEmpty();
        try (Checkpoint model = new GgufFormat().open(file(name), "m");
                TextTokenizer tokenizer = TextTokenizer.read(model.tokenizerHome(), "m")) {
            assertThat(model.scripts().missingOfTokenizer()).isEmpty();
            for (Map.Entry<String, JsonNode> text : texts.properties()) {
                List<Integer> wanted =
                        JSON.convertValue(
                                text.getValue(),
                                JSON.getTypeFactory()
                                        .constructCollectionType(List.class, Integer.class));
                assertThat(Arrays.stream(tokenizer.encode(text.getKey())).boxed().toList())
                        .as(text.getKey())
                        .isEqualTo(wanted);
            }
        }
    }

    @Test
    void rolesAndTemplateAreInTheSettings() throws IOException {
        Path home;
        try (Checkpoint model = new GgufFormat().open(file("qwen2"), "m")) {
            assertThat(model.sideFiles())
                    .containsExactly(Path.of("tokenizer.json"), Path.of("tokenizer_config.json"));
            Path settings = model.locate(Path.of("tokenizer_config.json"));
            JsonNode made = JSON.readTree(settings.toFile());
            JsonNode own =
                    JSON.readTree(GOLDEN.resolve("models/hf-qwen2/tokenizer_config.json").toFile());
            for (String key : List.of("eos_token", "pad_token", "chat_template")) {
                assertThat(made.path(key)).isEqualTo(own.path(key));
            }
            home = model.tokenizerHome();
            assertThat(home).isDirectory();
        }
        assertThat(Files.exists(home)).isFalse();
    }

    /** The merges that scores stand for are those that the model was made with. */
    @Test
    void scoresBecomeMerges() throws IOException {
        try (Checkpoint model = new GgufFormat().open(file("mistral"), "m")) {
            JsonNode made = JSON.readTree(model.tokenizerHome().resolve("tokenizer.json").toFile());
            JsonNode own =
                    JSON.readTree(GOLDEN.resolve("models/hf-mistral/tokenizer.json").toFile());
            assertThat(made.at("/model/vocab")).isEqualTo(own.at("/model/vocab"));
            for (String key : List.of("normalizer", "decoder", "post_processor")) {
                assertThat(made.path(key)).as(key).isEqualTo(own.path(key));
            }
        }
    }
}
