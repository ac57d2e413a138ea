package io.amalgam.internal.formats.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.amalgam.error.BadInputException;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.internal.lora.apply.LoraCheckpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Adapters of kohya's trainer in SDXL's one file, and in the folders of a pipeline. */
class PipelineAdapterTest {
    private static final String FIRST =
            "conditioner.embedders.0.transformer.text_model.encoder.layers.0.";
    private static final String SECOND = "conditioner.embedders.1.model.";
    private static final String BLOCK = SECOND + "transformer.resblocks.0.";
    private static final String UNET =
            "model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn1.to_q.weight";
    private static final String LAYER = "text_model_encoder_layers_0_";

    @TempDir private Path folder;

    private Adapters adapters;
    private final Map<String, NamedTensor> model = new LinkedHashMap<>();
    private final Map<String, NamedTensor> factors = new LinkedHashMap<>();

    @BeforeEach
    void start() {
        adapters = new Adapters(folder);
    }

    private void tensor(String name, long... dims) {
        model.put(name, adapters.random(name, dims));
    }

    private void module(String name, long out, long in) {
        for (NamedTensor tensor :
                List.of(
                        adapters.random(name + ".lora_down.weight", 2, in),
                        adapters.random(name + ".lora_up.weight", out, 2),
                        Adapters.number(name + ".alpha", 1))) {
            factors.put(tensor.info().name(), tensor);
        }
    }

    private Path base() throws IOException {
        return adapters.file("sdxl.safetensors", model.values().toArray(new NamedTensor[0]));
    }

    private LoraCheckpoint merged(Path base) throws IOException {
        Path adapter =
                adapters.file("adapter.safetensors", factors.values().toArray(new NamedTensor[0]));
        return Adapters.merged(base, adapter);
    }

    private double[] change(String module, double[] to) {
        return Adapters.plus(
                to,
                0.5,
                factors.get(module + ".lora_up.weight"),
                factors.get(module + ".lora_down.weight"));
    }

    private static void assertClose(float[] values, double[] expected) {
        assertThat(values).hasSameSizeAs(expected);
        for (int i = 0; i < values.length; i++) {
            Assertions.assertThat((double) values[i]).isCloseTo(expected[i], within(1e-5));
        }
    }

    private void sdxl() {
        tensor(UNET, 4, 4);
        tensor(FIRST + "self_attn.q_proj.weight", 4, 4);
        tensor(BLOCK + "attn.in_proj_weight", 12, 4);
        tensor(BLOCK + "attn.in_proj_bias", 12);
        tensor(BLOCK + "attn.out_proj.weight", 4, 4);
        tensor(BLOCK + "mlp.c_fc.weight", 6, 4);
        tensor(BLOCK + "mlp.c_proj.weight", 4, 6);
        tensor(SECOND + "text_projection", 4, 4);
        tensor("first_stage_model.decoder.conv_in.weight", 4, 4);
    }

    @Test
    void everyPartOfTheFile() throws IOException {
        sdxl();
        Map<String, String> plain = new LinkedHashMap<>();
        plain.put("lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q", UNET);
        plain.put("lora_te1_" + LAYER + "self_attn_q_proj", FIRST + "self_attn.q_proj.weight");
        plain.put("lora_te2_" + LAYER + "self_attn_out_proj", BLOCK + "attn.out_proj.weight");
        plain.put("lora_te2_" + LAYER + "mlp_fc1", BLOCK + "mlp.c_fc.weight");
        plain.put("lora_te2_" + LAYER + "mlp_fc2", BLOCK + "mlp.c_proj.weight");
        plain.forEach(
                (module, tensor) -> {
                    long[] dims = model.get(tensor).info().shape().dims();
                    module(module, dims[0], dims[1]);
                });
        List<String> thirds = List.of("q", "k", "v");
        thirds.forEach(x -> module("lora_te2_" + LAYER + "self_attn_" + x + "_proj", 4, 4));
        module("lora_te2_text_projection", 4, 4);

        try (LoraCheckpoint merged = merged(base())) {
            assertThat(merged.warnings()).isEmpty();
            for (Map.Entry<String, String> entry : plain.entrySet()) {
                String tensor = entry.getValue();
                assertClose(
                        Adapters.read(merged.tensors().get(tensor), 5),
                        change(entry.getKey(), Adapters.wide(model.get(tensor))));
            }
            double[] fused = Adapters.wide(model.get(BLOCK + "attn.in_proj_weight"));
            for (int i = 0; i < 3; i++) {
                String module = "lora_te2_" + LAYER + "self_attn_" + thirds.get(i) + "_proj";
                double[] third = Arrays.copyOfRange(fused, 16 * i, 16 * i + 16);
                System.arraycopy(change(module, third), 0, fused, 16 * i, 16);
            }
            assertClose(
                    Adapters.read(merged.tensors().get(BLOCK + "attn.in_proj_weight"), 7), fused);
            double[] projection = transposed(Adapters.wide(model.get(SECOND + "text_projection")));
            assertClose(
                    Adapters.read(merged.tensors().get(SECOND + "text_projection"), 7),
                    transposed(change("lora_te2_text_projection", projection)));
        }
    }

    private static double[] transposed(double[] x) {
        double[] turned = new double[16];
        for (int i = 0; i < 16; i++) {
            turned[i % 4 * 4 + i / 4] = x[i];
        }
        return turned;
    }

    @Test
    void oneEncoderIsNotTakenForTheOther() throws IOException {
        sdxl();
        model.keySet().removeIf(name -> name.startsWith(SECOND));
        module("lora_te2_" + LAYER + "self_attn_q_proj", 4, 4);

        Assertions.assertThatThrownBy(() -> merged(base()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("1 of 1 that match nothing");
    }

    @Test
    void aThirdOfAnotherSize() throws IOException {
        sdxl();
        module("lora_te2_" + LAYER + "self_attn_q_proj", 8, 4);

        Assertions.assertThatThrownBy(() -> merged(base()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("expected a change of a third of [12, 4]")
                .hasMessageContaining("got 8 x 4");
    }

    @Test
    void aFolderGetsItsPart() throws IOException {
        List<String> modules =
                List.of(
                        "lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q",
                        "lora_te1_" + LAYER + "mlp_fc1",
                        "lora_te2_" + LAYER + "mlp_fc1");
        modules.forEach(module -> module(module, 4, 4));
        List<String> tensors =
                List.of(
                        "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q.weight",
                        "text_model.encoder.layers.0.mlp.fc1.weight",
                        "text_model.encoder.layers.0.mlp.fc1.weight");
        for (int part = 0; part < 3; part++) {
            List<NamedTensor> own = new ArrayList<>();
            own.add(adapters.random(tensors.get(part), 4, 4));
            if (part == 2) {
                own.add(adapters.random("text_projection.weight", 4, 4));
            }
            Path base = adapters.model("part" + part, own.toArray(new NamedTensor[0]));
            try (LoraCheckpoint merged = merged(base)) {
                assertThat(merged.warnings())
                        .singleElement()
                        .asString()
                        .contains("2 of 3 of other parts", "they are left out");
                assertClose(
                        Adapters.read(merged.tensors().get(tensors.get(part)), 16),
                        change(modules.get(part), Adapters.wide(own.get(0))));
            }
        }
    }
}
