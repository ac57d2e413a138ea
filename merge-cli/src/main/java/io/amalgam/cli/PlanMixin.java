package io.amalgam.cli;

import io.amalgam.recipe.yaml.RecipeReader;
import io.amalgam.stages.StagePlaces;
import io.amalgam.stages.StagedPlan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What makes a plan: the recipe, and the options that change what is written. */
final class PlanMixin {
    @Parameters(index = "0", paramLabel = "RECIPE", description = "A recipe, as mergekit's YAML.")
    Path recipe;

    @Mixin PlanningMixin options;

    @Option(
            names = {"--keep-stages", "--intermediate-dir", "-I"},
            paramLabel = "DIR",
            description =
                    "Write the results of a recipe's named documents into folders of DIR, and keep them.")
    @Nullable Path stages;

    /** Plans; the caller closes the plan. */
    StagedPlan plan() throws IOException {
        return options.plan(
                RecipeReader.readAll(recipe, options.reading()), recipe, stages != null);
    }

    /**
     * Where the stages of a plan go. With no document for the output itself, it is the folder of
     * those that have names.
     */
    StagePlaces places(StagedPlan plan, Path out) {
        if (stages != null) {
            return StagePlaces.keeping(out, stages);
        }
        return plan.result().isEmpty() ? StagePlaces.keeping(out, out) : StagePlaces.beside(out);
    }

    Optional<String> complaint() {
        return options.complaint();
    }
}
