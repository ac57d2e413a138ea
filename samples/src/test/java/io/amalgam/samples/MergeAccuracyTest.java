package io.amalgam.samples;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.ArrayMerge;
import io.amalgam.Checkpoints;
import io.amalgam.FederatedAverager;
import io.amalgam.OpenModel;
import io.amalgam.TaskVector;
import io.amalgam.internal.recipe.yaml.RecipeReader;
import io.amalgam.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Merges by the engine, and by the library on arrays, classify as the same merges made in PyTorch
 * do.
 */
class MergeAccuracyTest {
    private static final int ROUNDING = 2;
    private static final String EXPERTS =
            "[{model: expert-rotated}, {model: expert-inverted}, {model: expert-mirrored}]";

    @TempDir Path out;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "MERGE average             | linear          |      | weight: 1",
                "MERGE task arithmetic 0.3 | task_arithmetic | base | weight: 0.3",
                "MERGE task arithmetic 0.5 | task_arithmetic | base | weight: 0.5",
                "MERGE task arithmetic 0.7 | task_arithmetic | base | weight: 0.7",
                "MERGE task arithmetic 1.0 | task_arithmetic | base | weight: 1.0",
                "MERGE task arithmetic 0.3 | task_arithmetic | base | weight: 1, lambda: 0.3",
                "MERGE ties 0.2            | ties            | base | weight: 1, density: 0.2",
                "MERGE ties 0.5            | ties            | base | weight: 1, density: 0.5",
                "MERGE ties 1.0            | ties            | base | weight: 1, density: 1.0"
            })
    void mergesOfTheExpertsClassifyAsInTorch(
            String reference, String method, String base, String parameters) throws IOException {
        String text =
                "merge_method: "
                        + method
                        + "\nmodels: "
                        + EXPERTS
                        + "\n"
                        + (base == null ? "" : "base_model: " + base + "\n")
                        + "parameters: {"
                        + parameters
                        + "}\n";
        new TorchAccuracies().assertSame(reference, merge(text), ROUNDING);
    }

    @ParameterizedTest
    @ValueSource(strings = {"float32", "bfloat16", "float16"})
    void soupClassifiesAsInTorchWhateverTypeItIsWrittenIn(String type) throws IOException {
        String text =
                "merge_method: linear\n"
                        + "models: [{model: soup-0}, {model: soup-1}, {model: soup-2}, {model: soup-3}]\n"
                        + "parameters: {weight: 0.25}\n"
                        + "out_dtype: "
                        + type
                        + "\n";
        new TorchAccuracies().assertSame("MERGE soup", merge(text), ROUNDING);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.3, 0.5, 0.7, 1.0})
    void taskVectorsClassifyAsInTorch(double factor) throws IOException {
        try (OpenModel base = open("base");
                OpenModel rotated = open("expert-rotated");
                OpenModel inverted = open("expert-inverted");
                OpenModel mirrored = open("expert-mirrored")) {
            TaskVector sum =
                    TaskVector.between(base, rotated)
                            .add(TaskVector.between(base, inverted))
                            .add(TaskVector.between(base, mirrored));
            new TorchAccuracies()
                    .assertSame(
                            "MERGE task arithmetic " + factor,
                            sum.scale(factor).apply(base),
                            ROUNDING);
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.2, 0.5, 1.0})
    void tiesOnArraysClassifiesAsInTorch(double density) throws IOException {
        Map<String, INDArray> merged = new LinkedHashMap<>();
        Map<String, Double> parameters = Map.of("weight", 1.0, "density", density);
        try (OpenModel base = open("base");
                OpenModel rotated = open("expert-rotated");
                OpenModel inverted = open("expert-inverted");
                OpenModel mirrored = open("expert-mirrored")) {
            for (String name : base.names()) {
                merged.put(
                        name,
                        ArrayMerge.with("ties")
                                .base(base.tensor(name))
                                .model(rotated.tensor(name), parameters)
                                .model(inverted.tensor(name), parameters)
                                .model(mirrored.tensor(name), parameters)
                                .merge());
            }
        }
        new TorchAccuracies().assertSame("MERGE ties " + density, merged, ROUNDING);
    }

    private static final String CLIENTS =
            "[{model: federated-client-0}, {model: federated-client-1}, {model: federated-client-2}, {model: federated-client-3}]";

    /** The clients' config.json says how many examples each has. */
    @Test
    void fedavgClassifiesAsInTorch() throws IOException {
        String text = "merge_method: fedavg\nmodels: " + CLIENTS + "\n";
        new TorchAccuracies().assertSame("MERGE fedavg", merge(text), ROUNDING);
    }

    /** In a first round with the default rate momentum changes nothing. */
    @Test
    void fedavgmBeginsAsFedavg() throws IOException {
        String text =
                "merge_method: fedavgm\nbase_model: federated-start\nmodels: " + CLIENTS + "\n";
        Path merged = merge(text);
        new TorchAccuracies().assertSame("MERGE fedavg", merged, ROUNDING);
        assertThat(merged.resolve("server-state.safetensors")).exists();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anAveragerClassifiesAsInTorch(boolean inFile) throws IOException {
        FederatedAverager average =
                inFile
                        ? FederatedAverager.inFile(out.resolve("sums.safetensors"))
                        : FederatedAverager.inMemory();
        int[] examples = {518, 517, 494, 508};
        for (int client : new int[] {2, 0, 3}) {
            average.add(Digits.model("federated-client-" + client), examples[client]);
        }
        try (OpenModel last = open("federated-client-1")) {
            average.add(last.tensors(), examples[1]);
        }
        assertThat(average.clients()).isEqualTo(4);
        assertThat(average.examples()).isEqualTo(2037);
        new TorchAccuracies().assertSame("MERGE fedavg", average.average(), ROUNDING);
        average.finish(out.resolve("average.safetensors"));
        try (OpenModel written = Checkpoints.open(out.resolve("average.safetensors"))) {
            assertThat(written.tensors()).isEqualTo(average.average());
        }
    }

    /** Equal weights by another name. */
    @Test
    void uniformSoupClassifiesAsInTorch() throws IOException {
        String text =
                "merge_method: soup\nmodels: [{model: soup-0}, {model: soup-1}, {model: soup-2}, {model: soup-3}]\n";
        new TorchAccuracies().assertSame("MERGE soup", merge(text), ROUNDING);
    }

    private Path merge(String recipe) throws IOException {
        Recipe read = RecipeReader.read(recipe, "test.yml");
        Path merged = out.resolve("merged");
        Recipes.merge(read, Digits.model("."), merged);
        return merged;
    }

    private static OpenModel open(String name) throws IOException {
        return Checkpoints.open(Digits.model(name));
    }
}
