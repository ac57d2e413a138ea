package io.amalgam.internal.formats.peft;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.internal.lora.apply.LoraCheckpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Layers without factors: said where the settings promise them, and only there. */
class PromisesTest {
    @TempDir private Path folder;

    private Adapters adapters;

    @BeforeEach
    void start() {
        adapters = new Adapters(folder);
    }

    private LoraCheckpoint merged(String settings, String config) throws IOException {
        List<NamedTensor> tensors = new ArrayList<>();
        for (int layer = 0; layer < 3; layer++) {
            for (String module : List.of("self_attn.q_proj", "self_attn.v_proj", "mlp.up_proj")) {
                tensors.add(
                        adapters.random("model.layers." + layer + "." + module + ".weight", 4, 4));
            }
        }
        tensors.add(adapters.random("vision.layers.0.self_attn.q_proj.weight", 4, 4));
        Path base = adapters.model("base", tensors.toArray(new NamedTensor[0]));
        Files.writeString(base.resolve("config.json"), config);
        List<NamedTensor> factors = new ArrayList<>();
        for (int layer = 0; layer < 2; layer++) {
            String module = "base_model.model.model.layers." + layer + ".self_attn.q_proj";
            factors.add(adapters.random(module + ".lora_A.weight", 2, 4));
            factors.add(adapters.random(module + ".lora_B.weight", 4, 2));
        }
        Path adapter =
                adapters.peft(
                        "adapter",
                        "{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 2" + settings + "}",
                        factors.toArray(new NamedTensor[0]));
        return Adapters.merged(base, adapter);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                ", \"target_modules\": [\"q_proj\"] | {} | 1",
                ", \"target_modules\": [\"self_attn.q_proj\"] | {} | 1",
                ", \"target_modules\": [\"q_proj\", \"o_proj\"] | {} | 1",
                ", \"target_modules\": [\"q_proj\"], \"layers_to_transform\": [1, 2] | {} | 1",
                ", \"target_modules\": [\"q_proj\"], \"layers_to_transform\": [0, 1] | {} | 0",
                ", \"target_modules\": [\"q_proj\"], \"layers_to_transform\": 1 | {} | 0",
                ", \"target_modules\": [\"q_proj\"], \"exclude_modules\": [\"2.self_attn.q_proj\"] | {} | 0",
                ", \"target_modules\": [\"q_proj\"], \"exclude_modules\": \".*2.*\" | {} | 0",
                ", \"target_modules\": [\"model.layers.0.self_attn.q_proj\", \"1.self_attn.q_proj\"] | {} | 0",
                ", \"target_modules\": \".*[01].*q_proj\" | {} | 0",
                ", \"target_modules\": \"all-linear\" | {} | 0",
                ", \"target_modules\": null | {} | 0",
                "'' | {} | 0",
                ", \"target_modules\": [\"q_proj\"] | {\"num_hidden_layers\": 2} | 0",
                ", \"target_modules\": [\"q_proj\"] | {\"text_config\": {\"num_hidden_layers\": 2}} | 0",
                ", \"target_modules\": [\"q_proj\"], \"modules_to_save\": [] | {\"num_hidden_layers\": 3} | 1"
            })
    void layersWithoutFactors(String settings, String config, int warnings) throws IOException {
        try (LoraCheckpoint merged = merged(settings.replace("''", ""), config)) {
            assertThat(merged.warnings())
                    .map(Object::toString)
                    .filteredOn(text -> text.contains("expected factors in all layers"))
                    .hasSize(warnings)
                    .allMatch(text -> text.contains("'model.layers.2.self_attn.q_proj'"));
        }
    }

    /** As PEFT's check_target_module_exists says of the same names. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'target_modules': ['q_proj'] | 0",
                "'target_modules': ['proj'] | 2",
                "'target_modules': ['v_proj'] | 2",
                "'target_modules': [] | 0",
                "'target_modules': ['model.layers.0.self_attn.q_proj'] | 1",
                "'target_modules': 'all-linear' | 0",
                "'target_modules': '.*q_proj' | 0",
                "'target_modules': '.*layers\\\\.(?P<n_1>[12])\\\\..*' | 1",
                "'target_modules': 'q_proj' | 2",
                "'target_modules': ['q_proj'], 'exclude_modules': ['q_proj'] | 2",
                "'target_modules': 'all-linear', 'exclude_modules': '.*\\\\.0\\\\..*' | 1",
                "'target_modules': ['q_proj'], 'layers_to_transform': [1] | 1",
                "'target_modules': ['q_proj'], 'layers_to_transform': 1 | 1",
                "'target_modules': ['q_proj'], 'layers_to_transform': [] | 0",
                "'target_modules': ['q_proj'], 'layers_to_transform': [0, 1], 'layers_pattern': 'layers' | 0",
                "'target_modules': ['q_proj'], 'layers_to_transform': [0, 1], 'layers_pattern': ['h', 'blocks'] | 2",
                "'target_modules': ['model.layers.0.self_attn.q_proj'], 'layers_to_transform': [7] | 1",
                "'target_modules': ['v_proj'], 'ensure_weight_tying': true | 0"
            })
    void factorsOfModulesThatAreNotTargets(String settings, int others) throws IOException {
        String json = ", " + settings.replace('\'', '"');
        try (LoraCheckpoint merged = merged(json, "{\"num_hidden_layers\": 2}")) {
            List<String> warnings =
                    merged.warnings().stream()
                            .map(Object::toString)
                            .filter(text -> text.contains("PEFT would ignore them"))
                            .toList();
            assertThat(warnings).hasSize(others == 0 ? 0 : 1);
            assertThat(String.join("", warnings))
                    .contains(
                            others == 0
                                    ? ""
                                    : "got those of "
                                            + others
                                            + (others == 1 ? " other, " : " others, "));
        }
    }

    @Test
    void aBiasOfBThatIsNotAnnounced() throws IOException {
        Path base =
                adapters.model(
                        "b", adapters.random("up.weight", 4, 4), adapters.random("up.bias", 4));
        Path adapter =
                adapters.peft(
                        "x",
                        "{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 2}",
                        adapters.random("base_model.model.up.lora_A.weight", 2, 4),
                        adapters.random("base_model.model.up.lora_B.weight", 4, 2),
                        adapters.random("base_model.model.up.lora_B.bias", 4));

        try (LoraCheckpoint merged = Adapters.merged(base, adapter)) {
            assertThat(merged.warnings())
                    .singleElement()
                    .asString()
                    .contains("'lora_bias': expected true", "got nothing", "it is added");
        }
    }
}
