package io.amalgam.cli;

import io.amalgam.internal.recipe.yaml.RecipeReader;
import io.amalgam.internal.stages.StagePlaces;
import io.amalgam.internal.stages.StagedPlan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** What makes a plan: the recipe, and the options that change what is written. */
final class RecipeArgument {
    @Parameters(
            index = "0",
            paramLabel = "RECIPE",
            description = "A recipe, as mergekit's YAML; - for standard input.")
    Path recipe;

    @Mixin PlanOptionsMixin options;

    @Mixin private TokenizerMixin tokens;
    @Mixin private StagesMixin stages;
    @Mixin private HubMixin hub;

    /** Plans; the caller closes the plan. */
    StagedPlan plan(Console console, boolean silent) throws IOException {
        RecipeInput input = new RecipeInput(recipe);
        return options.plan(
                RecipeReader.readAll(input.text(), input.name(), options.reading()),
                recipe,
                tokens,
                stages.kept(),
                hub.amalgam(console, silent));
    }

    StagePlaces places(StagedPlan plan, Path out) {
        return stages.places(plan, out);
    }

    Optional<String> complaint() {
        return options.complaint();
    }
}
