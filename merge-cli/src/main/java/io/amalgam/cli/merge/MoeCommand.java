package io.amalgam.cli.merge;

import io.amalgam.cli.console.Console;
import io.amalgam.cli.options.Interruption;
import io.amalgam.cli.options.LayoutMixin;
import io.amalgam.cli.options.PlanOptionsMixin;
import io.amalgam.cli.options.UsageProblems;
import io.amalgam.internal.formats.huggingface.BpeTokenizer;
import io.amalgam.internal.recipe.MoeRecipe;
import io.amalgam.internal.recipe.yaml.MoeRecipeReader;
import io.amalgam.internal.recipe.yaml.ReadOptions;
import io.amalgam.internal.stages.StagedPlan;
import io.amalgam.internal.structure.moe.MoePlanner;
import io.amalgam.plan.MergePlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "moe",
        sortOptions = false,
        abbreviateSynopsis = true,
        description = {
            "Makes a mixture of experts from dense models, as a mergekit-moe config describes.",
            "'amalgam moe upcycle MODEL OUT' makes one from a single model."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  amalgam moe experts.yml mixture/",
            "  amalgam moe experts.yml mixture/ --layout fused     all experts of a layer in one tensor",
            "  amalgam moe upcycle models/base mixture/ --experts 8 --top-k 2"
        })
public final class MoeCommand extends PlannedMergeCommand {
    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "CONFIG",
            hideParamSyntax = true,
            description = "A config in mergekit-moe's YAML.")
    private @Nullable Path config;

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "OUT",
            hideParamSyntax = true,
            description = "The output directory, new or empty. Inputs are never overwritten.")
    private @Nullable Path out;

    @Mixin private LayoutMixin layout;
    @Mixin private PlanOptionsMixin planning;

    @Option(
            names = "--i-understand-this-is-not-useful-without-training",
            hidden = true,
            description = "Take equal prompts, and do not say that the routers know nothing.")
    private boolean understood;

    public MoeCommand(Console console, Interruption interruption) {
        super(console, interruption);
    }

    /** The parser cannot ask for them, as 'upcycle' stands where they would. */
    @Override
    protected void checkUsage() {
        super.checkUsage();
        if (config != null && !Files.exists(config)) {
            UsageProblems.misspelt(config.toString(), spec)
                    .ifPresent(
                            problem -> {
                                throw usage(problem.toString());
                            });
        }
        if (config == null || out == null) {
            throw usage(config == null ? "missing CONFIG and OUT" : "missing OUT");
        }
    }

    @Override
    protected Optional<String> planningComplaint() {
        return planning.complaint();
    }

    @Override
    protected StagedPlan plan() throws IOException {
        Path file = Objects.requireNonNull(config);
        RecipeInput input = new RecipeInput(file);
        MoeRecipe recipe =
                MoeRecipeReader.read(input.text(), input.name(), new ReadOptions(planning.strict));
        Path here = Path.of("");
        Path folder = file.getParent() == null ? here : file.getParent();
        return StagedPlan.of(
                plan(
                        recipe,
                        layout,
                        planning,
                        amalgam().folders(List.of(here, folder)),
                        understood));
    }

    static MergePlan plan(
            MoeRecipe recipe,
            LayoutMixin layout,
            PlanOptionsMixin planning,
            io.amalgam.Amalgam amalgam,
            boolean equalPrompts)
            throws IOException {
        return new MoePlanner(
                        amalgam.models(),
                        amalgam.output(),
                        model -> BpeTokenizer.read(model.tokenizerHome())::encodePrompt)
                .plan(recipe, layout.layout(), equalPrompts, planning.options());
    }

    @Override
    protected Path out() {
        return Objects.requireNonNull(out);
    }

    @Override
    protected List<String> afterwards() {
        return understood
                ? List.of()
                : List.of("the routers know no more than their rows: train the mixture before use");
    }
}
