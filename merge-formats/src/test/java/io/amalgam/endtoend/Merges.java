package io.amalgam.endtoend;

import io.amalgam.ModelLoader;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeListener;
import io.amalgam.engine.MergeReport;
import io.amalgam.internal.engine.MergeEngine;
import io.amalgam.internal.method.builtin.BuiltInMethods;
import io.amalgam.internal.plan.MergePlanner;
import io.amalgam.internal.recipe.yaml.RecipeReader;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.ModelSource;
import io.amalgam.plan.PlanOptions;
import io.amalgam.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Plans and runs recipes through files, the way programs do. */
public final class Merges {
    static final String TIES =
            """
            merge_method: ties
            base_model: base
            models:
              - {model: one, parameters: {weight: 0.7, density: 0.3}}
              - {model: two, parameters: {weight: -0.4, density: 0.6}}
            """;

    static final String LINEAR =
            """
            merge_method: linear
            models:
              - {model: one, parameters: {weight: 0.7}}
              - {model: two, parameters: {weight: 0.4}}
            """;

    private Merges() {}

    /** A recipe given as text. */
    public static Recipe recipe(String text) {
        return RecipeReader.read(text, "recipe.yml");
    }

    /** Models below {@code root}. */
    static ModelSource models(Path root) {
        return ModelLoader.load().models(List.of(root));
    }

    /** A plan whose models are below {@code root}. */
    public static MergePlan plan(Recipe recipe, Path root, PlanOptions options) throws IOException {
        return plan(recipe, models(root), options);
    }

    static MergePlan plan(Recipe recipe, ModelSource models, PlanOptions options)
            throws IOException {
        return new MergePlanner(
                        BuiltInMethods.load(), models, ModelLoader.load().output("huggingface"))
                .plan(recipe, options);
    }

    public static MergeReport run(Recipe recipe, Path root, Path out, EngineOptions options)
            throws IOException {
        return run(recipe, models(root), out, options, new Cancellation());
    }

    static MergeReport run(String recipe, Path root, Path out, Options options) throws IOException {
        return run(recipe(recipe), root, out, options.build());
    }

    static MergeReport run(
            Recipe recipe,
            ModelSource models,
            Path out,
            EngineOptions options,
            Cancellation cancellation)
            throws IOException {
        try (MergePlan plan = plan(recipe, models, PlanOptions.DEFAULT)) {
            return MergeEngine.run(plan, out, options, MergeListener.NONE, cancellation);
        }
    }
}
