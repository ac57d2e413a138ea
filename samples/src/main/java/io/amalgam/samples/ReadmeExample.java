package io.amalgam.samples;

import io.amalgam.ArrayMerge;
import io.amalgam.Checkpoints;
import io.amalgam.OpenModel;
import io.amalgam.TaskVector;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The library in ten lines, as the README shows it. */
public final class ReadmeExample {
    private ReadmeExample() {}

    public static void main(String... args) throws IOException {
        Path models = Digits.HOME.resolve("models/digits");
        try (OpenModel base = Checkpoints.open(models.resolve("base"));
                OpenModel tuned = Checkpoints.open(models.resolve("expert-rotated"))) {
            INDArray weight = base.tensor("fc1.weight");
            TaskVector learned = TaskVector.between(base, tuned);
            Map<String, INDArray> forgetful = learned.negate().scale(0.5).apply(base);
            INDArray merged =
                    ArrayMerge.with("slerp")
                            .base(weight)
                            .model(tuned.tensor("fc1.weight"), Map.of())
                            .parameter("t", 0.35)
                            .merge();
            System.out.println("slerp of two " + merged.shapeInfoToString());
            System.out.println("base without what was learned: " + forgetful.keySet());
        }
    }
}
