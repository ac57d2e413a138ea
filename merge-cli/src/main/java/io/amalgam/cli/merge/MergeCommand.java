package io.amalgam.cli.merge;

import io.amalgam.cli.console.Console;
import io.amalgam.cli.options.Interruption;
import io.amalgam.internal.stages.StagePlaces;
import io.amalgam.internal.stages.StagedPlan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "merge",
        sortOptions = false,
        abbreviateSynopsis = true,
        description = "Merges models by a recipe and writes the result to a directory.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  amalgam merge recipe.yml merged/",
            "  amalgam merge recipe.yml merged/ --resume         continue what was interrupted",
            "  amalgam merge recipe.yml merged/ --dry-run        check everything, write nothing",
            "  amalgam merge recipe.yml merged/ -j 1 --memory 32M",
            "  amalgam merge stages.yml merged/ --keep-stages stages/   keep the results of named documents"
        })
public final class MergeCommand extends PlannedMergeCommand {
    @Mixin private RecipeArgument planning;

    @Parameters(
            index = "1",
            paramLabel = "OUT",
            description = "The output directory, new or empty. Inputs are never overwritten.")
    private Path out;

    @Option(
            names = "--lazy",
            negatable = true,
            description = "Reuse stages from an earlier run. Default: on.")
    private @Nullable Boolean lazy;

    public MergeCommand(Console console, Interruption interruption) {
        super(console, interruption);
    }

    @Override
    protected Optional<String> planningComplaint() {
        return planning.complaint();
    }

    @Override
    protected StagedPlan plan() throws IOException {
        return planning.plan(amalgam());
    }

    @Override
    protected Path out() {
        return out;
    }

    @Override
    protected StagePlaces places(StagedPlan plan) {
        return planning.places(plan, out).anew(Boolean.FALSE.equals(lazy));
    }
}
