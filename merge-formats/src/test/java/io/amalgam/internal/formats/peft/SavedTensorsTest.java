package io.amalgam.internal.formats.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.ModelLoader;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.internal.lora.WeightedAdapter;
import io.amalgam.internal.lora.apply.LoraCheckpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tensors that adapters hold beside or instead of factors, and tied ends, against PEFT. */
class SavedTensorsTest {
    private static final Path SAVED = Path.of("src/test/resources/saved");
    private static final String EMBEDDING = "model.embed_tokens.weight";
    private static final String HEAD = "lm_head.weight";

    @TempDir private Path temp;

    private static LoraCheckpoint merged(Path folder, double... weights) throws IOException {
        ModelLoader formats = ModelLoader.load();
        List<WeightedAdapter> adapters = new java.util.ArrayList<>();
        for (double weight : weights) {
            Path adapter = folder.resolve("adapter");
            adapters.add(new WeightedAdapter(formats.adapter(adapter, "adapter"), weight));
        }
        return formats.withAdapters(folder.resolve("base"), "base", adapters);
    }

    private static float[] values(Checkpoint model, String name) throws IOException {
        return Adapters.read(Objects.requireNonNull(model.tensors().get(name), name), 1000);
    }

    @ParameterizedTest
    @CsvSource({
        "tied_embedding, false",
        "tied_saved, false",
        "tied_ensured, true",
        "whisper_head, false",
        "modernbert_head, false",
        "tokens, true",
        "more_tokens, false",
        "more_tokens_factors, false",
        "labels, true"
    })
    void asTheModelRunsInPeft(String name, boolean tied) throws IOException {
        Path folder = SAVED.resolve(name);
        try (LoraCheckpoint model = merged(folder, 1);
                Checkpoint wanted =
                        ModelLoader.load()
                                .open(folder.resolve("expected.safetensors"), "expected")) {
            for (Map.Entry<String, ? extends TensorSource> tensor : wanted.tensors().entrySet()) {
                float[] right = Adapters.read(tensor.getValue(), 1000);
                TensorSource ours = Objects.requireNonNull(model.tensors().get(tensor.getKey()));
                assertThat(ours.info().shape()).isEqualTo(tensor.getValue().info().shape());
                for (int block : new int[] {1000, 7}) {
                    float[] got = Adapters.read(ours, block);
                    for (int i = 0; i < right.length; i++) {
                        assertThat(got[i]).as(tensor.getKey()).isCloseTo(right[i], within(1e-6f));
                    }
                }
            }
            ObjectNode config = model.config().orElseThrow();
            assertThat(config.path("tie_word_embeddings").asBoolean(true)).isEqualTo(tied);
            assertThat(config.path("vocab_size").asInt())
                    .isEqualTo(name.startsWith("more_tokens") ? 14 : 12);
        }
    }

    @Test
    void aClassifierTakesThePlaceOfTheHead() throws IOException {
        try (LoraCheckpoint model = merged(SAVED.resolve("labels"), 1)) {
            ObjectNode config = model.config().orElseThrow();
            assertThat(config.path("architectures").path(0).asText())
                    .isEqualTo("Qwen3ForSequenceClassification");
            assertThat(config.path("id2label").size()).isEqualTo(3);
            assertThat(model.tensors()).containsKey("score.weight").doesNotContainKey(HEAD);
        }
    }

    @Test
    void aWeightMovesSavedTensorsAndRowsByItsShare() throws IOException {
        for (String name : List.of("tied_saved", "tokens")) {
            Path folder = SAVED.resolve(name);
            try (LoraCheckpoint half = merged(folder, 0.5);
                    LoraCheckpoint twice = merged(folder, 0.25, 0.25);
                    LoraCheckpoint whole = merged(folder, 1);
                    Checkpoint base = ModelLoader.load().open(folder.resolve("base"), "base")) {
                float[] before = values(base, EMBEDDING);
                float[] after = values(whole, EMBEDDING);
                for (LoraCheckpoint model : List.of(half, twice)) {
                    float[] between = values(model, EMBEDDING);
                    for (int i = 0; i < before.length; i++) {
                        float middle = (before[i] + after[i]) / 2;
                        assertThat(between[i]).isCloseTo(middle, within(1e-6f));
                    }
                }
            }
        }
    }

