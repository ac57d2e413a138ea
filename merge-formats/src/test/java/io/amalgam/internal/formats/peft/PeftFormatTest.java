package io.amalgam.internal.formats.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.amalgam.error.BadInputException;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsWriter;
import io.amalgam.internal.lora.Adapter;
import io.amalgam.internal.lora.LoraModule;
import io.amalgam.internal.lora.apply.LoraCheckpoint;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Adapters under every tool's names, and what is wrong with some. */
class PeftFormatTest {
    private static final String LORA = "{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 3}";

    @TempDir private Path folder;
    private Adapters adapters;

    @BeforeEach
    void start() {
        adapters = new Adapters(folder);
    }

    @ParameterizedTest
    @CsvSource({
        "base_model.model.m.q.lora_A.weight, m.q, A",
        "base_model.model.m.q.lora_B.default.weight, m.q, B",
        "base_model.model.m.q.lora_B.bias, m.q, B_BIAS",
        "base_model.model.wte.lora_embedding_A, wte, EMBEDDING_A",
        "base_model.model.wte.lora_embedding_B.default, wte, EMBEDDING_B",
        "base_model.model.m.q.lora_magnitude_vector, m.q, MAGNITUDE",
        "base_model.model.m.q.lora_magnitude_vector.default.weight, m.q, MAGNITUDE",
        "base_model.model.lm_head.weight, lm_head.weight, WHOLE",
        "base_model.model.lm_head.modules_to_save.default.weight, lm_head.weight, WHOLE",
        "base_model.model.fc.base_layer.bias, fc.bias, WHOLE",
        "lora_unet_mid_to_q.lora_down.weight, lora_unet_mid_to_q, A",
        "lora_unet_mid_to_q.lora_up.weight, lora_unet_mid_to_q, B",
        "lora_unet_mid_to_q.alpha, lora_unet_mid_to_q, ALPHA",
        "transformer.blocks.0.attn.to_k.lora_A.weight, transformer.blocks.0.attn.to_k, A",
        "unet.mid.attn1.to_q.lora.down.weight, unet.mid.attn1.to_q, A",
        "unet.mid.attn1.processor.to_q_lora.up.weight, unet.mid.attn1.to_q, B",
        "unet.mid.attn1.processor.to_out_lora.up.weight, unet.mid.attn1.to_out.0, B",
        "text_encoder.x.q_proj.lora_linear_layer.up.weight, text_encoder.x.q_proj, B",
        "lora_unet_mid.lora_mid.weight, lora_unet_mid, UNKNOWN",
        "lora_unet_mid.hada_w1_a, lora_unet_mid.hada_w1_a, UNKNOWN",
        "lora_unet_mid.dora_scale, lora_unet_mid, UNKNOWN"
    })
    void namesAreRead(String name, String module, String part) {
        assertThat(TensorKey.of(name))
                .isEqualTo(new TensorKey(module, TensorKey.Part.valueOf(part)));
    }

    @Test
    void ranksAndScalesFollowPatterns() throws IOException {
        Path path =
                adapters.peft(
                        "x",
                        """
                        {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "use_rslora": true,
                         "rank_pattern": {"m.1.q": 3, "k": 4}, "alpha_pattern": {"q|k": 6}}
                        """,
                        pair("m.0.q", 2),
                        other("m.0.q", 2),
                        pair("m.1.q", 3),
                        other("m.1.q", 3),
                        pair("xk", 2),
                        other("xk", 2));
        try (Adapter adapter = Adapters.open(path)) {
            assertThat(scale(adapter, "m.0.q")).isEqualTo(6 / Math.sqrt(2));
            assertThat(scale(adapter, "m.1.q")).isEqualTo(6 / Math.sqrt(3));
            // A pattern begins a name or follows a dot.
            assertThat(scale(adapter, "xk")).isEqualTo(4 / Math.sqrt(2));
            assertThat(adapter.modules().get("m.1.q").rank()).isEqualTo(3);
            assertThat(adapter.parameters()).isEqualTo((2 + 3 + 2) * (5 + 4));
        }
    }

    private NamedTensor pair(String module, long rank) {
        return adapters.random("base_model.model." + module + ".lora_A.weight", rank, 5);
    }

    private NamedTensor other(String module, long rank) {
        return adapters.random("base_model.model." + module + ".lora_B.weight", 4, rank);
    }

    private static double scale(Adapter adapter, String module) {
        return adapter.modules().get(module).scale();
    }

