package io.amalgam.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.amalgam.Checkpoints;
import io.amalgam.LoraFile;
import io.amalgam.LoraFile.LoraPair;
import io.amalgam.ModelLoader;
import io.amalgam.OpenModel;
import io.amalgam.internal.recipe.yaml.RecipeReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The digits' adapters: as files, in recipes, and as arrays. */
class LoraTest {
    @TempDir private Path out;

    @ParameterizedTest
    @ValueSource(strings = {"lora-rotated", "lora-inverted"})
    void adaptersInTheBaseClassifyAsInTorch(String adapter) throws IOException {
        Path recipe = out.resolve("r.yml");
        Files.writeString(
                recipe, "merge_method: passthrough\nmodels: [{model: base+" + adapter + "}]\n");
        Path merged = out.resolve("merged");
        Recipes.merge(RecipeReader.read(recipe), Digits.model("."), merged);
        new TorchAccuracies().assertSame(adapter, merged, 1);
    }

    @Test
    void arraysGiveWhatFilesGive() throws IOException {
        try (OpenModel base = Checkpoints.open(Digits.model("base"));
                LoraFile adapter = LoraFile.open(Digits.model("lora-rotated"))) {
            Map<String, INDArray> model = base.tensors();
            for (String module : adapter.modules()) {
                String name = module + ".weight";
                model.put(name, adapter.module(module).addTo(base.tensor(name), 1));
            }
            new TorchAccuracies().assertSame("lora-rotated", model, 1);
        }
    }

    @Test
    void sumsAreExactAndCutsAreTheBest() throws IOException {
        try (LoraFile one = LoraFile.open(Digits.model("lora-rotated"));
                LoraFile two = LoraFile.open(Digits.model("lora-inverted"));
                OpenModel base = Checkpoints.open(Digits.model("base"))) {
            LoraPair sum = LoraPair.sum(List.of(one.module("fc2"), two.module("fc2")), 0.5, -2);
            INDArray expected =
                    one.module("fc2").delta().mul(0.5).sub(two.module("fc2").delta().mul(2));
            assertThat(sum.rank()).isEqualTo(12);
            assertThat(distance(sum.delta(), expected)).isLessThan(1e-5);
            assertThat(distance(sum.truncate(12).delta(), expected)).isLessThan(1e-5);
            double cut = distance(sum.truncate(4).delta(), expected);
            assertThat(cut).isBetween(0.01, expected.norm2Number().doubleValue());

            INDArray weight = base.tensor("fc2.weight");
            LoraPair again = LoraPair.between(weight, sum.addTo(weight, 1), 4);
            assertThat(distance(again.delta(), expected)).isCloseTo(cut, within(1e-4));
        }
    }

    private static double distance(INDArray a, INDArray b) {
        return a.sub(b).norm2Number().doubleValue();
    }

    @Test
    void adaptersAreFoundByPath() throws IOException {
        try (var adapter = ModelLoader.load().adapter(Digits.model("lora-rotated"), "r")) {
            assertThat(adapter.modules()).containsOnlyKeys("fc1", "fc2", "fc3");
        }
    }
}
