package io.amalgam.samples;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/** Runs the digits' perceptrons of three layers with ReLU from a checkpoint's tensors. */
final class Classifier {
    static final String HEADER =
            "%-32s %8s %8s %8s %8s %8s"
                    .formatted("checkpoint", "plain", "rotated", "inverted", "mirrored", "mean");

    private final Digits digits;

    Classifier(Digits digits) {
        this.digits = digits;
    }

    /** Digits that a model names rightly, by view. */
    Map<String, Integer> correct(Map<String, INDArray> model) {
        Map<String, Integer> correct = new LinkedHashMap<>();
        digits.views().forEach((view, images) -> correct.put(view, correct(model, images)));
        return correct;
    }

    private int correct(Map<String, INDArray> model, INDArray images) {
        long[] named = outputs(model, images).argMax(1).toLongVector();
        IntStream all = IntStream.range(0, named.length);
        return (int) all.filter(i -> named[i] == digits.labels()[i]).count();
    }

    static INDArray outputs(Map<String, INDArray> model, INDArray images) {
        INDArray first = Transforms.relu(layer(model, "fc1", images));
        return layer(model, "fc3", Transforms.relu(layer(model, "fc2", first)));
    }

    private static INDArray layer(Map<String, INDArray> model, String name, INDArray input) {
        INDArray rows = Objects.requireNonNull(model.get(name + ".weight")).castTo(DataType.FLOAT);
        INDArray bias = Objects.requireNonNull(model.get(name + ".bias")).castTo(DataType.FLOAT);
        return input.mmul(rows.transpose()).addiRowVector(bias);
    }

    /** A line of the table: the accuracies in percent, and their mean. */
    String row(String name, Map<String, INDArray> model) {
        StringBuilder row = new StringBuilder(String.format("%-32s", name));
        double sum = 0;
        for (int correct : correct(model).values()) {
            double percent = 100.0 * correct / digits.labels().length;
            row.append(String.format(Locale.ROOT, " %7.1f%%", percent));
            sum += percent;
        }
        return row + String.format(Locale.ROOT, " %7.1f%%", sum / digits.views().size());
    }
}
