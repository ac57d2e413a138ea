package io.amalgam.cli.merge;

import io.amalgam.ModelLoader;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.ExitCode;
import io.amalgam.cli.console.Json;
import io.amalgam.cli.console.ProgressView;
import io.amalgam.cli.hub.HubMixin;
import io.amalgam.cli.hub.StreamMixin;
import io.amalgam.cli.options.EngineMixin;
import io.amalgam.cli.options.Interruption;
import io.amalgam.cli.options.MergekitOptions;
import io.amalgam.cli.options.OutputMixin;
import io.amalgam.cli.options.ResourceMixin;
import io.amalgam.cli.options.Subcommand;
import io.amalgam.cli.options.VerbosityMixin;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeReport;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.RemoteModels;
import io.amalgam.internal.engine.JitWarmup;
import io.amalgam.internal.engine.MergeEngine;
import io.amalgam.internal.kernel.KernelProvider;
import io.amalgam.plan.MergePlan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A command that plans and writes a model: what such commands share. */
abstract class PlannedMergeCommand extends Subcommand {
    private final Interruption interruption;

    @Mixin private OutputMixin output;

    @Option(
            names = "--dry-run",
            description = "Check everything and print the plan; write nothing.")
    private boolean dryRun;

    @Mixin private ResourceMixin resources;

    @Mixin private EngineMixin engine;

    @Option(
            names = "--no-report",
            description = "Do not write amalgam-report.json and amalgam-recipe.yml.")
    private boolean noReport;

    @Mixin private VerbosityMixin verbosity;

    @Mixin private HubMixin hub;
    @Mixin private StreamMixin stream;

    PlannedMergeCommand(Console console, Interruption interruption) {
        super(console);
        this.interruption = interruption;
    }

    /** What is wrong with the options that change what is written. */
    abstract Optional<String> planningComplaint();

    /** What opens models. */
    final ModelLoader loader() {
        return amalgam().formats();
    }

    /** What merges are made with. */
    final io.amalgam.Amalgam amalgam() {
        return io.amalgam.Amalgam.load().with(names()).writing(out());
    }

    private RemoteModels names() {
        return stream.names(hub, console, silent(), dryRun);
    }

    private boolean silent() {
        return verbosity.quiet || json;
    }

    /** Plans; the caller closes the plan. */
    abstract MergePlan plan() throws IOException;

    /** The output directory. */
    abstract Path out();

    /** Writes what belongs beside the model, when it is there. */
    void finish(MergePlan plan, MergeReport report) throws IOException {}

    /** Lines said after the model is written. */
    List<String> afterwards() {
        return List.of();
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
        try (MergePlan plan = plan()) {
            console.warnings(plan.warnings());
            PlanView view = new PlanView(plan, resources);
            if (dryRun) {
                return dryRun(plan, view);
            }
            if (verbosity.verbose()) {
                view.lines(false).forEach(console::note);
            }
            if (!silent()) {
                stream.lines(Optional.of(plan)).forEach(console::note);
            }
            return merge(plan, provider);
        }
    }

    /** Refuses options that exclude each other. */
    void checkUsage() {
        output.complaint()
                .or(this::planningComplaint)
                .or(resources::complaint)
                .or(verbosity::complaint)
                .or(stream::complaint)
                .ifPresent(
                        text -> {
                            throw usage(text);
                        });
    }

    private int dryRun(MergePlan plan, PlanView view) throws IOException {
        List<Problem> problems = new ArrayList<>(output.problems(plan, out()));
        problems.addAll(resources.problems(plan));
        if (!problems.isEmpty()) {
            throw new BadInputException(problems);
        }
        if (json) {
            Json.print(console, stream.put(view.json(false)).put("output", out().toString()));
        } else if (!verbosity.quiet) {
            view.lines(false).forEach(console::print);
            stream.lines(Optional.of(plan)).forEach(console::print);
            console.print(Console.oneLine("dry run: nothing was written to '" + out() + "'"));
        }
        return ExitCode.DONE;
    }

    private int merge(MergePlan plan, KernelProvider provider) throws IOException {
        EngineOptions options = output.on(engine.options(provider, resources)).report(!noReport);
        Cancellation cancellation = interruption.merging();
        MergeReport report;
        try (ProgressView shown = ProgressView.on(console, verbosity.quiet || json)) {
            report = MergeEngine.run(plan, out(), options, shown, cancellation);
        }
        finish(plan, report);
        List<Problem> found = new ArrayList<>(report.warnings());
        found.removeAll(plan.warnings());
        console.warnings(found);
        new MergeSummary(plan, report, out()).print(console, json, verbosity.quiet);
        if (!verbosity.quiet) {
            stream.summary().ifPresent(console::note);
            afterwards().forEach(console::note);
        }
        return ExitCode.DONE;
    }
}