    @Test
    void newTokensAreTakenAsTheyAreWhateverTheWeight() throws IOException {
        Path folder = SAVED.resolve("more_tokens");
        try (LoraCheckpoint half = merged(folder, 0.5);
                LoraCheckpoint whole = merged(folder, 1)) {
            float[] some = values(half, EMBEDDING);
            float[] all = values(whole, EMBEDDING);
            assertThat(some).hasSize(14 * 8).isNotEqualTo(all);
            for (int i = 12 * 8; i < all.length; i++) {
                assertThat(some[i]).isCloseTo(all[i], within(1e-6f));
            }
        }
    }

    @Test
    void theTokenizerIsThatOfTheAdapterWhereTokensAreNew() throws IOException {
        for (String name : List.of("base", "adapter")) {
            Path from = SAVED.resolve("more_tokens").resolve(name);
            Path to = Files.createDirectories(temp.resolve("m").resolve(name));
            try (var files = Files.list(from)) {
                for (Path file : files.toList()) {
                    Files.copy(file, to.resolve(file.getFileName().toString()));
                }
            }
            Files.writeString(to.resolve("tokenizer_config.json"), "{\"of\": \"" + name + "\"}");
        }
        try (LoraCheckpoint model = merged(temp.resolve("m"), 1)) {
            Path file = Path.of("tokenizer_config.json");
            assertThat(model.sideFiles()).contains(file);
            assertThat(Files.readString(model.locate(file))).contains("adapter");
            assertThat(model.warnings()).isEmpty();
        }
        try (LoraCheckpoint model = merged(SAVED.resolve("more_tokens"), 1)) {
            assertThat(model.warnings().get(0).toString()).contains("no tokenizer files");
        }
    }

    @Test
    void savedModulesInEverySpelling() throws IOException {
        Adapters adapters = new Adapters(temp);
        String in = "base_model.model.";
        String q = in + "model.layers.0.self_attn.q_proj.";
        for (String spelling : List.of("", "modules_to_save.", "modules_to_save.mine.")) {
            NamedTensor saved = adapters.random(in + "model.norm." + spelling + "weight", 8);
            Path folder =
                    adapters.peft(
                            "adapter-" + spelling.length(),
                            "{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 2}",
                            adapters.random(q + "lora_A.weight", 2, 8),
                            adapters.random(q + "lora_B.weight", 8, 2),
                            saved,
                            adapters.random(in + "model.norm.original_module.weight", 8));
            try (LoraCheckpoint model = Adapters.merged(SAVED.resolve("tied_saved/base"), folder);
                    Checkpoint file =
                            ModelLoader.load().open(folder.resolve(PeftFormat.WEIGHTS), "f")) {
                assertThat(values(model, "model.norm.weight"))
                        .isEqualTo(values(file, saved.info().name()));
            }
        }
    }

    @Test
    void aHeadThatWasNotResizedIsRefused() throws IOException {
        Adapters adapters = new Adapters(temp);
        String in = "base_model.model.";
        String q = in + "model.layers.0.self_attn.q_proj.";
        Path folder =
                adapters.peft(
                        "half",
                        "{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 2}",
                        adapters.random(q + "lora_A.weight", 2, 8),
                        adapters.random(q + "lora_B.weight", 8, 2),
                        adapters.random(in + "model.embed_tokens.weight", 14, 8));
        assertThatThrownBy(() -> Adapters.merged(SAVED.resolve("tied_saved/base"), folder))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("expected 14 rows")
                .hasMessageContaining("got 12");
    }
}
