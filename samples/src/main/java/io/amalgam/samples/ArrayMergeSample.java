package io.amalgam.samples;

import io.amalgam.ArrayMerge;
import io.amalgam.Checkpoints;
import io.amalgam.OpenModel;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Merges arrays in memory with a method of the recipes: here TIES, of the three experts. */
public final class ArrayMergeSample {
    private ArrayMergeSample() {}

    public static void main(String... args) throws IOException {
        Classifier classifier = new Classifier(Digits.read());
        System.out.println(Classifier.HEADER);
        for (double density : new double[] {0.1, 0.2, 0.5, 1.0}) {
            System.out.println(classifier.row("ties, density " + density, ties(density)));
        }
    }

    static Map<String, INDArray> ties(double density) throws IOException {
        Map<String, Double> parameters = Map.of("weight", 0.25, "density", density);
        try (OpenModel base = Checkpoints.open(Digits.model("base"));
                OpenModel rotated = Checkpoints.open(Digits.model("expert-rotated"));
                OpenModel inverted = Checkpoints.open(Digits.model("expert-inverted"));
                OpenModel mirrored = Checkpoints.open(Digits.model("expert-mirrored"))) {
            Map<String, INDArray> merged = new LinkedHashMap<>();
            for (String name : base.names()) {
                INDArray tensor =
                        ArrayMerge.with("ties")
                                .base(base.tensor(name))
                                .model(rotated.tensor(name), parameters)
                                .model(inverted.tensor(name), parameters)
                                .model(mirrored.tensor(name), parameters)
                                .parameter("normalize", false)
                                .merge();
                merged.put(name, tensor);
            }
            return merged;
        }
    }
}