    @Test
    void kohyaFilesGoIntoTheModelTheyMean() throws IOException {
        NamedTensor weight = adapters.random("down_blocks.0.attn.to_q.weight", 4, 5);
        NamedTensor conv = adapters.random("conv_in.weight", 4, 3, 3, 3);
        Path base = adapters.model("unet", weight, conv);
        NamedTensor a = adapters.random("lora_unet_down_blocks_0_attn_to_q.lora_down.weight", 2, 5);
        NamedTensor b = adapters.random("lora_unet_down_blocks_0_attn_to_q.lora_up.weight", 4, 2);
        NamedTensor ca = adapters.random("lora_unet_conv_in.lora_down.weight", 2, 3, 3, 3);
        NamedTensor cb = adapters.random("lora_unet_conv_in.lora_up.weight", 4, 2, 1, 1);
        Path file =
                adapters.file(
                        "k.safetensors",
                        a,
                        b,
                        Adapters.number("lora_unet_down_blocks_0_attn_to_q.alpha", 1),
                        ca,
                        cb);
        try (LoraCheckpoint merged = Adapters.merged(base, file)) {
            assertClose(
                    Adapters.read(merged.tensors().get("down_blocks.0.attn.to_q.weight"), 7),
                    Adapters.plus(Adapters.wide(weight), 0.5, b, a));
            // Without an alpha the scale is 1.
            assertClose(
                    Adapters.read(merged.tensors().get("conv_in.weight"), 7),
                    Adapters.plus(Adapters.wide(conv), 1, cb, ca));
        }
    }

    private Path withHeader(String settings) throws IOException {
        Path file = folder.resolve("h.safetensors");
        SafetensorsWriter.write(
                file,
                List.of(
                        adapters.random("unet.mid.to_q.lora_A.weight", 4, 5),
                        adapters.random("unet.mid.to_q.lora_B.weight", 6, 4),
                        adapters.random("unet.mid.to_k.lora_A.weight", 4, 5),
                        adapters.random("unet.mid.to_k.lora_B.weight", 6, 4),
                        adapters.random("text_encoder.q.lora_A.weight", 4, 5),
                        adapters.random("text_encoder.q.lora_B.weight", 6, 4)),
                Map.of("lora_adapter_metadata", settings.replace('\'', '"')));
        return file;
    }

