package io.amalgam.samples;

import io.amalgam.Checkpoints;
import io.amalgam.TensorFile;
import io.amalgam.engine.MergeListener;
import io.amalgam.recipe.ModelEntry;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.ParameterValue;
import io.amalgam.recipe.Parameters;
import io.amalgam.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Builds recipes in code: how much of each expert is best added? Merges into a new folder for each
 * answer.
 */
public final class RecipeInCode {
    private static final List<String> EXPERTS =
            List.of("expert-rotated", "expert-inverted", "expert-mirrored");

    private RecipeInCode() {}

    public static void main(String... args) throws IOException {
        Path out = args.length > 0 ? Path.of(args[0]) : Files.createTempDirectory("sweep");
        List<Path> folders = List.of(Digits.model("."));
        Classifier classifier = new Classifier(Digits.read());
        System.out.println(Classifier.HEADER);
        for (double weight : new double[] {0.1, 0.2, 0.3, 0.4, 0.5}) {
            Path merged = out.resolve("weight-" + weight);
            RunRecipe.merge(taskArithmetic(weight), folders, merged, MergeListener.NONE);
            try (TensorFile model = Checkpoints.open(merged)) {
                System.out.println(classifier.row("weight " + weight, model.tensors()));
            }
        }
        System.out.println("merges are in " + out);
    }

    static Recipe taskArithmetic(double weight) {
        List<ModelEntry> models =
                EXPERTS.stream()
                        .map(name -> ModelEntry.of(ModelRef.of(name), Parameters.EMPTY))
                        .toList();
        return Recipe.ofModels(
                "task_arithmetic",
                models,
                Optional.of(ModelRef.of("base")),
                Parameters.of(Map.of("weight", ParameterValue.of(weight))));
    }
}
