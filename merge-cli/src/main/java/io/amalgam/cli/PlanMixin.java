package io.amalgam.cli;

import io.amalgam.plan.MergePlan;
import io.amalgam.recipe.Recipe;
import io.amalgam.recipe.yaml.ReadOptions;
import io.amalgam.recipe.yaml.RecipeReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Parameters;

/** What makes a plan: the recipe, and the options that change what is written. */
final class PlanMixin extends PlanningMixin {
    @Parameters(index = "0", paramLabel = "RECIPE", description = "A recipe, as mergekit's YAML.")
    Path recipe;

    /**
     * Plans; the caller closes the plan. Models are looked for from the working directory, then
     * from the recipe's folder.
     */
    MergePlan plan() throws IOException {
        Recipe read = RecipeReader.read(recipe, new ReadOptions(strict));
        Path here = Path.of("");
        Path folder = recipe.getParent() == null ? here : recipe.getParent();
        return plan(read, List.of(here, folder));
    }
}
