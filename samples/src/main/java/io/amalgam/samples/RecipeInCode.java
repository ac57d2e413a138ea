package io.amalgam.samples;

import io.amalgam.Checkpoints;
import io.amalgam.Merge;
import io.amalgam.OpenModel;
import io.amalgam.Parameter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A sweep: how much of each expert is best added? One merge, and one folder, for each weight. */
public final class RecipeInCode {
    private static final List<String> EXPERTS =
            List.of("expert-rotated", "expert-inverted", "expert-mirrored");

    private RecipeInCode() {}

    public static void main(String... args) throws IOException {
        Path out = args.length > 0 ? Path.of(args[0]) : Files.createTempDirectory("sweep");
        Classifier classifier = new Classifier(Digits.read());
        System.out.println(Classifier.HEADER);
        for (double weight : new double[] {0.1, 0.2, 0.3, 0.4, 0.5}) {
            Path merged = out.resolve("weight-" + weight);
            taskArithmetic(weight).to(merged).run();
            try (OpenModel model = Checkpoints.open(merged)) {
                System.out.println(classifier.row("weight " + weight, model.tensors()));
            }
        }
        System.out.println("merges are in " + out);
    }

    static Merge taskArithmetic(double weight) {
        Merge merge = Merge.taskArithmetic().folder(Digits.model(".")).base("base");
        for (String expert : EXPERTS) {
            merge.model(expert, Parameter.weight(weight));
        }
        return merge;
    }
}
