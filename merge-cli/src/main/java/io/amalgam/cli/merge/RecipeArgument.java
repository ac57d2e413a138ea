package io.amalgam.cli.merge;

import io.amalgam.cli.options.PlanOptionsMixin;
import io.amalgam.cli.options.StagesMixin;
import io.amalgam.cli.options.TokenizerMixin;
import io.amalgam.error.BadInputException;
import io.amalgam.internal.parts.PlanRequest;
import io.amalgam.internal.runs.RecipeTemplate;
import io.amalgam.internal.stages.StagePlaces;
import io.amalgam.internal.stages.StagedPlan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** The inputs of a plan: the recipe, and options that affect the output. */
final class RecipeArgument {
    @Parameters(
            index = "0",
            paramLabel = "RECIPE",
            description = "A recipe in mergekit's YAML; - for standard input.")
    Path recipe;

    @Mixin PlanOptionsMixin options;

    @Mixin private TokenizerMixin tokens;
    @Mixin private StagesMixin stages;

    private String text = "";

    /** What the plan was made of. */
    PlanRequest request() {
        RecipeInput input = new RecipeInput(recipe);
        return new PlanRequest(
                input.name(),
                text,
                List.of(Path.of(""), input.folder()),
                tokens.on(options.options()));
    }

    /** Plans; the caller closes the plan. */
    StagedPlan plan(io.amalgam.Amalgam amalgam) throws IOException {
        RecipeInput input = new RecipeInput(recipe);
        text = input.text();
        try {
            return options.plan(
                    io.amalgam.Amalgam.recipes(text, input.name(), options.strict),
                    recipe,
                    tokens,
                    stages.kept(),
                    amalgam);
        } catch (BadInputException e) {
            throw new RecipeTemplate(input.name(), text).notSwept(e, name -> filled(name, text));
        }
    }

    /** What puts values in places. */
    private static String filled(String name, String text) {
        return text.lines().anyMatch(line -> line.startsWith("search:"))
                ? "'amalgam search RECIPE OUT' finds the best values for such places"
                : "'amalgam batch RECIPE OUTROOT --sweep "
                        + name
                        + "=...' puts values in such places, 'amalgam search RECIPE OUT' finds the best";
    }

    StagePlaces places(StagedPlan plan, Path out) {
        return stages.places(plan, out);
    }

    Optional<String> complaint() {
        return options.complaint();
    }
}
