package io.amalgam.cli.merge;

import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.ExitCode;
import io.amalgam.cli.console.Json;
import io.amalgam.cli.options.Interruption;
import io.amalgam.cli.options.PartMixin;
import io.amalgam.engine.EngineOptions;
import io.amalgam.error.Problem;
import io.amalgam.internal.formats.gguf.GgufOutput;
import io.amalgam.internal.parts.Part;
import io.amalgam.internal.parts.PartedMerge;
import io.amalgam.internal.stages.StagePlaces;
import io.amalgam.internal.stages.StagedPlan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
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
        description = "Merges models as a recipe describes, and writes the result to a directory.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  amalgam merge recipe.yml merged/",
            "  amalgam merge recipe.yml merged/ --resume         continue what was interrupted",
            "  amalgam merge recipe.yml merged/ --dry-run        check everything, write nothing",
            "  amalgam merge recipe.yml merged/ -j 1 --memory 32M",
            "  amalgam merge recipe.yml merged/ --part 3/8       one of 8 parts; 'amalgam join merged/' completes them",
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

    @Mixin private PartMixin parts;

    public MergeCommand(Console console, Interruption interruption) {
        super(console, interruption);
    }

    @Override
    protected Optional<String> planningComplaint() {
        return planning.complaint().or(parts::complaint).or(this::single);
    }

    private Optional<String> single() {
        return parts.part().isPresent() && new GgufOutput().writes(out)
                ? Optional.of(
                        "option '--part': expected a directory for OUT, whose files are divided, got '"
                                + out
                                + "', a single file")
                : Optional.empty();
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

    @Override
    protected List<Problem> problems(StagedPlan plan, EngineOptions options) throws IOException {
        return parts.part().isEmpty()
                ? super.problems(plan, options)
                : parted(plan, parts.part().get()).problems(options);
    }

    @Override
    protected int merge(StagedPlan plan, EngineOptions options) throws IOException {
        if (parts.part().isEmpty()) {
            return super.merge(plan, options);
        }
        Part part = parts.part().get();
        PartedMerge parted = parted(plan, part);
        if (parted.files().isEmpty() && !silent()) {
            console.note(
                    "part "
                            + part
                            + " has no files: the model has "
                            + PartedMerge.plan(plan).layout().files().size()
                            + "; smaller files (--out-shard-size) make more parts");
        }
        if (parts.pass() > 0) {
            return pass(parted, part, options);
        }
        PartedMerge.Outcome outcome;
        try (StageProgress progress = new StageProgress(console, silent(), json)) {
            progress.result(out);
            outcome = parted.run(options, progress, cancellation());
        }
        PartRun run = new PartRun(part, out);
        if (json) {
            Json.print(console, run.json(outcome));
        } else if (!silent()) {
            run.lines(outcome).forEach(console::print);
        }
        return ExitCode.DONE;
    }

    private int pass(PartedMerge parted, Part part, EngineOptions options) throws IOException {
        Optional<Long> read;
        try (StageProgress progress = new StageProgress(console, silent(), json)) {
            progress.result(out);
            read = parted.pass(parts.pass(), options, progress, cancellation());
        }
        PartRun run = new PartRun(part, out);
        if (json) {
            Json.print(console, run.json(parts.pass(), read));
        } else if (!silent()) {
            console.print(run.line(parts.pass(), read));
        }
        return ExitCode.DONE;
    }

    private PartedMerge parted(StagedPlan plan, Part part) throws IOException {
        return new PartedMerge(
                PartedMerge.plan(plan), part, out, planning.request(), parts.command());
    }
}
