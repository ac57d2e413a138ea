package io.amalgam.samples;

import io.amalgam.Checkpoints;
import io.amalgam.OpenModel;
import io.amalgam.TaskVector;
import java.io.IOException;

/** Arithmetic with what models have learned: added, scaled, taken away. */
public final class TaskVectorSample {
    private TaskVectorSample() {}

    public static void main(String... args) throws IOException {
        Classifier classifier = new Classifier(Digits.read());
        try (OpenModel base = Checkpoints.open(Digits.model("base"));
                OpenModel rotated = Checkpoints.open(Digits.model("expert-rotated"));
                OpenModel inverted = Checkpoints.open(Digits.model("expert-inverted"))) {
            TaskVector rotation = TaskVector.between(base, rotated);
            TaskVector inversion = TaskVector.between(base, inverted);
            TaskVector both = rotation.add(inversion);
            System.out.println("length of rotation: " + rotation.norm());
            System.out.println("length of rotation + inversion: " + both.norm());

            System.out.println(Classifier.HEADER);
            System.out.println(classifier.row("base", base.tensors()));
            System.out.println(classifier.row("base + rotation", rotation.apply(base)));
            System.out.println(
                    classifier.row("base + rotation/2", rotation.scale(0.5).apply(base)));
            System.out.println(
                    classifier.row("base + (rotation+inversion)/2", both.scale(0.5).apply(base)));
            System.out.println(
                    classifier.row("base - rotation/2", rotation.scale(0.5).negate().apply(base)));
        }
    }
}
