package io.amalgam.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.amalgam.Checkpoints;
import io.amalgam.OpenModel;
import io.amalgam.internal.recipe.yaml.RecipeReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Aligned models, and averages with them, classify as the authors' code has them classify. */
class AlignmentAccuracyTest {
    private static final double IMAGES = 450;

    @TempDir Path out;

    private OpenModel merged(String name, String recipe) throws IOException {
        Path folder = out.resolve(name);
        Recipes.merge(RecipeReader.read(recipe, "test.yml"), Digits.model("."), folder);
        return Checkpoints.open(folder);
    }

    private OpenModel average(String one, String other, double t, String align) throws IOException {
        String recipe =
                "merge_method: linear\nmodels:\n- {model: independent-%s, parameters: {weight: %s}%s}\n- {model: independent-%s, parameters: {weight: %s}}\n";
        return merged(
                "t" + t,
                recipe.formatted(one, 1 - t, align.isEmpty() ? "" : ", align: " + align, other, t));
    }

    private static double plain(Map<String, INDArray> model) throws IOException {
        return new Classifier(Digits.read()).correct(model).get("plain") / IMAGES;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a | b | | 0.9222",
                "b | a | {method: weight_matching, to: independent-a} | 0.9689",
                "a | b | {method: ot, to: independent-b} | 0.9733",
                "a | b | {method: ot, metric: squared, to: independent-b} | 0.9733",
                "narrow | b | {method: ot, to: independent-b} | 0.9600",
                "narrow | b | {method: ot, rule: paper, to: independent-b} | 0.9622",
                "narrow | b | {widen: copies, to: independent-b} | 0.9622",
                "narrow | b | {widen: zeros, to: independent-b} | 0.9578",
                "b | narrow | {method: ot, to: independent-narrow} | 0.9511"
            })
    void averagesAreAsGoodAsTheAuthors(String one, String other, String align, double accuracy)
            throws IOException {
        try (OpenModel model = average(one, other, 0.5, align == null ? "" : align)) {
            assertThat(plain(model.tensors())).isCloseTo(accuracy, within(2.1 / IMAGES));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "narrow | {method: ot, to: independent-b} | 0.9622",
                "narrow | {widen: copies, to: independent-b} | 0.9622",
                "narrow | {widen: zeros, to: independent-b} | 0.9622",
                "b | {method: ot, to: independent-narrow} | 0.9178"
            })
    void modelsOfOtherWidthsAlone(String model, String align, double accuracy) throws IOException {
        String recipe = "merge_method: passthrough\nmodels: [{model: independent-%s, align: %s}]\n";
        try (OpenModel carried = merged("alone", recipe.formatted(model, align))) {
            assertThat(plain(carried.tensors())).isCloseTo(accuracy, within(1.1 / IMAGES));
        }
    }

    /** Units are not directions: the warning says so with these figures. */
    @Test
    void truncationLosesMost() throws IOException {
        String recipe =
                "merge_method: passthrough\nmodels: [{model: independent-b, align: {method: truncated_svd, to: independent-narrow}}]\n";
        try (OpenModel model = merged("svd", recipe)) {
            assertThat(plain(model.tensors())).isCloseTo(0.34, within(0.05));
        }
    }

    /** By how much the average is worse than the mean of the models; the worst of 11 points. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "b | a | {method: weight_matching, to: independent-a} | 0.0105",
                "a | b | {method: ot, to: independent-b} | 0.0055",
                "a | b | | 0.2485"
            })
    void theBarrierIsThatOfTheAuthors(String one, String other, String align, double expected)
            throws IOException {
        double[] losses = new double[3];
        for (int i = 0; i < losses.length; i++) {
            try (OpenModel model = average(one, other, i / 2.0, align == null ? "" : align)) {
                losses[i] = DigitsLoss.loss(model.tensors());
            }
        }
        double barrier = losses[1] - (losses[0] + losses[2]) / 2;
        assertThat(barrier).isCloseTo(expected, within(1e-4));
    }
}
