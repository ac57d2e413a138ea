package io.amalgam.cli.batch;

import io.amalgam.cli.console.Console;
import io.amalgam.cli.hub.HubMixin;
import io.amalgam.cli.hub.StreamMixin;
import io.amalgam.cli.judge.ObjectiveMixin;
import io.amalgam.cli.judge.ScoredModels;
import io.amalgam.cli.judge.TokensMixin;
import io.amalgam.cli.options.CardMixin;
import io.amalgam.cli.options.EngineMixin;
import io.amalgam.cli.options.Interruption;
import io.amalgam.cli.options.MergekitOptions;
import io.amalgam.cli.options.PlanOptionsMixin;
import io.amalgam.cli.options.ResourceMixin;
import io.amalgam.cli.options.StagesMixin;
import io.amalgam.cli.options.Subcommand;
import io.amalgam.cli.options.TokenizerMixin;
import io.amalgam.cli.options.VerbosityMixin;
import io.amalgam.engine.EngineOptions;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.engine.OutputCheck;
import io.amalgam.internal.io.AtomicFile;
import io.amalgam.internal.runs.RecipePaths;
import io.amalgam.internal.runs.Sweep;
import io.amalgam.runs.Batch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "batch",
        sortOptions = false,
        customSynopsis = "amalgam batch [OPTIONS] RECIPE... OUTROOT",
        description = {
            "Runs many recipes, each into its own folder or GGUF file, and prints a summary table.",
            "Continues after a failed merge. Finished merges are skipped, interrupted ones resumed."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  amalgam batch recipes/ merged/                   every .yml and .yaml file of a folder",
            "  amalgam batch 'recipes/*-ties.yml' merged/       recipes that match a pattern",
            "  amalgam batch ties.yml merged/ --sweep density=0.2,0.5 --sweep weight=0.1..0.9:0.2",
            "                                                   $${density} and $${weight} in the recipe, every combination",
            "  amalgam batch ties.yml merged/ --sweep weight=0.1..0.9:0.2 --text a.txt --keep-best 1",
            "  amalgam batch recipes/ merged/ --gguf --quantise q8_0",
            "  amalgam batch recipes/ merged/ --dry-run         check everything, write nothing"
        })
public final class BatchCommand extends Subcommand {
    private static final String ENDING = ".gguf";

    private final Interruption interruption;

    @Parameters(
            arity = "0..*",
            hideParamSyntax = true,
            paramLabel = "RECIPE... OUTROOT",
            description =
                    "Recipes (files, folders or patterns), then the folder for the merged models and batch.json.")
    private List<String> paths = List.of();

    @Option(
            names = "--sweep",
            paramLabel = "NAME=VALUES",
            description =
                    "Values for $${NAME} in the recipes: a,b,c or first..last:step. One merge for each value. Repeatable: merges all combinations.")
    private List<String> sweeps = List.of();

    @Option(
            names = "--gguf",
            description = "Write each model as one file, OUTROOT/NAME.gguf, instead of a folder.")
    private boolean gguf;

    @Option(
            names = "--together",
            description =
                    "Run merges with common inputs side by side and read these inputs once. For one-pass methods such as linear and task_arithmetic. Same outputs.")
    private boolean together;

    @Mixin private ObjectiveMixin objective;

    @Option(
            names = "--keep-best",
            paramLabel = "N",
            description = "Keep only the N best models on disk.")
    private @Nullable Integer keepBest;

    @Option(
            names = "--csv",
            paramLabel = "FILE",
            description = "Write the table to a file: values, scores, state, time and size.")
    private @Nullable Path csv;

    @Option(
            names = "--overwrite",
            description = "Replace the output of an earlier, different merge.")
    private boolean overwrite;

    @Option(names = "--dry-run", description = "Check everything; write nothing.")
    private boolean dryRun;

    @Mixin private CardMixin card;
    @Mixin private PlanOptionsMixin planning;
    @Mixin private HubMixin hub;
    @Mixin private StreamMixin stream;
    @Mixin private TokenizerMixin tokens;
    @Mixin private StagesMixin stages;
    @Mixin private ResourceMixin resources;
    @Mixin private EngineMixin engine;
    @Mixin private VerbosityMixin verbosity;

    public BatchCommand(Console console, Interruption interruption) {
        super(console);
        this.interruption = interruption;
    }

