package io.amalgam.cli.lora;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.Amalgam;
import io.amalgam.ModelLoader;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.ExitCode;
import io.amalgam.cli.console.Json;
import io.amalgam.cli.console.ProgressView;
import io.amalgam.cli.hub.HubMixin;
import io.amalgam.cli.hub.StreamMixin;
import io.amalgam.cli.merge.MergeSummary;
import io.amalgam.cli.merge.PlanView;
import io.amalgam.cli.options.ByteSize;
import io.amalgam.cli.options.EngineMixin;
import io.amalgam.cli.options.Interruption;
import io.amalgam.cli.options.OutputMixin;
import io.amalgam.cli.options.QuantiseMixin;
import io.amalgam.cli.options.ResourceMixin;
import io.amalgam.cli.options.Subcommand;
import io.amalgam.cli.options.VerbosityMixin;
import io.amalgam.cli.options.WeightedPath;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeReport;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.engine.JitWarmup;
import io.amalgam.internal.engine.MergeEngine;
import io.amalgam.internal.kernel.KernelProvider;
import io.amalgam.internal.lora.apply.LoraCheckpoint;
import io.amalgam.internal.lora.apply.LoraMatch;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import io.amalgam.recipe.ModelEntry;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.Parameters;
import io.amalgam.recipe.Recipe;
import io.amalgam.tensor.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "merge",
        sortOptions = false,
        abbreviateSynopsis = true,
        description = {
            "Merges adapters into a base model: W + sum of weight * scale * B A, in float32, rounded once.",
            "Weight 1 is the adapter as trained."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  amalgam lora merge base/ adapter/ merged/",
            "  amalgam lora merge base/ style:0.7 task:0.5 merged/",
            "  amalgam lora merge base/ adapter/ merged/ --dry-run     what it would change"
        })
final class LoraMergeCommand extends Subcommand {
    private final Interruption interruption;

    @picocli.CommandLine.Parameters(
            index = "0",
            paramLabel = "BASE",
            description = "The model the adapters were trained for.")
    private Path base;

