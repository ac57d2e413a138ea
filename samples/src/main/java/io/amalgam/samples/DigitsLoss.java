package io.amalgam.samples;

import io.amalgam.Checkpoints;
import io.amalgam.OpenModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.ops.transforms.Transforms;

/** Prints a checkpoint's mean loss on the plain held-out digits: for {@code amalgam barrier}. */
public final class DigitsLoss {
    private DigitsLoss() {}

    public static void main(String... args) throws IOException {
        if (args.length != 1) {
            throw new IllegalArgumentException("usage: DigitsLoss CHECKPOINT");
        }
        try (OpenModel model = Checkpoints.open(Path.of(args[0]))) {
            System.out.println(loss(model.tensors()));
        }
    }

    /** Mean cross-entropy on the plain images. */
    static double loss(Map<String, INDArray> model) throws IOException {
        Digits digits = Digits.read();
        INDArray plain = Objects.requireNonNull(digits.views().get("plain"));
        INDArray likely = Transforms.softmax(Classifier.outputs(model, plain));
        double sum = 0;
        for (int i = 0; i < digits.labels().length; i++) {
            sum -= Math.log(likely.getDouble(i, digits.labels()[i]));
        }
        return sum / digits.labels().length;
    }
}
