package io.amalgam.cli.merge;

import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.ExitCode;
import io.amalgam.cli.console.Json;
import io.amalgam.cli.console.OptionWords;
import io.amalgam.cli.console.ProgressView;
import io.amalgam.cli.hub.HubMixin;
import io.amalgam.cli.hub.StreamMixin;
import io.amalgam.cli.judge.ObjectiveMixin;
import io.amalgam.cli.judge.ScoredModels;
import io.amalgam.cli.judge.TokensMixin;
import io.amalgam.cli.options.Interruption;
import io.amalgam.cli.options.ResourceMixin;
import io.amalgam.cli.options.Subcommand;
import io.amalgam.cli.options.VerbosityMixin;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeReport;
import io.amalgam.error.BadInputException;
import io.amalgam.internal.align.AlignmentFile;
import io.amalgam.internal.io.AtomicFile;
import io.amalgam.internal.io.FileWrites;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import io.amalgam.recipe.Location;
import io.amalgam.recipe.ModelEntry;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.ModelRef.Alignment;
import io.amalgam.recipe.ParameterValue.Scalar;
import io.amalgam.recipe.Recipe;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "barrier",
        sortOptions = false,
        abbreviateSynopsis = true,
        description =
                "Measures the loss barrier between two models: scores weighted averages of them, from one to the other (docs/alignment.md).",
        footerHeading = "%nExamples:%n",
        footer = {
            "  amalgam barrier a/ b/ --score-cmd 'python evaluate.py {}'",
            "  amalgam barrier a/ b/ --loss --score-cmd 'python loss.py {}' --csv curve.csv",
            "  amalgam barrier a/ b/ --text code.txt"
        })
public final class BarrierCommand extends Subcommand {
    private final Interruption interruption;

    @Parameters(
            index = "0",
            paramLabel = "MODEL",
            description = "The model with weight 1 at t = 0.")
    private String first = "";

    @Parameters(
            index = "1",
            paramLabel = "MODEL",
            description = "The model with weight 1 at t = 1.")
    private String second = "";

    @Mixin private ObjectiveMixin objective;

    @Option(
            names = "--points",
            paramLabel = "N",
            description = "Points to score, both models included. Default: 11.")
    private int points = 11;

    @Option(
            names = "--align",
            paramLabel = "METHOD",
            description =
                    "Align the second model to the first: weight_matching or ot. Default: no alignment.")
    private @Nullable String align;

    @Option(
            names = "--csv",
            paramLabel = "FILE",
            description = "Write the points to this new file.")
    private @Nullable Path csv;

    @Option(
            names = "--work",
            paramLabel = "DIR",
            description =
                    "Folder for the averages, one at a time. Default: the system's temporary folder.")
    private @Nullable Path work;

    @Mixin private ResourceMixin resources;
    @Mixin private VerbosityMixin verbosity;
    @Mixin private HubMixin hub;
    @Mixin private StreamMixin stream;

    public BarrierCommand(Console console, Interruption interruption) {
        super(console);
        this.interruption = interruption;
    }

    @Override
    public Integer call() throws IOException {
        checkUsage();
        ScoredModels judge = judge();
        Cancellation cancellation = interruption.merging();
        if (csv != null) {
            BarrierCurve.TABLE.requirePlace(csv);
        }
        Path folder =
                work == null
                        ? Files.createTempDirectory("amalgam-barrier-")
                        : Files.createTempDirectory(work, ".amalgam-barrier-");
        List<Double> scores = new ArrayList<>();
        try {
            for (int i = 0; i < points; i++) {
                double t = (double) i / (points - 1);
                Path average = folder.resolve("average");
                merge(t, average, cancellation);
                scores.add(judge.score(average, cancellation).value());
                FileWrites.deleteTree(average);
                if (!verbosity.quiet && !json) {
                    console.note("t = " + t + ": " + scores.get(i));
                }
            }
        } finally {
            FileWrites.deleteTree(folder);
        }
        BarrierCurve curve = new BarrierCurve(scores, judge.smallerIsBetter());
        if (csv != null) {
            AtomicFile.write(csv, curve.csv().getBytes(StandardCharsets.UTF_8));
        }
        if (json) {
            Json.print(console, curve.json());
        } else {
            curve.lines().forEach(console::print);
        }
        return ExitCode.DONE;
    }

    private ScoredModels judge() throws IOException {
        EngineOptions options = resources.on(io.amalgam.Amalgam.engine());
        boolean silent = verbosity.quiet || json;
        return new ScoredModels(
                objective.objective(
                        TokensMixin.opening(hub, console, silent, options.kernels()), options),
                objective.combination(),
                stream.amalgam(hub, console, silent, false).formats());
    }

    private void checkUsage() {
        if (!objective.isGiven()) {
            throw usage("one of '--score-cmd' and '--text' is needed: averages must be scored");
        }
        if (points < 3) {
            throw usage("option '--points': expected at least 3, got " + points);
        }
        if (csv != null && !Files.isDirectory(csv.toAbsolutePath().resolveSibling(""))) {
            throw usage(
                    "option '--csv': expected a file in a folder that exists, got '" + csv + "'");
        }
        if (work != null && !Files.isDirectory(work)) {
            throw usage("option '--work': expected a folder, got '" + work + "'");
        }
        resources
                .complaint()
                .or(verbosity::complaint)
                .or(stream::complaint)
                .or(objective::complaint)
                .ifPresent(
                        text -> {
                            throw usage(text);
                        });
    }

    private void merge(double t, Path out, Cancellation cancellation) throws IOException {
        io.amalgam.Amalgam amalgam =
                stream.amalgam(hub, console, verbosity.quiet || json, false).writing(out);
        ModelRef one = ModelRef.of(first);
        Optional<Alignment> alignment =
                Optional.ofNullable(align)
                        .map(method -> new Alignment(method, one, found(out), Location.NONE));
        ModelRef other = ModelRef.of(second).aligned(alignment);
        Recipe recipe =
                Recipe.ofModels(
                        "linear",
                        List.of(entry(one, 1 - t), entry(other, t)),
                        Optional.empty(),
                        io.amalgam.recipe.Parameters.EMPTY);
        EngineOptions options = resources.on(io.amalgam.Amalgam.engine());
        try (MergePlan plan = plan(amalgam, recipe);
                ProgressView shown = ProgressView.on(console, true)) {
            console.warnings(t == 0 ? plan.warnings() : List.of());
            MergeReport report = io.amalgam.Amalgam.run(plan, out, options, shown, cancellation);
            if (t == 0 && align != null) {
                console.warnings(report.warnings());
                AtomicFile.write(permutations(out), AlignmentFile.of(AlignCommand.run(plan)));
            }
        }
    }

    private static MergePlan plan(io.amalgam.Amalgam amalgam, Recipe recipe) throws IOException {
        try {
            return amalgam.plan(recipe, PlanOptions.DEFAULT);
        } catch (BadInputException e) {
            throw new BadInputException(e.problems().stream().map(OptionWords::ofCommand).toList());
        }
    }

    /** The alignment of the first point is that of all: it is searched once. */
    private static Map<String, String> found(Path out) {
        Path file = permutations(out);
        return Files.exists(file)
                ? Map.of("permutations", file.toAbsolutePath().toString())
                : Map.of();
    }

    private static Path permutations(Path out) {
        return out.resolveSibling(AlignmentFile.NAME);
    }

    private static ModelEntry entry(ModelRef model, double weight) {
        return ModelEntry.of(
                model,
                io.amalgam.recipe.Parameters.of(
                        Map.of("weight", new Scalar(weight, Location.NONE))));
    }
}
