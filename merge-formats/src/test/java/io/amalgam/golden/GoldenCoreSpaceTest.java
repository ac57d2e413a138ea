package io.amalgam.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.ModelLoader;
import io.amalgam.formats.safetensors.SafetensorsFile;
import io.amalgam.internal.lora.LowRankDelta;
import io.amalgam.internal.lora.WeightedAdapter;
import io.amalgam.internal.lora.combine.AdapterCombiner;
import io.amalgam.internal.lora.combine.CombineOptions;
import io.amalgam.internal.lora.combine.CombineOptions.On;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Adapters merged in Core Space against its authors' program: {@code golden/research}. */
class GoldenCoreSpaceTest {
    private static final double TOLERANCE = 2e-5;

    private static final Path RESEARCH = Golden.folder().resolveSibling("research/core_space");
    private static final Path DIGITS = Path.of("../samples/models/digits");

    private static List<Path> adapters(String file) {
        return file.startsWith("digits")
                ? List.of(DIGITS.resolve("lora-rotated"), DIGITS.resolve("lora-inverted"))
                : List.of("a", "b", "c").stream()
                        .map(name -> GoldenLoraTest.LORA.resolve("adapters").resolve(name))
                        .toList();
    }

    /** Their TIES keeps one element more than a share of 0.3: the densities are chosen for it. */
    @ParameterizedTest
    @CsvSource({
        "llama-abc-core-sum, task_arithmetic, '', ''",
        "digits-core-sum, task_arithmetic, '', ''",
        "llama-abc-core-tsv, tsv_m, alpha, 0.8",
        "llama-abc-core-iso, iso_c, '', ''",
        "digits-core-iso, iso_c, '', ''",
        "llama-abc-core-ties30, ties, density, 0.304",
        "digits-core-ties30, ties, density, 0.309",
    })
    void agrees(String file, String method, String parameter, String value) throws IOException {
        CombineOptions options =
                new CombineOptions(
                        method,
                        On.CORE,
                        Optional.empty(),
                        Optional.of(128),
                        false,
                        Optional.empty(),
                        parameter.isEmpty() ? Map.of() : Map.of(parameter, value),
                        0);
        ModelLoader formats = ModelLoader.load();
        List<WeightedAdapter> adapters = new ArrayList<>();
        for (Path path : adapters(file)) {
            adapters.add(new WeightedAdapter(formats.adapter(path, path.toString()), 1));
        }
        List<LowRankDelta> combined =
                AdapterCombiner.of(adapters, options, Optional.empty()).adapter().modules();
        try (SafetensorsFile expected =
                SafetensorsFile.open(RESEARCH.resolve(file + ".safetensors"))) {
            assertThat(combined).hasSize(expected.tensors().size());
            for (LowRankDelta module : combined) {
                float[] theirs = expected.floats(module.module() + ".weight");
                float[] ours = module.b().times(module.a()).floats();
                double deviation = Changes.of(ours, theirs, new float[theirs.length]);
                assertThat(deviation).as(module.module()).isLessThanOrEqualTo(TOLERANCE);
            }
        }
        for (WeightedAdapter adapter : adapters) {
            adapter.adapter().close();
        }
    }
}
