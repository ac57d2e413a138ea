package io.amalgam.internal.formats.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.ModelLoader;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.internal.lora.apply.LoraCheckpoint;
import io.amalgam.internal.lora.extract.ExtractOptions;
import io.amalgam.internal.lora.extract.Extracted;
import io.amalgam.internal.lora.extract.Extraction;
import io.amalgam.internal.lora.taskvector.SparseExtraction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Embeddings and heads that are one tensor in one of two models, or in both, or were. */
class ExtractionTiesTest {
    private static final String CONFIG =
            "{\"architectures\":[\"LlamaForCausalLM\"],\"model_type\":\"llama\",\"tie_word_embeddings\":%s}";

    @TempDir private Path folder;
    private Adapters adapters;
    private NamedTensor weight;
    private NamedTensor tunedWeight;
    private NamedTensor embedding;
    private NamedTensor tunedEmbedding;

    @BeforeEach
    void start() {
        adapters = new Adapters(folder);
        weight = adapters.random("model.layers.0.fc.weight", 6, 6);
        tunedWeight = adapters.random("model.layers.0.fc.weight", 6, 6);
        embedding = adapters.random("model.embed_tokens.weight", 9, 6);
        tunedEmbedding = adapters.random("model.embed_tokens.weight", 9, 6);
    }

    private Path model(String name, boolean tied, NamedTensor... tensors) throws IOException {
        Path model = adapters.model(name, tensors);
        Files.writeString(model.resolve("config.json"), CONFIG.formatted(tied));
        return model;
    }

    private static NamedTensor head(NamedTensor like) {
        return NamedTensor.ofFloats("lm_head.weight", like.info().shape(), Adapters.values(like));
    }

    private Extracted extract(Path base, Path tuned) throws IOException {
        ModelLoader formats = ModelLoader.load();
        try (Checkpoint from = formats.open(tuned, "tuned");
                Checkpoint origin = formats.open(base, "base")) {
            return Extraction.of(from, origin, "base", ExtractOptions.ofRank(6), Optional.empty());
        }
    }

    private JsonNode write(Extracted extracted) throws IOException {
        Path out = folder.resolve("out");
        new PeftFormat().write(out, extracted.adapter());
        return new ObjectMapper().readTree(out.resolve("adapter_config.json").toFile());
    }

    /** Both ends of what is merged; of a head that is not there, the embedding. */
    private void assertEnds(Path base, NamedTensor embedded, NamedTensor said) throws IOException {
        try (LoraCheckpoint merged = Adapters.merged(base, folder.resolve("out"))) {
            Map<String, ?> names = merged.tensors();
            String head =
                    names.containsKey("lm_head.weight")
                            ? "lm_head.weight"
                            : "model.embed_tokens.weight";
            assertThat(Adapters.read(merged.tensors().get("model.embed_tokens.weight"), 1024))
                    .containsExactly(Adapters.values(embedded));
            assertThat(Adapters.read(merged.tensors().get(head), 1024))
                    .containsExactly(Adapters.values(said));
        }
    }

    @Test
    void tiedInBothOrOfACopyInEither() throws IOException {
        for (boolean copyInBase : List.of(false, true)) {
            for (boolean copyInTuned : List.of(false, true)) {
                List<NamedTensor> before = new ArrayList<>(List.of(weight, embedding));
                List<NamedTensor> after = new ArrayList<>(List.of(tunedWeight, tunedEmbedding));
                if (copyInBase) {
                    before.add(head(embedding));
                }
                if (copyInTuned) {
                    after.add(head(tunedEmbedding));
                }
                Path base = model("base", true, before.toArray(new NamedTensor[0]));
                Path tuned = model("tuned", true, after.toArray(new NamedTensor[0]));
                JsonNode config = write(extract(base, tuned));
                assertThat(config.path("ensure_weight_tying").asBoolean()).isTrue();
                assertThat(config.path("modules_to_save"))
                        .extracting(JsonNode::asText)
                        .containsExactly("model.embed_tokens");
                assertThat(config.path("task_type").asText()).isEqualTo("CAUSAL_LM");
                assertEnds(base, tunedEmbedding, tunedEmbedding);
            }
        }
    }

    @Test
    void aHeadOfItsOwnComesWithTheAdapter() throws IOException {
        NamedTensor own = head(adapters.random("x", 9, 6));
        Path base = model("base", true, weight, embedding);
        Path tuned = model("tuned", false, tunedWeight, tunedEmbedding, own);
        JsonNode config = write(extract(base, tuned));
        assertThat(config.has("ensure_weight_tying")).isFalse();
        assertThat(config.path("modules_to_save"))
                .extracting(JsonNode::asText)
                .containsExactly("lm_head", "model.embed_tokens");
        assertEnds(base, tunedEmbedding, own);
    }

    @Test
    void aHeadAloneCanBeWhatChanged() throws IOException {
        NamedTensor own = head(adapters.random("x", 9, 6));
        Path base = model("base", true, weight, embedding);
        Path tuned = model("tuned", false, tunedWeight, embedding, own);
        assertThat(write(extract(base, tuned)).path("modules_to_save"))
                .extracting(JsonNode::asText)
                .containsExactly("lm_head");
        assertEnds(base, embedding, own);
    }

    @Test
    void sparseChangesHaveNoHeadOfTheirOwn() throws IOException {
        NamedTensor own = head(adapters.random("x", 9, 6));
        Path base = model("base", true, weight, embedding);
        Path tuned = model("tuned", false, tunedWeight, tunedEmbedding, own);
        ModelLoader formats = ModelLoader.load();
        try (Checkpoint from = formats.open(tuned, "tuned");
                Checkpoint origin = formats.open(base, "base")) {
            assertThatThrownBy(
                            () ->
                                    SparseExtraction.write(
                                            from,
                                            origin,
                                            folder.resolve("change.safetensors"),
                                            ExtractOptions.ofEnergy(1),
                                            1,
                                            formats.output("safetensors"),
                                            1))
                    .hasMessage(
                            "tensors of both models: expected the same names, got a head"
                                    + " 'lm_head.weight' that the base ties to its embedding;"
                                    + " extract factors, with ExtractOptions.rank or energy");
        }
    }

    @Test
    void theFineTuneMayBeInAnotherSpelling() throws IOException {
        Path base =
                model(
                        "base",
                        true,
                        renamed(weight, "language_model.model.layers.0.fc.weight"),
                        renamed(embedding, "language_model.model.embed_tokens.weight"));
        Path tuned =
                model(
                        "tuned",
                        true,
                        renamed(tunedWeight, "model.language_model.layers.0.fc.weight"),
                        renamed(tunedEmbedding, "model.language_model.embed_tokens.weight"));
        assertThat(extract(base, tuned).modules()).hasSize(1);
    }

    private static NamedTensor renamed(NamedTensor tensor, String name) {
        return NamedTensor.ofFloats(name, tensor.info().shape(), Adapters.values(tensor));
    }
}
