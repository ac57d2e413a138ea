package io.amalgam.cli;

import io.amalgam.plan.MergePlan;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
        name = "merge",
        sortOptions = false,
        abbreviateSynopsis = true,
        description = "Merges models as a recipe says and writes the result to a directory.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  amalgam merge recipe.yml merged/",
            "  amalgam merge recipe.yml merged/ --resume         continue what was interrupted",
            "  amalgam merge recipe.yml merged/ --dry-run        check everything, write nothing",
            "  amalgam merge recipe.yml merged/ -j 1 --memory 32M"
        })
final class MergeCommand extends MergingCommand {
    @Mixin private PlanMixin planning;

    @Parameters(
            index = "1",
            paramLabel = "OUT",
            description = "The output directory, new or empty. Inputs are never written over.")
    private Path out;

    MergeCommand(Console console, Interruption interruption) {
        super(console, interruption);
    }

    @Override
    PlanningMixin planning() {
        return planning;
    }

    @Override
    MergePlan plan() throws IOException {
        return planning.plan();
    }

    @Override
    Path out() {
        return out;
    }
}
