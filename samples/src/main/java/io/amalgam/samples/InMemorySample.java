package io.amalgam.samples;

import static io.amalgam.Parameter.t;

import io.amalgam.Checkpoints;
import io.amalgam.Merge;
import io.amalgam.OpenModel;
import io.amalgam.TaskVector;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Whole models as arrays: merged, scored, and only the result written. */
public final class InMemorySample {
    private InMemorySample() {}

    public static void main(String... args) throws IOException {
        Path folder = args.length > 0 ? Path.of(args[0]) : Files.createTempDirectory("merged");
        Classifier classifier = new Classifier(Digits.read());
        try (OpenModel base = Checkpoints.open(Digits.model("base"));
                OpenModel tuned = Checkpoints.open(Digits.model("expert-rotated"))) {
            Map<String, INDArray> a = base.tensors();
            Map<String, INDArray> b = tuned.tensors();
            Map<String, INDArray> between = Merge.slerp().base(a).model(b).with(t(0.4)).toArrays();
            System.out.println(Classifier.HEADER);
            System.out.println(classifier.row("slerp 0.4", between));

            // What was learned is a file of its own, and half of it a model.
            Path learned = folder.resolve("rotation.safetensors");
            TaskVector.between(a, b).write(learned);
            Map<String, INDArray> half = TaskVector.open(learned).scale(0.5).apply(a);
            Checkpoints.write(half, folder.resolve("half-rotated"), base);
            System.out.println(classifier.row("half of it", half));
        }
    }
}