    @picocli.CommandLine.Parameters(
            index = "1..*",
            arity = "2..*",
            paramLabel = "ADAPTER[:WEIGHT]... OUT",
            hideParamSyntax = true,
            description = "Adapters, each with its weight; last, the output directory.")
    private List<String> words = List.of();

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            description = "Output type: bfloat16, float16 or float32. Default: each tensor's own.")
    private @Nullable String dtype;

    @Option(
            names = "--out-shard-size",
            paramLabel = "SIZE",
            converter = ByteSize.Converter.class,
            description = "Maximum size of a weights file; 0 for one file. Default: 5B.")
    private ByteSize shardSize = new ByteSize(PlanOptions.DEFAULT_SHARD_BYTES);

    @Mixin private QuantiseMixin quantising;

    @Mixin private OutputMixin output;

    @Option(names = "--dry-run", description = "Check everything, show the plan, write nothing.")
    private boolean dryRun;

    @Option(names = "--strict", description = "Warnings are errors.")
    private boolean strict;

    @Mixin private ResourceMixin resources;

    @Mixin private EngineMixin engine;

    @Option(
            names = "--no-report",
            description = "Do not write amalgam-report.json and amalgam-recipe.yml.")
    private boolean noReport;

    @Mixin private VerbosityMixin verbosity;

    @Mixin private HubMixin hub;
    @Mixin private StreamMixin stream;

    LoraMergeCommand(Console console, Interruption interruption) {
        super(console);
        this.interruption = interruption;
    }

    @Override
    public Integer call() throws IOException {
        Path out = LoraArguments.out(words, this);
        List<WeightedPath> adapters = LoraArguments.adapters(words, this);
        Optional<DType> written = LoraArguments.dtype(dtype, this);
        resources
                .complaint()
                .or(output::complaint)
                .or(quantising::complaint)
                .or(verbosity::complaint)
                .or(stream::complaint)
                .ifPresent(
                        text -> {
                            throw usage(text);
                        });
        KernelProvider provider = engine.provider();
        if (!dryRun) {
            JitWarmup.beginWithProducts(provider.kernels());
        }
        engine.explain(provider, console, verbosity);
        try (MergePlan plan = plan(adapters, out, written)) {
            requirePlace(plan, out);
            console.warnings(plan.warnings());
            LoraCheckpoint model = (LoraCheckpoint) plan.donor();
            if (!verbosity.quiet && !json) {
                new MatchTable(model.matches())
                        .lines(verbosity.verbose())
                        .forEach(line -> say(line));
            }
            return dryRun ? dryRun(plan, model, out) : merge(plan, model, out, provider);
        }
    }

    /** Before the table is shown; a dry run says it with what else is wrong. */
    private void requirePlace(MergePlan plan, Path out) throws IOException {
        List<Problem> problems = dryRun ? List.of() : output.problems(plan, out);
        if (!problems.isEmpty()) {
            throw new BadInputException(problems);
        }
    }

    /** The table is what a dry run is for; else it goes beside the progress. */
    private void say(String line) {
        if (dryRun) {
            console.print(line);
        } else {
            console.note(line);
        }
    }

    private MergePlan plan(List<WeightedPath> adapters, Path out, Optional<DType> written)
            throws IOException {
        Amalgam amalgam =
                Amalgam.load().with(stream.names(hub, console, verbosity.quiet || json, dryRun));
        ModelLoader formats = amalgam.formats();
        ModelRef ref = ModelRef.of(base.toString());
        String words = String.join(" ", adapters.stream().map(Object::toString).toList());
        Recipe recipe =
                Recipe.ofModels(
                                "passthrough",
                                List.of(ModelEntry.of(ref, Parameters.EMPTY)),
                                Optional.empty(),
                                Parameters.EMPTY)
                        .withTypes(Optional.empty(), written)
                        .withText("# amalgam lora merge " + base + " " + words + " " + out + "\n");
        return amalgam.writing(out)
                .models(
                        paths ->
                                model ->
                                        formats.withAdapters(
                                                formats.place(base),
                                                base.toString(),
                                                WeightedPath.open(formats, adapters)))
                .plan(
                        recipe,
                        quantising.on(
                                new PlanOptions(
                                        0, shardSize.bytes(), PlanOptions.TensorSet.SAME, strict)));
    }

    private int dryRun(MergePlan plan, LoraCheckpoint model, Path out) throws IOException {
        List<Problem> problems = new ArrayList<>(output.problems(plan, out));
        problems.addAll(resources.problems(plan));
        if (!problems.isEmpty()) {
            throw new BadInputException(problems);
        }
        PlanView view = new PlanView(plan, resources);
        if (json) {
            ObjectNode root = stream.put(view.json(false)).put("output", out.toString());
            matches(root, model);
            Json.print(console, root);
        } else if (!verbosity.quiet) {
            view.lines(false).forEach(console::print);
            stream.lines(Optional.of(plan)).forEach(console::print);
            console.print(Console.oneLine("dry run: nothing was written to '" + out + "'"));
        }
        return ExitCode.DONE;
    }

    private int merge(MergePlan plan, LoraCheckpoint model, Path out, KernelProvider provider)
            throws IOException {
        EngineOptions options = output.on(engine.options(provider, resources)).report(!noReport);
        Cancellation cancellation = interruption.merging();
        MergeReport report;
        try (ProgressView progress = ProgressView.on(console, verbosity.quiet || json)) {
            report = MergeEngine.run(plan, out, options, progress, cancellation);
        }
        MergeSummary summary = new MergeSummary(plan, report, out);
        if (json) {
            ObjectNode root = summary.json();
            matches(root, model);
            Json.print(console, root);
        } else if (!verbosity.quiet) {
            summary.lines().forEach(console::print);
            stream.summary().ifPresent(console::print);
        }
        return ExitCode.DONE;
    }

    private static void matches(ObjectNode root, LoraCheckpoint model) {
        ArrayNode array = root.putArray("modules");
        for (LoraMatch match : model.matches()) {
            ObjectNode node = array.addObject();
            node.put("adapter", match.adapter());
            node.put("module", match.module());
            node.put("tensor", match.tensor().orElse(""));
            match.factors().ifPresent(f -> node.put("rank", f.rank()).put("scale", f.scale()));
        }
    }
}
