package io.amalgam.internal.formats.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.internal.lora.LowRankDelta;
import io.amalgam.internal.lora.WeightedAdapter;
import io.amalgam.internal.lora.combine.AdapterCombiner;
import io.amalgam.internal.lora.combine.CombineOptions;
import io.amalgam.internal.lora.combine.CombineResult;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Adapters of one architecture whose modules are called by two versions of its library. */
class CombinedSpellingsTest {
    private static final String LORA = "{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 2%s}";

    @TempDir private Path folder;
    private Adapters adapters;

    @BeforeEach
    void start() {
        adapters = new Adapters(folder);
    }

    private Path adapter(String name, String more, String... modules) throws IOException {
        List<NamedTensor> tensors = new ArrayList<>();
        for (String module : modules) {
            tensors.add(adapters.random("base_model.model." + module + ".lora_A.weight", 2, 4));
            tensors.add(adapters.random("base_model.model." + module + ".lora_B.weight", 4, 2));
        }
        return adapters.peft(name, LORA.formatted(more), tensors.toArray(NamedTensor[]::new));
    }

    private static CombineResult combine(Path... paths) throws IOException {
        List<WeightedAdapter> opened = new ArrayList<>();
        try {
            for (Path path : paths) {
                opened.add(new WeightedAdapter(Adapters.open(path), 1));
            }
            return AdapterCombiner.of(opened, CombineOptions.of("cat"), Optional.empty());
        } finally {
            for (WeightedAdapter weighted : opened) {
                weighted.adapter().close();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "model.language_model.layers, language_model.model.layers",
        "language_model.model.layers, model.language_model.layers",
        "model.layers, layers",
        "model.vision_tower.vision_model.encoder.layers, vision_tower.vision_model.encoder.layers"
    })
    void modulesAreCalledAsTheFirstCallsThem(String first, String second) throws IOException {
        Path a = adapter("a", "", first + ".0.q_proj", first + ".1.q_proj");
        // The last is of a module that the first adapter does not change.
        Path b =
                adapter("b", "", second + ".0.q_proj", second + ".1.q_proj", second + ".0.up_proj");

        CombineResult combined = combine(a, b);

        assertThat(combined.adapter().modules().stream().map(LowRankDelta::module))
                .containsExactlyInAnyOrder(
                        first + ".0.q_proj", first + ".1.q_proj", first + ".0.up_proj");
        assertThat(combined.adapter().modules().get(0).rank()).isEqualTo(4);
        assertThat(combined.renamed().values())
                .singleElement()
                .satisfies(names -> assertThat(names).hasSize(3));
    }

    @Test
    void namesThatAreNoSpellingOfOthersStay() throws IOException {
        CombineResult combined =
                combine(
                        adapter("a", "", "model.layers.0.q_proj"),
                        adapter("b", "", "model.layers.0.up_proj"));

        assertThat(combined.adapter().modules()).hasSize(2);
        assertThat(combined.renamed()).isEmpty();
    }

    @Test
    void aNameThatCannotBeToldIsRefused() throws IOException {
        Path a = adapter("a", "", "model.language_model.layers.0.q_proj");
        Path b = adapter("b", "", "language_model.model.layers.0.q_proj", "adapter_head.dense");

        assertThatThrownBy(() -> combine(a, b))
                .isInstanceOfSatisfying(
                        BadInputException.class, e -> assertThat(e.problems()).hasSize(1))
                .hasMessageContaining("'adapter_head.dense.weight', which they have under no name");
    }

    @Test
    void aSavedModuleThatIsNotThereIsSaid() throws IOException {
        Path none =
                adapter("none", ", \"modules_to_save\": [\"lm_head\"]", "model.layers.0.q_proj");
        assertThatThrownBy(() -> combine(none, none))
                .hasMessageContaining("expected a tensor for each module, got none for 'lm_head'");

        Path some =
                adapters.peft(
                        "some",
                        LORA.formatted(", \"modules_to_save\": [\"lm_head\", \"embed_tokens\"]"),
                        adapters.random(
                                "base_model.model.model.layers.0.q_proj.lora_A.weight", 2, 4),
                        adapters.random(
                                "base_model.model.model.layers.0.q_proj.lora_B.weight", 4, 2),
                        adapters.random("base_model.model.lm_head.weight", 6, 4));
        assertThat(combine(some, some).warnings().stream().map(Problem::toString))
                .anySatisfy(text -> assertThat(text).contains("got none for 'embed_tokens'"));
    }
}
