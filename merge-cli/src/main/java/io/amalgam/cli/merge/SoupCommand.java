package io.amalgam.cli.merge;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.ModelLoader;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.ExitCode;
import io.amalgam.cli.console.Failure;
import io.amalgam.cli.console.Json;
import io.amalgam.cli.console.ProgressView;
import io.amalgam.cli.hub.HubMixin;
import io.amalgam.cli.hub.StreamMixin;
import io.amalgam.cli.judge.ObjectiveMixin;
import io.amalgam.cli.judge.ScoredModels;
import io.amalgam.cli.judge.TokensMixin;
import io.amalgam.cli.options.Interruption;
import io.amalgam.cli.options.OutputMixin;
import io.amalgam.cli.options.QuantiseMixin;
import io.amalgam.cli.options.ResourceMixin;
import io.amalgam.cli.options.Subcommand;
import io.amalgam.cli.options.VerbosityMixin;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeCancelledException;
import io.amalgam.error.Problem;
import io.amalgam.internal.io.FileWrites;
import io.amalgam.internal.runs.Scores;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import io.amalgam.runs.GreedySoup;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "soup",
        sortOptions = false,
        abbreviateSynopsis = true,
        description =
                "Averages fine-tunes of one base model: all of them, or a greedy selection by score.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  amalgam soup a/ b/ c/ soup/",
            "  amalgam soup a/ b/ c/ soup/ --greedy --score-cmd 'python evaluate.py {}'",
            "  amalgam soup a/ b/ c/ soup/ --greedy --text code.txt"
        })
public final class SoupCommand extends Subcommand {
    private final Interruption interruption;

    @Parameters(
            arity = "2..*",
            hideParamSyntax = true,
            paramLabel = "MODEL... OUT",
            description = "The models, then the output directory, new or empty.")
    private List<Path> paths = new ArrayList<>();

    @Option(
            names = "--greedy",
            description =
                    "Start with the best model; add each of the others if the average's score does not drop.")
    private boolean greedy;

    @Mixin private ObjectiveMixin objective;

    @Option(
            names = "--scores",
            paramLabel = "FILE",
            description =
                    "JSON file with known scores of single models, by path or folder name; these are not measured again.")
    private @Nullable Path scores;

    @Mixin private QuantiseMixin quantising;
    @Mixin private OutputMixin output;
    @Mixin private ResourceMixin resources;
    @Mixin private VerbosityMixin verbosity;
    @Mixin private HubMixin hub;
    @Mixin private StreamMixin stream;

    public SoupCommand(Console console, Interruption interruption) {
        super(console);
        this.interruption = interruption;
    }

    @Override
    public Integer call() throws IOException {
        checkUsage();
        List<Path> models = paths.subList(0, paths.size() - 1);
        Path out = paths.get(paths.size() - 1);
        Cancellation cancellation = interruption.merging();
        try {
            List<Path> chosen = greedy ? chosen(models, out, cancellation) : models;
            PathsMerge merge =
                    new PathsMerge(
                            "soup",
                            "soup",
                            chosen,
                            "",
                            quantising.on(PlanOptions.DEFAULT),
                            amalgam());
            MergeSummary summary;
            try (ProgressView progress = ProgressView.on(console, verbosity.quiet || json)) {
                summary = merge.run(out, output::on, resources, progress, cancellation);
            }
            if (json) {
                ObjectNode answer = summary.json();
                ArrayNode averaged = answer.putArray("models");
                chosen.forEach(model -> averaged.add(model.toString()));
                Json.print(console, answer);
            } else {
                summary.print(console, false, verbosity.quiet);
                if (!verbosity.quiet) {
                    stream.summary().ifPresent(console::note);
                }
            }
            return ExitCode.DONE;
        } catch (MergeCancelledException e) {
            if (!greedy) {
                throw e;
            }
            throw new Failure.Ended(
                    ExitCode.INTERRUPTED,
                    Problem.of("interrupted")
                            .hint("give the same command with --overwrite to start again"),
                    e);
        }
    }

    /** Who scores a model is given a path: of each, where it lies. */
    private List<Path> places(List<Path> models) throws IOException {
        List<Path> places = new ArrayList<>();
        ModelLoader formats = amalgam().formats();
        formats.announce(models);
        for (Path model : models) {
            places.add(formats.place(model));
        }
        return places;
    }

