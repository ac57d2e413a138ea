package io.amalgam.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.endtoend.Merges;
import io.amalgam.endtoend.Options;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsFile;
import io.amalgam.formats.safetensors.SafetensorsWriter;
import io.amalgam.internal.recipe.RecipeWriter;
import io.amalgam.recipe.Recipe;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Merges with statistics against those of others: {@code golden/statistics}. */
class GoldenStatisticsTest {
    private static final double TOLERANCE = 2e-5;
    private static final Path FILES =
            Golden.folder().resolveSibling("statistics").resolve("digits");
    private static final Path MODELS =
            Path.of("../samples/models/digits").toAbsolutePath().normalize();
    private static final List<String> VIEWS = List.of("rotated", "inverted", "mirrored");

    @TempDir private Path temp;

    private static String recipe(String method, String weights, String parameters) {
        StringBuilder text = new StringBuilder("merge_method: " + method + "\nmodels:\n");
        for (int i = 0; i < 3; i++) {
            text.append("  - model: expert-").append(VIEWS.get(i)).append('\n');
            if (!method.equals("soup")) {
                Path file = FILES.resolve(VIEWS.get(i) + ".safetensors");
                text.append("    statistics: '").append(file).append("'\n");
            }
            if (!weights.isEmpty()) {
                text.append("    parameters: {weight: ")
                        .append(weights.split(" ")[i])
                        .append("}\n");
            }
        }
        return text + "parameters: {" + parameters + "}\n";
    }

    private Path merge(String recipe, String name) throws IOException {
        Path out = temp.resolve(name);
        Merges.run(Merges.recipe(recipe), MODELS, out, Options.DEFAULT.build());
        return out.resolve("model.safetensors");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            emptyValue = "",
            value = {
                "fisher | fisher | '' | ''",
                "fisher-normalized | fisher | '' | normalize: true",
                "fisher-weights0.5-0.3-0.2 | fisher | 0.5 0.3 0.2 | ''",
                "regmean-1.0-ridge1e-06 | regmean | '' | ''",
                "regmean-1.0-ridge0.001 | regmean | '' | ridge: 1e-3",
                "regmean-0.9-ridge1e-06 | regmean | '' | off_diagonal: 0.9",
                "mats-kfac-10 | mats | '' | ''",
            })
    void agrees(String file, String method, String weights, String parameters) throws IOException {
        Path ours = merge(recipe(method, weights, parameters), "out");
        Path average = merge(recipe("soup", "", ""), "average");
        Path expected = FILES.resolve("expected").resolve(file + ".safetensors");
        try (SafetensorsFile a = SafetensorsFile.open(ours);
                SafetensorsFile b = SafetensorsFile.open(expected);
                SafetensorsFile mean = SafetensorsFile.open(average)) {
            for (String name : b.tensors().keySet()) {
                if (name.endsWith(".bias") && !method.equals("fisher")) {
                    assertThat(
                                    Changes.of(
                                            a.floats(name),
                                            b.floats(name),
                                            new float[b.floats(name).length]))
                            .isLessThan(1e-6);
                    continue;
                }
                double deviation = Changes.of(a.floats(name), b.floats(name), mean.floats(name));
                assertThat(deviation).as(name).isLessThanOrEqualTo(TOLERANCE);
            }
        }
    }

    /** A file in the model's folder, with one Gram matrix for two names. */
    @Test
    void aFileBesideTheModelIsFoundAndItsAliasesMeanOneTensor() throws IOException {
        Path named = merge(recipe("regmean", "", ""), "named");
        for (String view : VIEWS) {
            Path folder = Files.createDirectory(temp.resolve(view));
            Path model = MODELS.resolve("expert-" + view);
            Files.copy(model.resolve("model.safetensors"), folder.resolve("model.safetensors"));
            Files.copy(model.resolve("config.json"), folder.resolve("config.json"));
            List<NamedTensor> tensors = new ArrayList<>();
            try (SafetensorsFile file =
                    SafetensorsFile.open(FILES.resolve(view + ".safetensors"))) {
                for (String name : file.tensors().keySet()) {
                    TensorInfo info = file.tensors().get(name).info();
                    String stored = name.equals("fc3.weight.input_gram") ? "shared" : name;
                    tensors.add(
                            NamedTensor.ofBytes(
                                    stored + (stored.equals("shared") ? ".input_gram" : ""),
                                    info.dtype(),
                                    info.shape(),
                                    file.bytes(name)));
                }
            }
            SafetensorsWriter.write(
                    folder.resolve("amalgam-statistics.safetensors"),
                    tensors,
                    Map.of(
                            "amalgam_statistics",
                            "1",
                            "alias",
                            "{\"fc3.weight.input_gram\": \"shared.input_gram\"}"));
        }
        String recipe = "merge_method: regmean\nmodels:\n";
        for (String view : VIEWS) {
            recipe += "  - model: '" + temp.resolve(view) + "'\n";
        }
        assertThat(merge(recipe, "beside")).hasSameBinaryContentAs(named);
    }

    @ParameterizedTest
    @CsvSource({"fisher, normalize: true", "mats, steps: 10"})
    void threadsDoNotMatter(String method, String parameters) throws IOException {
        String recipe = recipe(method, "", parameters);
        Path one = temp.resolve("one");
        Path two = temp.resolve("two");
        Merges.run(Merges.recipe(recipe), MODELS, one, Options.DEFAULT.threads(1).build());
        Merges.run(Merges.recipe(recipe), MODELS, two, Options.DEFAULT.threads(3).build());
        assertThat(one.resolve("model.safetensors"))
                .hasSameBinaryContentAs(two.resolve("model.safetensors"));
    }

    /** What a recipe says is what its text says after it was read. */
    @Test
    void recipesAreWrittenWithTheirStatistics() {
        Recipe recipe = Merges.recipe(recipe("regmean", "1 2 3", "ridge: 1e-3"));
        assertThat(recipe.models().get(0).statistics()).isPresent();
        Recipe again = Merges.recipe(RecipeWriter.write(recipe));
        assertThat(again.models().get(2).statistics())
                .isEqualTo(recipe.models().get(2).statistics());
    }
}
