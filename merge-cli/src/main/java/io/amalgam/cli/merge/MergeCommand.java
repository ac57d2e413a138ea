package io.amalgam.cli.merge;

import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.ExitCode;
import io.amalgam.cli.console.Json;
import io.amalgam.cli.options.EngineMixin;
import io.amalgam.cli.options.Interruption;
import io.amalgam.cli.options.MergekitOptions;
import io.amalgam.cli.options.OutputMixin;
import io.amalgam.cli.options.ResourceMixin;
import io.amalgam.cli.options.Subcommand;
import io.amalgam.cli.options.VerbosityMixin;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.engine.JitWarmup;
import io.amalgam.internal.kernel.KernelProvider;
import io.amalgam.internal.stages.StagePlaces;
import io.amalgam.internal.stages.StagedMerge;
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
        description = "Merges models by a recipe and writes the result to a directory.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  amalgam merge recipe.yml merged/",
            "  amalgam merge recipe.yml merged/ --resume         continue what was interrupted",
            "  amalgam merge recipe.yml merged/ --dry-run        check everything, write nothing",
            "  amalgam merge recipe.yml merged/ -j 1 --memory 32M",
            "  amalgam merge stages.yml merged/ --keep-stages stages/   keep the results of named documents"
        })
public final class MergeCommand extends Subcommand {
    private final Interruption interruption;

    @Mixin private RecipeArgument planning;

    @Parameters(
            index = "1",
            paramLabel = "OUT",
            description = "The output directory, new or empty. Inputs are never overwritten.")
    private Path out;

    @Mixin private OutputMixin output;

    @Option(
            names = "--dry-run",
            description = "Check everything and print the plan; write nothing.")
    private boolean dryRun;

    @Option(
            names = "--lazy",
            negatable = true,
            description = "Reuse stages from an earlier run. Default: on.")
    private @Nullable Boolean lazy;

    @Mixin private ResourceMixin resources;

    @Mixin private EngineMixin engine;

    @Option(
            names = "--no-report",
            description = "Do not write amalgam-report.json and amalgam-recipe.yml.")
    private boolean noReport;

    @Mixin private VerbosityMixin verbosity;

    public MergeCommand(Console console, Interruption interruption) {
        super(console);
        this.interruption = interruption;
    }

    @Override
    public Integer call() throws IOException {
        checkUsage();
        List<String> remarks = MergekitOptions.remarks(spec);
        KernelProvider provider = engine.provider();
        if (!dryRun) {
            JitWarmup.beginWithConversions(provider.kernels());
        }
        if (!verbosity.quiet) {
            remarks.forEach(console::note);
        }
        engine.explain(provider, console, verbosity);
        boolean silent = verbosity.quiet || json;
        try (StagedPlan plan =
                dryRun
                        ? planning.look(console, silent, Optional.of(out))
                        : planning.plan(console, silent, out)) {
            console.warnings(plan.warnings());
            StagedPlanView view = new StagedPlanView(plan, resources);
            EngineOptions options =
                    output.on(engine.options(provider, resources)).report(!noReport);
            if (dryRun) {
                return dryRun(plan, view, options);
            }
            if (verbosity.verbose()) {
                view.lines(false).forEach(console::note);
            }
            if (!silent) {
                planning.stream.lines(plan.result()).forEach(console::note);
            }
            return merge(plan, options);
        }
    }

    private void checkUsage() {
        output.complaint()
                .or(planning::complaint)
                .or(resources::complaint)
                .or(verbosity::complaint)
                .ifPresent(
                        text -> {
                            throw usage(text);
                        });
    }

    private int dryRun(StagedPlan plan, StagedPlanView view, EngineOptions options)
            throws IOException {
        List<Problem> problems = StagedMerge.problems(plan, places(plan), options);
        if (!problems.isEmpty()) {
            throw new BadInputException(problems);
        }
        if (json) {
            Json.print(
                    console, planning.stream.put(view.json(false)).put("output", out.toString()));
        } else if (!verbosity.quiet) {
            view.lines(false).forEach(console::print);
            planning.stream.lines(plan.result()).forEach(console::print);
            console.print(Console.oneLine("dry run: nothing was written to '" + out + "'"));
        }
        return ExitCode.DONE;
    }

    private int merge(StagedPlan plan, EngineOptions options) throws IOException {
        Cancellation cancellation = interruption.merging();
        StagedMerge.Report report;
        try (StageProgress progress = new StageProgress(console, verbosity.quiet, json)) {
            report = StagedMerge.run(plan, places(plan), options, progress, cancellation);
        }
        StagedSummary summary = new StagedSummary(plan, report, out);
        if (json) {
            Json.print(console, summary.json());
        } else if (!verbosity.quiet) {
            summary.lines().forEach(console::print);
            planning.stream.summary().ifPresent(console::print);
        }
        return ExitCode.DONE;
    }

    private StagePlaces places(StagedPlan plan) {
        return planning.places(plan, out).anew(Boolean.FALSE.equals(lazy));
    }
}
