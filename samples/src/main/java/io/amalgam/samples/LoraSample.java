package io.amalgam.samples;

import io.amalgam.Checkpoints;
import io.amalgam.LoraFile;
import io.amalgam.LoraFile.LoraPair;
import io.amalgam.OpenModel;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Two adapters of the digits' base: each put into it, their sum, and their sum cut to lower ranks.
 */
public final class LoraSample {
    private LoraSample() {}

    /** Makes one change of both adapters' changes of a module. */
    private interface Combination {
        LoraPair of(LoraPair rotated, LoraPair inverted);
    }

    public static void main(String... args) throws IOException {
        Classifier classifier = new Classifier(Digits.read());
        System.out.println(Classifier.HEADER);
        try (OpenModel base = Checkpoints.open(Digits.model("base"));
                LoraFile rotated = LoraFile.open(Digits.model("lora-rotated"));
                LoraFile inverted = LoraFile.open(Digits.model("lora-inverted"))) {
            System.out.println(classifier.row("base", base.tensors()));
            Map<String, Combination> all =
                    Map.of(
                            "1 lora-rotated", (r, i) -> r,
                            "2 lora-inverted", (r, i) -> i,
                            "3 half of each", (r, i) -> half(r, i),
                            "4 the same at rank 4", (r, i) -> half(r, i).truncate(4),
                            "5 the same at rank 2", (r, i) -> half(r, i).truncate(2));
            for (Map.Entry<String, Combination> entry : new TreeMap<>(all).entrySet()) {
                Map<String, INDArray> model = base.tensors();
                for (String module : rotated.modules()) {
                    LoraPair change =
                            entry.getValue().of(rotated.module(module), inverted.module(module));
                    model.computeIfPresent(
                            module + ".weight", (key, weight) -> change.addTo(weight, 1));
                }
                System.out.println(classifier.row(entry.getKey(), model));
            }
        }
    }

    private static LoraPair half(LoraPair rotated, LoraPair inverted) {
        return LoraPair.sum(List.of(rotated, inverted), 0.5, 0.5);
    }
}
