package io.amalgam.cli.merge;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.ModelLoader;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.ExitCode;
import io.amalgam.cli.console.Json;
import io.amalgam.cli.console.ScanProgress;
import io.amalgam.cli.hub.HubMixin;
import io.amalgam.cli.hub.StreamMixin;
import io.amalgam.cli.options.EngineMixin;
import io.amalgam.cli.options.Interruption;
import io.amalgam.cli.options.MergekitOptions;
import io.amalgam.cli.options.OutputMixin;
import io.amalgam.cli.options.ResourceMixin;
import io.amalgam.cli.options.Subcommand;
import io.amalgam.cli.options.VerbosityMixin;
import io.amalgam.cli.report.MergePages;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeReport;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.compare.MergeObserver;
import io.amalgam.internal.compare.ModelComparison;
import io.amalgam.internal.stages.StagePlaces;
import io.amalgam.internal.stages.StagedMerge;
import io.amalgam.internal.stages.StagedPlan;
import io.amalgam.plan.MergePlan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A command that plans and writes a model: the options and steps of all such commands. */
public abstract class PlannedMergeCommand extends Subcommand {
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
            description = "Do not write amalgam-report.json, amalgam-recipe.yml and README.md.")
    private boolean noReport;

    @Option(
            names = "--html",
            description =
                    "Write amalgam-report.html, a page about what changed, measured during the merge; of large tensors one in 16 elements is measured.")
    private boolean html;

    @Option(
            names = "--html-exact",
            description = "The same page, with every element measured; this takes longer.")
    private boolean htmlExact;

    @Mixin private VerbosityMixin verbosity;

    @Mixin private HubMixin hub;
    @Mixin private StreamMixin stream;

    protected PlannedMergeCommand(Console console, Interruption interruption) {
        super(console);
        this.interruption = interruption;
    }

    /** What is wrong with the options that change what is written. */
    protected abstract Optional<String> planningComplaint();

    /** Plans; the caller closes the plan. */
    protected abstract StagedPlan plan() throws IOException;

    /** The output. */
    protected abstract Path out();

    /** Where results of named documents go. */
    protected StagePlaces places(StagedPlan plan) {
        return StagePlaces.beside(out());
    }

    /** Lets the JVM compile what a merge needs, while it is planned. */
    protected void warmUp(EngineMixin used) {
        used.warmUp();
    }

    /** What more there is to check and to say of a plan, before it runs or is shown. */
    protected void beforehand(StagedPlan plan) throws IOException {}

    /** Adds to the document of a plan or a result. */
    protected void complete(ObjectNode root, StagedPlan plan) {}

    /** Writes what belongs beside the model, when it is there. */
    protected void finish(MergePlan plan, MergeReport report) throws IOException {}

    /** Lines said after the model is written. */
    protected List<String> afterwards() {
        return List.of();
    }

    /** What opens models. */
    protected final ModelLoader loader() {
        return amalgam().formats();
    }

    /** What merges are made with. */
    protected final io.amalgam.Amalgam amalgam() {
        return stream.amalgam(hub, console, silent(), dryRun).writing(out());
    }

    /** Whether nothing but the result is to be printed, and that as JSON or not at all. */
    protected final boolean silent() {
        return verbosity.quiet || json;
    }

    protected final boolean verbose() {
        return verbosity.verbose();
    }

    protected final boolean isDryRun() {
        return dryRun;
    }

    /** What the output would be refused for. */
    protected final List<Problem> outputProblems(MergePlan plan) throws IOException {
        return output.problems(plan, out());
    }

    @Override
    public Integer call() throws IOException {
        checkUsage();
        List<String> remarks = MergekitOptions.remarks(spec);
        if (!dryRun) {
            warmUp(engine);
            if (hasPage()) {
                engine.warmUpComparisons();
            }
        }
        if (!verbosity.quiet) {
            remarks.forEach(console::note);
        }
        try (StagedPlan plan = plan()) {
            long bytes = plan.bytes();
            engine.explain(console, verbosity, bytes);
            console.warnings(plan.warnings());
            beforehand(plan);
            StagedPlanView view = new StagedPlanView(plan, resources);
            EngineOptions options = output.on(engine.options(resources, bytes)).report(!noReport);
            if (dryRun) {
                return dryRun(plan, view, options);
            }
            if (verbosity.verbose()) {
                view.lines(false).forEach(console::note);
            }
            if (!silent()) {
                stream.lines(plan.result()).forEach(console::note);
            }
            return merge(plan, options);
        }
    }

    /** Refuses options that exclude each other. */
    protected void checkUsage() {
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

    private int dryRun(StagedPlan plan, StagedPlanView view, EngineOptions options)
            throws IOException {
        List<Problem> problems = problems(plan, options);
        if (!problems.isEmpty()) {
            throw new BadInputException(problems);
        }
        if (json) {
            ObjectNode root = stream.put(view.json(false)).put("output", out().toString());
            complete(root, plan);
            Json.print(console, root);
        } else if (!verbosity.quiet) {
            view.lines(false).forEach(console::print);
            stream.lines(plan.result()).forEach(console::print);
            console.print(Console.oneLine("dry run: nothing was written to '" + out() + "'"));
        }
        return ExitCode.DONE;
    }

    /** What a run would be refused for. */
    protected List<Problem> problems(StagedPlan plan, EngineOptions options) throws IOException {
        return StagedMerge.problems(plan, places(plan), options);
    }

    /** The switch by which signals stop a merge. */
    protected final Cancellation cancellation() {
        return interruption.merging();
    }

    /** Merges, and says what was done. */
    protected int merge(StagedPlan plan, EngineOptions options) throws IOException {
        Cancellation cancellation = cancellation();
        MergeReport.OfRecipe report;
        Optional<MergeObserver> observer =
                hasPage() && plan.written().isEmpty()
                        ? plan.result().map(p -> MergePages.observer(p, htmlExact))
                        : Optional.empty();
        try (StageProgress progress = new StageProgress(console, verbosity.quiet, json)) {
            observer.ifPresent(progress::observedBy);
            report = StagedMerge.run(plan, places(plan), options, progress, cancellation);
        }
        if (plan.result().isPresent()) {
            finish(plan.result().get(), report.result().orElseThrow());
        }
        Optional<ModelComparison> page =
                hasPage() && plan.result().isPresent()
                        ? page(plan, observer, options, cancellation)
                        : Optional.empty();
        List<Problem> found = new ArrayList<>(report.warnings());
        found.removeAll(plan.warnings());
        console.warnings(found);
        StagedSummary summary = new StagedSummary(plan, report, out());
        if (json) {
            ObjectNode root = summary.json();
            page.ifPresent(compared -> MergePages.put(root, MergePages.pageOf(out()), compared));
            complete(root, plan);
            Json.print(console, root);
        } else if (!verbosity.quiet) {
            summary.lines().forEach(console::print);
            stream.summary().ifPresent(console::print);
        }
        if (!verbosity.quiet) {
            afterwards().forEach(console::note);
        }
        return ExitCode.DONE;
    }

    private boolean hasPage() {
        return html || htmlExact;
    }

    /** Reads what was not seen during the merge; results of stages are gone by now. */
    private Optional<ModelComparison> page(
            StagedPlan plan,
            Optional<MergeObserver> observer,
            EngineOptions options,
            Cancellation cancellation)
            throws IOException {
        if (!plan.written().isEmpty()) {
            console.warnings(List.of(MergePages.STAGES));
            return Optional.empty();
        }
        try (ScanProgress progress = new ScanProgress(console, "comparing", silent())) {
            return Optional.of(
                    MergePages.write(
                            plan.result().orElseThrow(),
                            out(),
                            MergePages.pageOf(out()),
                            List.of(),
                            observer,
                            options,
                            progress,
                            cancellation));
        }
    }
}
