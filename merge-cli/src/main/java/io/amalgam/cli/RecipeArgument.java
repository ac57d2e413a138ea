package io.amalgam.cli;

import io.amalgam.error.BadInputException;
import io.amalgam.internal.checkpoint.RemoteModels;
import io.amalgam.internal.formats.hub.HubHeaders;
import io.amalgam.internal.recipe.yaml.RecipeReader;
import io.amalgam.internal.stages.StagePlaces;
import io.amalgam.internal.stages.StagedPlan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
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
        return plan(hub.amalgam(console, silent));
    }

    /**
     * Plans without a download; the caller closes the plan, which cannot be run.
     *
     * @param missing gets what a merge would download
     */
    StagedPlan look(Console console, boolean silent, Consumer<List<HubHeaders.Missing>> missing)
            throws IOException {
        Optional<HubHeaders> headers = hub.headers(console, silent);
        RemoteModels names = headers.<RemoteModels>map(h -> h).orElse(RemoteModels.NONE);
        StagedPlan plan = plan(io.amalgam.Amalgam.load().with(names));
        headers.ifPresent(h -> missing.accept(h.missing()));
        return plan;
    }

    private StagedPlan plan(io.amalgam.Amalgam amalgam) throws IOException {
        RecipeInput input = new RecipeInput(recipe);
        String text = input.text();
        try {
            return options.plan(
                    RecipeReader.readAll(text, input.name(), options.reading()),
                    recipe,
                    tokens,
                    stages.kept(),
                    amalgam);
        } catch (BadInputException e) {
            throw new RecipeTemplate(input.name(), text).notSwept(e);
        }
    }

    StagePlaces places(StagedPlan plan, Path out) {
        return stages.places(plan, out);
    }

    Optional<String> complaint() {
        return options.complaint();
    }
}
