package io.amalgam.internal.formats.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.amalgam.ModelLoader;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.internal.lora.Adapter;
import io.amalgam.internal.lora.WeightedAdapter;
import io.amalgam.internal.lora.apply.LoraCheckpoint;
import io.amalgam.internal.lora.combine.AdapterCombiner;
import io.amalgam.internal.lora.combine.CombineOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Adapters of experts, in bases that store them in one tensor or in one each, against PEFT. */
class ExpertsTest {
    private static final Path EXPERTS = Path.of("src/test/resources/experts");

    @TempDir private Path temp;

    @ParameterizedTest
    @ValueSource(strings = {"qwen3_moe", "mixtral", "gpt_oss", "all_linear"})
    void asPeftMergesThem(String model) throws IOException {
        Path folder = EXPERTS.resolve(model);
        compare(folder.resolve("base"), folder, folder.resolve("expected.safetensors"));
        compare(
                folder.resolve("fused.safetensors"),
                folder,
                folder.resolve("expected-fused.safetensors"));
    }

    private static void compare(Path base, Path folder, Path expected) throws IOException {
        try (LoraCheckpoint merged = Adapters.merged(base, folder.resolve("adapter"));
                Checkpoint wanted = ModelLoader.load().open(expected, "expected")) {
            assertThat(merged.tensors().keySet()).isEqualTo(wanted.tensors().keySet());
            assertThat(merged.sharedBytes()).isPositive();
            for (Map.Entry<String, ? extends TensorSource> tensor : wanted.tensors().entrySet()) {
                float[] right = Adapters.read(tensor.getValue(), 1000);
                TensorSource ours = Objects.requireNonNull(merged.tensors().get(tensor.getKey()));
                for (int block : new int[] {1000, 7}) {
                    assertClose(Adapters.read(ours, block), right, tensor.getKey());
                }
            }
        }
    }

    private static void assertClose(float[] got, float[] right, String name) {
        assertThat(got).hasSameSizeAs(right);
        for (int i = 0; i < got.length; i++) {
            assertThat(got[i]).as(name).isCloseTo(right[i], within(1e-6f));
        }
    }

    @Test
    void adaptersOfSingleExpertsGoIntoAFusedBaseToo() throws IOException {
        Path folder = EXPERTS.resolve("mixtral");
        Adapters adapters = new Adapters(temp);
        String in = "base_model.model.model.layers.0.block_sparse_moe.experts.1.";
        Path adapter =
                adapters.peft(
                        "old",
                        "{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 3}",
                        adapters.random(in + "w3.lora_A.weight", 2, 8),
                        adapters.random(in + "w3.lora_B.weight", 6, 2),
                        adapters.random(in + "w2.lora_A.weight", 2, 6),
                        adapters.random(in + "w2.lora_B.weight", 8, 2));
        try (LoraCheckpoint singles = Adapters.merged(folder.resolve("base"), adapter);
                LoraCheckpoint fused =
                        Adapters.merged(folder.resolve("fused.safetensors"), adapter);
                Checkpoint before = ModelLoader.load().open(folder.resolve("base"), "before")) {
            String experts = "model.layers.0.block_sparse_moe.experts.1.";
            float[] gates = values(fused, "model.layers.0.mlp.experts.gate_up_proj");
            float[] downs = values(fused, "model.layers.0.mlp.experts.down_proj");
            assertClose(part(gates, 2, 6), values(before, experts + "w1.weight"), "w1");
            assertClose(part(gates, 3, 6), values(singles, experts + "w3.weight"), "w3");
            assertClose(part(downs, 1, 3), values(singles, experts + "w2.weight"), "w2");
            assertThat(values(singles, experts + "w3.weight"))
                    .isNotEqualTo(values(before, experts + "w3.weight"));
        }
    }

    private static float[] part(float[] all, int index, int of) {
        int length = all.length / of;
        return Arrays.copyOfRange(all, index * length, (index + 1) * length);
    }

    private static float[] values(Checkpoint model, String name) throws IOException {
        return Adapters.read(Objects.requireNonNull(model.tensors().get(name), name), 1000);
    }

    @Test
    void anotherNumberOfExpertsIsRefused() throws IOException {
        Adapters adapters = new Adapters(temp);
        String in = "base_model.model.model.layers.0.mlp.experts.lora_";
        Path adapter =
                adapters.peft(
                        "other",
                        "{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 3, \"target_parameters\": [\"down_proj\"]}",
                        adapters.random(in + "A.weight", 8, 6),
                        adapters.random(in + "B.weight", 8, 8));
        String module = "module 'model.layers.0.mlp.experts.down_proj' of adapter 'other': ";
        for (String base : List.of("base", "fused.safetensors")) {
            String wanted =
                    base.equals("base")
                            ? "3 experts of 1 times [8, 6] for tensor 'model.layers.0.mlp.experts.*.down_proj.weight'"
                            : "[3, 8, 6] for tensor 'model.layers.0.mlp.experts.down_proj'";
            assertThatThrownBy(() -> Adapters.merged(EXPERTS.resolve("qwen3_moe/" + base), adapter))
                    .isInstanceOf(BadInputException.class)
                    .hasMessageContaining(
                            module
                                    + "expected a change of "
                                    + wanted
                                    + " of model '"
                                    + base
                                    + "', got 4 experts of 8 x 6");
        }
    }

    @Test
    void pairsThatCannotBeToldApartAreRefused() throws IOException {
        Adapters adapters = new Adapters(temp);
        String in = "base_model.model.model.layers.0.mlp.experts.";
        Path adapter =
                adapters.peft(
                        "three",
                        "{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 3, \"target_parameters\": [\"down_proj\"]}",
                        adapters.random(in + "lora_A.weight", 6, 6),
                        adapters.random(in + "lora_B.weight", 8, 6),
                        adapters.random(in + "base_layer.lora_A.weight", 6, 8),
                        adapters.random(in + "base_layer.lora_B.weight", 12, 6));
        assertThatThrownBy(() -> Adapters.open(adapter))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining(
                        "module 'model.layers.0.mlp.experts': expected a pair of factors for each of 'target_parameters', got 2 pairs");
    }

    @Test
    void combiningThemIsRefused() throws IOException {
        Adapter adapter = Adapters.open(EXPERTS.resolve("mixtral/adapter"));
        List<WeightedAdapter> both =
                List.of(new WeightedAdapter(adapter, 1), new WeightedAdapter(adapter, 1));
        assertThatThrownBy(
                        () -> AdapterCombiner.of(both, CombineOptions.of("cat"), Optional.empty()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining(
                        "expected factors A and B, and perhaps whole tensors, got factors of parameters, such as 'model.layers.0.mlp.experts.");
    }

    @Test
    void moreExpertsThanTheBaseHasMatchNothing() throws IOException {
        Adapters adapters = new Adapters(temp);
        NamedTensor[] factors = {
            adapters.random("base_model.model.model.layers.0.mlp.experts.7.w2.lora_A.weight", 2, 6),
            adapters.random("base_model.model.model.layers.0.mlp.experts.7.w2.lora_B.weight", 8, 2)
        };
        Path adapter =
                adapters.peft(
                        "seven", "{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 3}", factors);
        assertThatThrownBy(
                        () ->
                                Adapters.merged(
                                        EXPERTS.resolve("mixtral/fused.safetensors"), adapter))
                .isInstanceOf(BadInputException.class);
    }
}
