package io.amalgam.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.endtoend.Merges;
import io.amalgam.endtoend.Options;
import io.amalgam.formats.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Spectral methods against the authors' own functions: {@code golden/research}. */
class GoldenSpectralTest {
    private static final double TOLERANCE = 2e-5;
    private static final Path RESEARCH = Golden.folder().resolveSibling("research");
    private static final Path DIGITS = Path.of("../samples/models/digits");
    private static final Path LLAMA = Golden.folder().resolve("models");
    private static final List<String> EXPERTS =
            List.of("expert-rotated", "expert-inverted", "expert-mirrored");
    private static final List<String> TUNES = List.of("ft1", "ft2", "ft3");
    private static final Map<String, Double> DEVIATIONS = new TreeMap<>();

    @TempDir private Path temp;

    /** What the authors of ACE leave at the base's; their WUDI leaves all but matrices there. */
    private static final String ENDS_STAY =
            "rest: [{filter: embed_tokens, value: base}, {filter: lm_head, value: base}, {value: mean}]";

    private static Path root(String file) {
        return (file.contains("/digits") ? DIGITS : LLAMA).toAbsolutePath().normalize();
    }

    private static String recipe(String file, String method, String weights, String parameters) {
        List<String> models = file.contains("/digits") ? EXPERTS : TUNES;
        StringBuilder text = new StringBuilder("merge_method: " + method + "\nbase_model: base\n");
        text.append("dtype: float32\nmodels:\n");
        for (int i = 0; i < models.size(); i++) {
            text.append("  - {model: ").append(models.get(i));
            if (!weights.isEmpty()) {
                text.append(", parameters: {weight: ").append(weights.split(" ")[i]).append('}');
            }
            text.append("}\n");
        }
        return text + "parameters: {" + parameters.replace("ENDS", ENDS_STAY) + "}\n";
    }

    private Path merge(String file, String recipe, String name) throws IOException {
        Path out = temp.resolve(name);
        Merges.run(Merges.recipe(recipe), root(file), out, Options.DEFAULT.build());
        return out.resolve("model.safetensors");
    }

    private static void compare(Path ours, String file) throws IOException {
        Path expected = RESEARCH.resolve(file + ".safetensors");
        Path base = root(file).resolve("base/model.safetensors");
        double deviation = Changes.deviation(ours, expected, base);
        DEVIATIONS.put(file, deviation);
        assertThat(deviation).isLessThanOrEqualTo(TOLERANCE);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            emptyValue = "",
            value = {
                "tsv_m/llama-all | '' | exclude: []",
                "tsv_m/llama-body | '' | ''",
                "tsv_m/digits | '' | ''",
                "tsv_m/digits-weights | 0.5 1 0.8 | ''",
                "tsv_m/digits-alpha0.5 | '' | alpha: 0.5",
                "iso_c/llama-all | '' | exclude: []",
                "iso_c/llama-body-alpha1.5 | '' | alpha: 1.5",
                "iso_c/digits | '' | ''",
                "iso_cts/llama-all-fraction0.8 | '' | exclude: []",
                "iso_cts/llama-all-fraction0.5 | '' | 'exclude: [], common_fraction: 0.5'",
                "iso_cts/llama-body-alpha1.5 | '' | alpha: 1.5",
                "iso_cts/digits-fraction0.8 | '' | ''",
                "iso_cts/digits-fraction0.5 | '' | common_fraction: 0.5",
                "wudi/llama-body-base | '' | 'solver: adam, rest: base'",
                "wudi/llama-body-mean | '' | solver: adam",
                "wudi/digits-base | '' | 'solver: adam, rest: base'",
                "wudi/digits-mean | '' | solver: adam",
                "wudi/llama-body-closed-ridge1e-06 | '' | ridge: 1e-6",
                "wudi/llama-body-closed-ridge0.001 | '' | ridge: 1e-3",
                "wudi/llama-body-closed-ridge0.1 | '' | ''",
                "wudi/digits-closed-ridge1e-06 | '' | ridge: 1e-6",
                "wudi/digits-closed-ridge0.001 | '' | ridge: 1e-3",
                "wudi/digits-closed-ridge0.1 | '' | ''",
                "ace/llama | '' | ENDS",
                "ace/llama-weights1-0.1-0.01 | 1 0.1 0.01 | ENDS",
                "ace/digits | '' | ''",
                "ace/digits-weights1-0.03-0.001 | 1 0.03 0.001 | ''",
                "ace/digits-weights1-0.1-0.01 | 1 0.1 0.01 | ''",
            })
    void agrees(String file, String weights, String parameters) throws IOException {
        String method = file.substring(0, file.indexOf('/'));
        compare(merge(file, recipe(file, method, weights, parameters), "out"), file);
    }

