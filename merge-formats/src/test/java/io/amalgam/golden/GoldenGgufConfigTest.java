package io.amalgam.golden;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.internal.formats.gguf.GgufFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The config.json made of GGUF's keys against that of the model the file was made from. */
class GoldenGgufConfigTest {
    private static final Path FOLDER = Path.of("src/test/resources/golden/gguf");

    /** GGUF calls Mistral a Llama, which it is; encoders get the marks of their tokenizers. */
    private static final Map<String, Set<String>> OTHERWISE =
            Map.of(
                    "gguf-mistral", Set.of("architectures", "model_type"),
                    "gguf-bert", Set.of("bos_token_id", "eos_token_id"),
                    "gguf-distilbert", Set.of("bos_token_id", "eos_token_id"),
                    "gguf-roberta", Set.of("bos_token_id", "eos_token_id"),
                    "gguf-qwen2", Set.of("pad_token_id"),
                    "gguf-qwen3", Set.of("pad_token_id"));

    private static JsonNode json(Path file) throws IOException {
        return JsonMapper.builder().build().readTree(Files.readString(file));
    }

    static List<String> cases() throws IOException {
        List<String> names = new ArrayList<>();
        json(FOLDER.resolve("cases.json"))
                .properties()
                .forEach(
                        entry -> {
                            if (entry.getValue().has("hf")) {
                                names.add(entry.getKey());
                            }
                        });
        return names;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void settingsAreThoseOfTheModel(String name) throws IOException {
        JsonNode golden = json(FOLDER.resolve("cases.json")).path(name);
        JsonNode expected = json(FOLDER.resolve(golden.path("hf").asText()).resolve("config.json"));
        Path file = FOLDER.resolve(golden.path("model").asText());
        try (Checkpoint model = new GgufFormat().open(file, "m")) {
            JsonNode config = model.config().orElseThrow();
            assertThat(config.size()).isGreaterThan(8);
            for (Map.Entry<String, JsonNode> entry : config.properties()) {
                String key = entry.getKey();
                if (!OTHERWISE.getOrDefault(name, Set.of()).contains(key)) {
                    JsonNode wanted = wanted(key, expected);
                    assertThat(same(entry.getValue(), wanted))
                            .as("%s: %s, not %s", key, entry.getValue(), wanted)
                            .isTrue();
                }
            }
            assertThat(model.scripts().missing()).isEmpty();
            assertThat(model.scripts().missingOfTokenizer()).isEmpty();
        }
    }

    /** A setting under the name that transformers 5 gives it. */
    private static JsonNode wanted(String key, JsonNode config) {
        JsonNode rope = config.path("rope_parameters");
        return switch (key) {
            case "torch_dtype" -> config.path("dtype");
            case "rope_theta" ->
                    rope.has("full_attention")
                            ? rope.path("full_attention").path("rope_theta")
                            : rope.path("rope_theta");
            case "rope_local_base_freq" -> rope.path("sliding_attention").path("rope_theta");
            case "rope_scaling" -> rope;
            default -> config.path(key);
        };
    }

    private static boolean same(JsonNode made, JsonNode wanted) {
        if (made.isObject()) {
            return made.properties().stream()
                    .allMatch(entry -> same(entry.getValue(), wanted.path(entry.getKey())));
        }
        if (made.isTextual() && made.asText().contains("float")) {
            return true;
        }
        return made.isNumber() ? made.asDouble() == wanted.asDouble() : made.equals(wanted);
    }
}