    /** What newer versions of diffusers write: the scale is there, and no tensor has an alpha. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    {'unet.r': 4, 'unet.lora_alpha': 2} | 0.5 | 0.5 | 1
                    {'r': 4, 'lora_alpha': 2} | 0.5 | 0.5 | 0.5
                    {'unet.r': 4, 'unet.lora_alpha': 8, 'unet.use_rslora': true, 'text_encoder.r': 4, 'text_encoder.lora_alpha': 1} | 4 | 4 | 0.25
                    {'unet.r': 4, 'unet.lora_alpha': 2, 'unet.alpha_pattern': {'mid.to_k': 6}} | 0.5 | 1.5 | 1
                    {'unet.r': 8, 'unet.rank_pattern': {'to_[qk]': 4}, 'unet.lora_alpha': 2} | 0.5 | 0.5 | 1
                    {'unet.peft_type': 'LORA', 'unet.target_modules': ['to_q', 'to_k'], 'unet.init_lora_weights': 'gaussian', 'unet.r': 4, 'unet.lora_alpha': 4} | 1 | 1 | 1
                    {} | 1 | 1 | 1
                    """)
    void scalesInTheHeaderOfAFile(String settings, double first, double second, double other)
            throws IOException {
        try (Adapter adapter = Adapters.open(withHeader(settings))) {
            assertThat(scale(adapter, "unet.mid.to_q")).isEqualTo(first);
            assertThat(scale(adapter, "unet.mid.to_k")).isEqualTo(second);
            assertThat(scale(adapter, "text_encoder.q")).isEqualTo(other);
            assertThat(adapter.warnings()).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    {'unet.r': 8, 'unet.lora_alpha': 2} | rank of module 'unet.mid.to_k': expected 8 as in 'lora_adapter_metadata', got 4
                    {'unet.r': 4, 'unet.lora_alpha': 'a'} | 'lora_alpha': expected a finite number
                    {'unet.r': 4, 'unet.use_dora': true} | module 'unet.mid.to_k': expected a magnitude vector, as 'use_dora' says, got none
                    {'unet.r': 4, 'unet.peft_type': 'LOHA'} | 'peft_type': expected 'LORA', got 'LOHA'
                    {'unet.r': 4, 'unet.init_lora_weights': 'loftq'} | loftq
                    {'unet.r': 4, 'unet.target_parameters': ['experts.up']} | 'target_parameters' in 'lora_adapter_metadata' is not supported
                    [1] | 'lora_adapter_metadata' in the header of the file is not a JSON object
                    {'unet.r' | 'lora_adapter_metadata' in the header of the file is not a JSON object
                    """)
    void settingsInTheHeaderOfAFileAreChecked(String settings, String expected) throws IOException {
        Path file = withHeader(settings);
        assertThatThrownBy(() -> Adapters.open(file))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining(expected);
    }

    @Test
    void alphasAreFinite() throws IOException {
        Path file =
                adapters.file(
                        "k.safetensors",
                        adapters.random("lora_unet_q.lora_down.weight", 2, 5),
                        adapters.random("lora_unet_q.lora_up.weight", 4, 2),
                        Adapters.number("lora_unet_q.alpha", Float.NaN));
        assertThatThrownBy(() -> Adapters.open(file))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining(
                        "tensor 'lora_unet_q.alpha': expected a finite number, got NaN");
    }

    @Test
    void prefixesOfPipelinesAreLeftOut() throws IOException {
        Path base = adapters.model("flux", adapters.random("blocks.0.to_k.weight", 4, 5));
        Path file =
                adapters.file(
                        "f.safetensors",
                        adapters.random("transformer.blocks.0.to_k.lora_A.weight", 2, 5),
                        adapters.random("transformer.blocks.0.to_k.lora_B.weight", 4, 2));
        try (LoraCheckpoint merged = Adapters.merged(base, file)) {
            assertThat(merged.matches().get(0).tensor()).contains("blocks.0.to_k.weight");
        }
    }

    @Test
    void factorsOfIntegersAreNamed() throws IOException {
        Path path =
                adapters.peft(
                        "x",
                        LORA,
                        NamedTensor.ofBytes(
                                "base_model.model.q.lora_A.weight",
                                DType.I8,
                                Shape.of(2, 5),
                                new byte[10]),
                        NamedTensor.ofBytes(
                                "base_model.model.q.lora_B.weight",
                                DType.I8,
                                Shape.of(4, 2),
                                new byte[8]));
        assertThatThrownBy(() -> new PeftFormat().open(path, "x"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining(
                        "expected LoRA factors of floating-point numbers, got tensors of another"
                                + " method or type: 'base_model.model.q.lora_A.weight'");
    }

    @Test
    void flatNamesThatCouldMeanTwoModulesMatchNothing() throws IOException {
        Path base =
                adapters.model(
                        "m",
                        adapters.random("a.b_c.weight", 4, 5),
                        adapters.random("a_b.c.weight", 4, 5));
        Path file =
                adapters.file(
                        "f.safetensors",
                        adapters.random("lora_unet_a_b_c.lora_down.weight", 2, 5),
                        adapters.random("lora_unet_a_b_c.lora_up.weight", 4, 2));
        assertThatThrownBy(() -> Adapters.merged(base, file))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("1 of 1 that match nothing: 'lora_unet_a_b_c'");
    }

    @Test
    void embeddingsAndConv1dAreTransposed() throws IOException {
        Path path =
                adapters.peft(
                        "x",
                        LORA.replace("}", ", \"fan_in_fan_out\": true}"),
                        adapters.random("base_model.model.e.lora_embedding_A", 2, 7),
                        adapters.random("base_model.model.e.lora_embedding_B", 4, 2),
                        pair("c", 2),
                        other("c", 2));
        try (Adapter adapter = Adapters.open(path)) {
            assertThat(adapter.modules().get("e").kind()).isEqualTo(LoraModule.Kind.EMBEDDING);
            assertThat(adapter.modules().get("c").kind()).isEqualTo(LoraModule.Kind.TRANSPOSED);
            assertThat(scale(adapter, "e")).isCloseTo(1.5, within(0.0));
        }
    }

    @Test
    void problemsOfSettingsAndWeightsAreReportedTogether() throws IOException {
        Path path =
                adapters.peft(
                        "x",
                        "{\"peft_type\": \"LORA\", \"r\": 0, \"use_qalora\": true,"
                                + " \"alpha_pattern\": {\"(\": 1}}",
                        pair("m", 2));
        assertThatThrownBy(() -> Adapters.open(path))
                .isInstanceOfSatisfying(
                        BadInputException.class, e -> assertThat(e.problems()).hasSize(4))
                .hasMessageContaining("'use_qalora'")
                .hasMessageContaining("'r': expected a whole number above 0, got 0")
                .hasMessageContaining("key of 'alpha_pattern'")
                .hasMessageContaining("module 'm': expected both factors, A and B");
    }

    @Test
    void settingsBesideANamedFileAreRead() throws IOException {
        Path path = adapters.peft("x", LORA, pair("m", 2), other("m", 2));
        try (Adapter adapter = Adapters.open(path.resolve("adapter_model.safetensors"))) {
            assertThat(scale(adapter, "m")).isEqualTo(1.5);
        }
        Files.delete(path.resolve("adapter_config.json"));
        assertThatThrownBy(() -> Adapters.open(path))
                .hasMessageStartingWith(
                        "adapter settings: expected 'adapter_config.json', which has the scale");
    }

    private static void assertClose(float[] got, double[] expected) {
        assertThat(got).hasSameSizeAs(expected);
        for (int i = 0; i < got.length; i++) {
            assertThat((double) got[i]).isCloseTo(expected[i], within(2e-6));
        }
    }
}