    /** Of a merge that another recipe made. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            emptyValue = "",
            value = {
                "svc/llama-ta0.3-alpha1over3 | task_arithmetic | 0.3 0.3 0.3 | '' | ''",
                "svc/llama-average-alpha0.1 | linear | 1 1 1 | '' | alpha: 0.1",
                "svc/llama-tsvm-alpha1 | tsv_m | '' | exclude: [embed_tokens] | alpha: 1",
                "svc/digits-ta0.3-alpha1over3 | task_arithmetic | 0.3 0.3 0.3 | '' | ''",
                "svc/digits-average-alpha0.1 | linear | 1 1 1 | '' | alpha: 0.1",
                "svc/digits-tsvm-alpha1 | tsv_m | '' | '' | alpha: 1",
            })
    void calibrates(String file, String method, String weights, String merging, String parameters)
            throws IOException {
        String first = recipe(file, method, weights, merging);
        if (method.equals("linear")) {
            first = first.replace("base_model: base\n", "");
        }
        Path merged = merge(file, first, "merged").getParent();
        String calibration =
                recipe(
                                file,
                                "svc",
                                "",
                                "exclude: []" + (parameters.isEmpty() ? "" : ", " + parameters))
                        .replace(
                                "models:\n",
                                "models:\n  - {model: '%s', parameters: {merged: true}}\n"
                                        .formatted(merged));
        compare(merge(file, calibration, "out"), file);
    }

    @ParameterizedTest
    @CsvSource({"llama, 1", "llama, 2", "llama, 3", "digits, 1", "digits, 2", "digits, 3"})
    void writesATasksModel(String models, int task) throws IOException {
        String file = "emr/" + models + "-task" + task;
        Path ours = merge(file, recipe(file, "emr", "", "task: " + task), "out");
        compare(ours, file);
        // What is masked is the base's, to the bit.
        try (SafetensorsFile merged = SafetensorsFile.open(ours);
                SafetensorsFile base =
                        SafetensorsFile.open(root(file).resolve("base/model.safetensors"));
                SafetensorsFile masks =
                        SafetensorsFile.open(
                                RESEARCH.resolve("emr/" + models + "-masks.safetensors"))) {
            for (String name : merged.tensors().keySet()) {
                byte[] mask = masks.bytes((task - 1) + "." + name);
                float[] changed = merged.floats(name);
                float[] from = base.floats(name);
                for (int i = 0; i < mask.length; i++) {
                    // A change may be lost in rounding, but none is made up.
                    assertThat(changed[i] != from[i] && mask[i] == 0).isFalse();
                }
                assertThat(mask).hasSameSizeAs(changed);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"llama", "digits"})
    void writesTheUnifiedVector(String models) throws IOException {
        String file = "emr/" + models + "-unified";
        Path ours = merge(file, recipe(file, "emr", "", "task: 0"), "out");
        try (SafetensorsFile merged = SafetensorsFile.open(ours);
                SafetensorsFile base =
                        SafetensorsFile.open(root(file).resolve("base/model.safetensors"));
                SafetensorsFile vector =
                        SafetensorsFile.open(RESEARCH.resolve(file + ".safetensors"))) {
            for (String name : vector.tensors().keySet()) {
                float[] sum = base.floats(name);
                float[] added = vector.floats(name);
                for (int i = 0; i < sum.length; i++) {
                    sum[i] += added[i];
                }
                assertThat(merged.floats(name)).isEqualTo(sum);
            }
        }
    }

    /** The figures, for whoever wants to quote them. */
    @AfterAll
    static void writeTable() throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add("| file | largest difference / largest change |");
        lines.add("|---|---|");
        DEVIATIONS.forEach(
                (name, d) -> lines.add(String.format(Locale.ROOT, "| %s | %.2g |", name, d)));
        Files.write(
                Files.createDirectories(Path.of("target")).resolve("golden-research.md"), lines);
    }

    @ParameterizedTest
    @CsvSource({"tsv_m, ''", "iso_cts, ''", "ace, ''", "wudi, ''", "emr, task: 2"})
    void threadsDoNotMatter(String method, String parameters) throws IOException {
        String file = method + "/digits";
        String recipe = recipe(file, method, "", parameters);
        Path one = temp.resolve("one");
        Merges.run(Merges.recipe(recipe), root(file), one, Options.DEFAULT.threads(1).build());
        Path three = temp.resolve("three");
        Merges.run(Merges.recipe(recipe), root(file), three, Options.DEFAULT.threads(3).build());
        assertThat(one.resolve("model.safetensors"))
                .hasSameBinaryContentAs(three.resolve("model.safetensors"));
    }
}
