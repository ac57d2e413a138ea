package io.amalgam.samples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.amalgam.Checkpoints;
import io.amalgam.OpenModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Compares our counts of rightly named digits with those PyTorch gave. */
final class TorchAccuracies {
    private final JsonNode accuracies;
    private final Digits digits;

    TorchAccuracies() throws IOException {
        digits = Digits.read();
        accuracies =
                JsonMapper.builder()
                        .build()
                        .readTree(Digits.HOME.resolve("data/accuracy.json").toFile())
                        .required("accuracy");
    }

    void assertSame(String reference, Path checkpoint, int images) throws IOException {
        try (OpenModel model = Checkpoints.open(checkpoint)) {
            assertSame(reference, model.tensors(), images);
        }
    }

    /**
     * Asserts that the counts differ from the reference's by at most so many images in any view.
     */
    void assertSame(String reference, Map<String, INDArray> model, int images) {
        Map<String, Integer> expected = new LinkedHashMap<>();
        accuracies
                .required(reference)
                .properties()
                .forEach(view -> expected.put(view.getKey(), count(view.getValue().doubleValue())));
        assertClose(new Classifier(digits).correct(model), expected, images);
    }

    static void assertClose(
            Map<String, Integer> counts, Map<String, Integer> expected, int images) {
        assertThat(counts).containsOnlyKeys(expected.keySet());
        assertThat(counts)
                .as("expected within %d of %s", images, expected)
                .allSatisfy(
                        (view, count) ->
                                assertThat(Math.abs(count - expected.get(view)))
                                        .as(view)
                                        .isLessThanOrEqualTo(images));
    }

    private int count(double accuracy) {
        return Math.toIntExact(Math.round(accuracy * digits.labels().length));
    }
}
