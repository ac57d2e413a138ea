package io.amalgam.internal.formats.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.amalgam.ModelLoader;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.internal.lora.apply.LoraCheckpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bases with adapters in them, against sums in float64. */
class LoraCheckpointTest {
    private static final String WEIGHT = "m.weight";

    @TempDir private Path folder;
    private Adapters adapters;
    private NamedTensor weight;
    private Path base;

    @BeforeEach
    void start() throws IOException {
        adapters = new Adapters(folder);
        weight = adapters.random(WEIGHT, 37, 1500);
        base = adapters.model("base", weight, adapters.random("m.bias", 37));
    }

    private static String config(int rank, String more) {
        return "{\"peft_type\": \"LORA\", \"r\": " + rank + ", \"lora_alpha\": 3" + more + "}";
    }

    private NamedTensor a(int rank) {
        return adapters.random("base_model.model.m.lora_A.weight", rank, 1500);
    }

    private NamedTensor b(int rank) {
        return adapters.random("base_model.model.m.lora_B.weight", 37, rank);
    }

    @Test
    void adaptersOfAnyRankAreAddedByWeight() throws IOException {
        NamedTensor a = a(13);
        NamedTensor b = b(13);
        NamedTensor c = a(3);
        NamedTensor d = b(3);
        Path one = adapters.peft("one", config(13, ""), a, b);
        Path two = adapters.peft("two", config(3, ", \"use_rslora\": true"), c, d);
        double[] expected = Adapters.plus(Adapters.wide(weight), 0.7 * 3 / 13, b, a);
        expected = Adapters.plus(expected, -0.4 * Math.sqrt(3), d, c);

        try (LoraCheckpoint merged = Adapters.merged(base, List.of(one, two), List.of(0.7, -0.4))) {
            float[] got = Adapters.read(merged.tensors().get(WEIGHT), 4096);
            for (int i = 0; i < got.length; i++) {
                assertThat((double) got[i]).isCloseTo(expected[i], within(2e-5));
            }
        }
    }

    @Test
    void blocksDoNotChangeABit() throws IOException {
        Path one = adapters.peft("one", config(13, ""), a(13), b(13));
        Path dora = adapters.peft("dora", config(3, ""), a(3), b(3), magnitude());
        for (List<Path> all : List.of(List.of(one), List.of(dora), List.of(one, dora))) {
            List<Double> weights = all.size() == 1 ? List.of(1.0) : List.of(0.3, 0.6);
            try (LoraCheckpoint merged = Adapters.merged(base, all, weights)) {
                TensorSource tensor = merged.tensors().get(WEIGHT);
                float[] whole = Adapters.read(tensor, 37 * 1500);
                for (int block : new int[] {1024, 1500, 4097, 777}) {
                    assertThat(Arrays.equals(Adapters.read(tensor, block), whole)).isTrue();
                }
            }
        }
    }

    private NamedTensor magnitude() {
        return adapters.random("base_model.model.m.lora_magnitude_vector", 37);
    }

    @Test
    void anAdapterAndItselfTakenAwayLeaveTheBase() throws IOException {
        Path one = adapters.peft("one", config(4, ""), a(4), b(4));
        try (LoraCheckpoint merged = Adapters.merged(base, List.of(one, one), List.of(1.0, -1.0))) {
            assertThat(
                            Arrays.equals(
                                    Adapters.read(merged.tensors().get(WEIGHT), 4096),
                                    Adapters.values(weight)))
                    .isTrue();
        }
    }

    @Test
    void doraByHalfIsHalfTheChange() throws IOException {
        Path dora = adapters.peft("dora", config(3, ""), a(3), b(3), magnitude());
        float[] whole;
        try (LoraCheckpoint merged = Adapters.merged(base, dora)) {
            whole = Adapters.read(merged.tensors().get(WEIGHT), 4096);
        }
        float[] before = Adapters.values(weight);
        try (LoraCheckpoint merged = Adapters.merged(base, List.of(dora), List.of(0.5))) {
            float[] half = Adapters.read(merged.tensors().get(WEIGHT), 4096);
            for (int i = 0; i < half.length; i++) {
                assertThat(half[i]).isCloseTo((before[i] + whole[i]) / 2, within(1e-5f));
            }
        }
    }