    @Override
    public Integer call() throws IOException {
        planning.complaint()
                .or(resources::complaint)
                .or(verbosity::complaint)
                .or(stream::complaint)
                .or(objective::complaint)
                .or(this::keepingComplaint)
                .ifPresent(
                        text -> {
                            throw usage(text);
                        });
        if (paths.size() < 2 || paths.contains("")) {
            throw usage(paths.isEmpty() ? "missing RECIPE and OUTROOT" : "missing OUTROOT");
        }
        List<String> remarks = MergekitOptions.remarks(spec);
        List<Sweep> parsed = parsedSweeps();
        Path root = Path.of(paths.get(paths.size() - 1));
        OutputCheck.requireReadable(root);
        if (root.toString().endsWith(ENDING) && !Files.isDirectory(root)) {
            throw usage(
                    "OUTROOT: expected a folder, got '"
                            + root
                            + "'; give a folder and --gguf to write each model as a file in it");
        }
        if (csv != null) {
            BatchSummary.TABLE.requirePlace(csv);
        }
        Batch batch = batch(RecipePaths.of(paths.subList(0, paths.size() - 1), root), parsed);
        batch.jobs();
        if (Files.exists(root) && !Files.isDirectory(root)) {
            throw new BadInputException(
                    Problem.expected("output '" + root + "'", "a directory", "a file")
                            .hint("give the folder for the merged models last"));
        }
        if (!dryRun) {
            engine.warmUp();
        }
        if (!verbosity.quiet) {
            remarks.forEach(console::note);
        }
        engine.explain(console, verbosity);
        Optional<Batch.Judge> judge = judge();
        judge.ifPresent(batch::judge);
        try (BatchProgress progress = new BatchProgress(console, verbosity.quiet, json)) {
            List<Batch.Result> results =
                    batch.using(
                                    plain ->
                                            stream.amalgam(
                                                    hub, console, verbosity.quiet || json, dryRun))
                            .engine(
                                    options ->
                                            card.on(engine.options(resources))
                                                    .resume(!overwrite)
                                                    .overwrite(overwrite))
                            .listener(progress)
                            .cancellation(interruption.merging())
                            .run(root);
            BatchSummary summary =
                    new BatchSummary(results, judge.map(Batch.Judge::smallerIsBetter));
            if (csv != null) {
                AtomicFile.write(csv, summary.csv().getBytes(StandardCharsets.UTF_8));
            }
            if (json) {
                console.print(
                        dryRun
                                ? Batch.json(results)
                                : Files.readString(root.resolve(Batch.FILE)).strip());
            } else if (!verbosity.quiet) {
                summary.lines().forEach(console::print);
                stream.summary().ifPresent(console::print);
            }
            return summary.exit();
        }
    }

    private Optional<String> keepingComplaint() {
        if (keepBest != null && keepBest < 1) {
            return Optional.of("option '--keep-best': expected at least 1, got " + keepBest);
        }
        return keepBest != null && !objective.isGiven()
                ? Optional.of("option '--keep-best' needs '--score-cmd' or '--text'")
                : Optional.empty();
    }

    private Optional<Batch.Judge> judge() throws IOException {
        if (!objective.isGiven() || dryRun) {
            return Optional.empty();
        }
        boolean silent = verbosity.quiet || json;
        EngineOptions options = engine.options(resources);
        return Optional.of(
                new ScoredModels(
                        objective.objective(
                                TokensMixin.opening(hub, console, silent, options.kernels()),
                                options),
                        objective.combination(),
                        hub.loader(console, silent)));
    }

    private Batch batch(List<Path> recipes, List<Sweep> parsed) {
        Batch batch =
                Batch.of(recipes)
                        .plan(options -> tokens.on(planning.options()))
                        .dryRun(dryRun)
                        .together(together)
                        .ending(gguf ? ENDING : "");
        stages.folder().ifPresent(batch::keepStages);
        parsed.forEach(sweep -> batch.sweep(sweep.name(), sweep.values()));
        if (keepBest != null) {
            batch.keepBest(keepBest);
        }
        return batch;
    }

    private List<Sweep> parsedSweeps() {
        List<Sweep> parsed = new ArrayList<>();
        long merges = 1;
        for (String text : sweeps) {
            try {
                Sweep sweep = Sweep.parse(text);
                if (parsed.stream().anyMatch(other -> other.name().equals(sweep.name()))) {
                    throw usage("option '--sweep': '" + sweep.name() + "' is given twice");
                }
                parsed.add(sweep);
                merges = Math.min(merges * sweep.values().size(), Sweep.MOST + 1L);
            } catch (IllegalArgumentException e) {
                throw usage("option '--sweep': " + e.getMessage());
            }
        }
        if (merges > Sweep.MOST) {
            throw usage(
                    "option '--sweep': expected at most " + Sweep.MOST + " combinations, got more");
        }
        return parsed;
    }
}
