package io.amalgam.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.endtoend.Merges;
import io.amalgam.endtoend.Options;
import io.amalgam.error.BadInputException;
import io.amalgam.formats.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
                text.append("    parameters: {weight: ").append(weights.split(" ")[i]).append("}\n");
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
    void agrees(String file, String method, String weights, String parameters)
            throws IOException {
        Path ours = merge(recipe(method, weights, parameters), "out");
        Path average = merge(recipe("soup", "", ""), "average");
        Path expected = FILES.resolve("expected").resolve(file + ".safetensors");
        try (SafetensorsFile a = SafetensorsFile.open(ours);
                SafetensorsFile b = SafetensorsFile.open(expected);
                SafetensorsFile mean = SafetensorsFile.open(average)) {
            for (String name : b.tensors().keySet()) {
                if (name.endsWith(".bias") && !method.equals("fisher")) {
                    assertThat(Changes.of(a.floats(name), b.floats(name), new float[b.floats(name).length]))
                            .isLessThan(1e-6);
                    continue;
                }
                double deviation = Changes.of(a.floats(name), b.floats(name), mean.floats(name));
                System.out.println(file + " " + name + " " + deviation);
                assertThat(deviation).as(name).isLessThanOrEqualTo(TOLERANCE);
            }
        }
    }
}