    @Test
    void whatIsNotChangedIsTheStoredTensor() throws IOException {
        Path one = adapters.peft("one", config(4, ""), a(4), b(4));
        try (LoraCheckpoint merged = Adapters.merged(base, one)) {
            assertThat(merged.tensors().get("m.bias").stored()).isPresent();
            assertThat(merged.tensors().get(WEIGHT).stored()).isEmpty();
            assertThat(merged.weightFiles()).hasSize(2);
            // Of A each row has 16 numbers to spare.
            assertThat(merged.sharedBytes()).isEqualTo(4 * (37 + 1500 + 16) * 4);
            assertThat(merged.tensors().get(WEIGHT).identity())
                    .isEqualTo("base:m.weight + 1.0 * one:m (rank 4, scale 0.75)");
        }
    }

    @Test
    void aHeadThatWasTiedBecomesATensorOfItsOwn() throws IOException {
        NamedTensor embedding = adapters.random("model.embed_tokens.weight", 9, 4);
        Path tied = adapters.model("tied", embedding);
        Files.writeString(tied.resolve("config.json"), "{\"tie_word_embeddings\": true}");
        NamedTensor a = adapters.random("base_model.model.lm_head.lora_A.weight", 2, 4);
        NamedTensor b = adapters.random("base_model.model.lm_head.lora_B.weight", 9, 2);
        Path head = adapters.peft("head", config(2, ""), a, b);
        double[] expected = Adapters.plus(Adapters.wide(embedding), 1.5, b, a);

        try (LoraCheckpoint merged = Adapters.merged(tied, head)) {
            float[] got = Adapters.read(merged.tensors().get("lm_head.weight"), 1024);
            for (int i = 0; i < got.length; i++) {
                assertThat((double) got[i]).isCloseTo(expected[i], within(2e-6));
            }
            assertThat(
                            Arrays.equals(
                                    Adapters.read(
                                            merged.tensors().get("model.embed_tokens.weight"),
                                            1024),
                                    Adapters.values(embedding)))
                    .isTrue();
            assertThat(merged.config().orElseThrow().get("tie_word_embeddings").booleanValue())
                    .isFalse();
        }
    }

    @Test
    void everyThingThatDoesNotFitIsReported() throws IOException {
        Path wrong =
                adapters.peft(
                        "wrong",
                        config(2, ""),
                        adapters.random("base_model.model.m.lora_A.weight", 2, 1400),
                        adapters.random("base_model.model.m.lora_B.weight", 37, 2),
                        adapters.random("base_model.model.n.lora_A.weight", 2, 5),
                        adapters.random("base_model.model.n.lora_B.weight", 5, 2),
                        adapters.random("base_model.model.m.bias", 36));
        assertThatThrownBy(() -> Adapters.merged(base, wrong))
                .isInstanceOfSatisfying(
                        BadInputException.class, e -> assertThat(e.problems()).hasSize(3))
                .hasMessageContaining(
                        "[37, 1500] for tensor 'm.weight' of model 'base', got 37 x 1400")
                .hasMessageContaining("[37] as in model 'base', got [36]")
                .hasMessageContaining("1 of 3 that match nothing: 'n' (nearest 'm')");
    }

    @Test
    void quantisedBasesAreRefused() throws IOException {
        Files.writeString(
                base.resolve("config.json"),
                "{\"quantization_config\": {\"quant_method\": \"hqq\"}}");
        Path one = adapters.peft("one", config(4, ""), a(4), b(4));
        assertThatThrownBy(() -> Adapters.merged(base, one))
                .hasMessageContaining(
                        "expected unquantised weights, or a quantised format that is read, got hqq");
    }

    @Test
    void adaptersAreNoModels() {
        assertThatThrownBy(() -> ModelLoader.load().adapter(base, "base"))
                .hasMessageContaining("a directory without either");
    }

    @Test
    void namesMayBeInAnotherSpellingOfTheArchitecture() throws IOException {
        NamedTensor text = adapters.random("language_model.model.layers.0.q.weight", 6, 5);
        NamedTensor vision = adapters.random("vision_tower.layers.0.q.weight", 6, 5);
        Path vlm = adapters.model("vlm", text, vision);
        String in = "base_model.model.model.language_model.layers.0.q.lora_";
        NamedTensor a = adapters.random(in + "A.weight", 2, 5);
        NamedTensor b = adapters.random(in + "B.weight", 6, 2);
        Path one = adapters.peft("one", config(2, ""), a, b);

        try (LoraCheckpoint merged = Adapters.merged(vlm, List.of(one), List.of(1.0))) {
            float[] got = Adapters.read(merged.tensors().get(text.info().name()), 4096);
            double[] expected = Adapters.plus(Adapters.wide(text), 1.5, b, a);
            for (int i = 0; i < got.length; i++) {
                assertThat((double) got[i]).isCloseTo(expected[i], within(2e-5));
            }
        }
    }
}