    private io.amalgam.Amalgam amalgam() {
        return stream.amalgam(hub, console, verbosity.quiet || json, false);
    }

    private ScoredModels judge() throws IOException {
        boolean silent = verbosity.quiet || json;
        EngineOptions options = resources.on(io.amalgam.Amalgam.engine());
        return new ScoredModels(
                objective.objective(
                        TokensMixin.opening(hub, console, silent, options.kernels()), options),
                objective.combination(),
                amalgam().formats());
    }

    /**
     * What the last merge would be refused for. An interrupted one may be of other models: whether
     * it can be resumed shows when these are chosen.
     */
    private List<Problem> beforeScoring(MergePlan plan, Path out) throws IOException {
        List<Problem> problems = new ArrayList<>();
        if (!output.resumes()) {
            problems.addAll(output.problems(plan, out));
        }
        problems.addAll(resources.problems(plan));
        return problems;
    }

    private void checkUsage() {
        if (greedy && !objective.isGiven()) {
            throw usage(
                    "option '--greedy' needs '--score-cmd' or '--text': averages must be scored");
        }
        if (!greedy && (objective.isGiven() || scores != null)) {
            throw usage("options '--score-cmd', '--text' and '--scores' are for '--greedy'");
        }
        if (greedy && stream.isOn()) {
            throw usage(
                    "options '--greedy' and '--stream' exclude each other: who scores needs files");
        }
        quantising
                .complaint()
                .or(objective::complaint)
                .or(output::complaint)
                .or(resources::complaint)
                .or(verbosity::complaint)
                .or(stream::complaint)
                .ifPresent(
                        text -> {
                            throw usage(text);
                        });
    }

    private List<Path> chosen(List<Path> models, Path out, Cancellation cancellation)
            throws IOException {
        ScoredModels judge = judge();
        SoupTable table = new SoupTable(judge.smallerIsBetter());
        Scores known = scores == null ? Scores.NONE : Scores.read(scores);
        // What can be wrong with the models or the output is found before hours of scoring.
        List<Path> places = places(models);
        Map<Path, Path> names = new LinkedHashMap<>();
        for (int i = 0; i < models.size(); i++) {
            names.putIfAbsent(places.get(i), models.get(i));
        }
        PlanOptions options = quantising.allowed(PlanOptions.DEFAULT);
        new PathsMerge("soup", "soup", models, "", options, amalgam())
                .check(console, out, plan -> beforeScoring(plan, out));
        if (scores != null) {
            console.warnings(known.ofNone(models));
        }
        Path parent = out.toAbsolutePath().getParent();
        Path folder = parent == null ? out.toAbsolutePath() : parent;
        Files.createDirectories(folder);
        Path candidates = Files.createTempDirectory(folder, ".amalgam-soup-");
        try {
            GreedySoup.Choice choice =
                    GreedySoup.by((model, stop) -> table.signed(judge.score(model, stop).value()))
                            .known(table.signed(at(known.of(models), names)))
                            .using(plain -> amalgam())
                            .plan(quantising::allowed)
                            .engine(resources::on)
                            .listener(
                                    (place, score, verdict) -> {
                                        table.add(named(place, names), score, verdict);
                                        if (!verbosity.quiet) {
                                            console.note(table.last());
                                        }
                                    })
                            .cancellation(cancellation)
                            .choose(places, candidates);
            if (!verbosity.quiet && !json) {
                table.lines().forEach(console::print);
                console.print(table.sum(choice, models.size()));
            }
            return choice.models().stream().map(place -> named(place, names)).toList();
        } finally {
            FileWrites.deleteTree(candidates);
        }
    }

    private static Path named(Path place, Map<Path, Path> names) {
        return names.getOrDefault(place, place);
    }

    private static Map<Path, Double> at(Map<Path, Double> known, Map<Path, Path> names) {
        Map<Path, Double> scores = new HashMap<>();
        names.forEach(
                (place, model) -> {
                    Double score = known.get(model);
                    if (score != null) {
                        scores.put(place, score);
                    }
                });
        return scores;
    }
}
