package io.amalgam.cli.merge;

import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.ExitCode;
import io.amalgam.cli.console.ProgressView;
import io.amalgam.cli.hub.HubMixin;
import io.amalgam.cli.hub.StreamMixin;
import io.amalgam.cli.options.Interruption;
import io.amalgam.cli.options.OutputMixin;
import io.amalgam.cli.options.QuantiseMixin;
import io.amalgam.cli.options.ResourceMixin;
import io.amalgam.cli.options.Subcommand;
import io.amalgam.cli.options.VerbosityMixin;
import io.amalgam.engine.Cancellation;
import io.amalgam.internal.formats.files.WeightName;
import io.amalgam.internal.runs.CheckpointSeries;
import io.amalgam.plan.PlanOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "average",
        sortOptions = false,
        abbreviateSynopsis = true,
        description =
                "Averages checkpoints of one training run: an exponential moving average, or the mean of the last ones.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  amalgam average run/ averaged/ --last 5               the last five checkpoints of a folder",
            "  amalgam average 'run/checkpoint-*' averaged/ --ema 0.9",
            "  amalgam average run/a run/b averaged/ --ema 0.5       in this order"
        })
public final class AverageCommand extends Subcommand {
    private final Interruption interruption;

    @Parameters(
            arity = "2..*",
            hideParamSyntax = true,
            paramLabel = "MODEL... OUT",
            description =
                    "Models in order, a folder of models, or a pattern in quotes; then the output directory. Models in a folder or matching a pattern are ordered by the numbers in their names; averages of earlier runs are skipped.")
    private List<Path> paths = new ArrayList<>();

    @ArgGroup(multiplicity = "1")
    private Kind kind = new Kind();

    private static final class Kind {
        @Option(
                names = "--ema",
                paramLabel = "DECAY",
                description = "Decay of the exponential moving average, e.g. 0.9.")
        private @Nullable Double ema;

        @Option(names = "--last", paramLabel = "K", description = "Mean of the last K checkpoints.")
        private @Nullable Integer last;
    }

    @Mixin private QuantiseMixin quantising;
    @Mixin private OutputMixin output;
    @Mixin private ResourceMixin resources;
    @Mixin private VerbosityMixin verbosity;
    @Mixin private HubMixin hub;
    @Mixin private StreamMixin stream;

    public AverageCommand(Console console, Interruption interruption) {
        super(console);
        this.interruption = interruption;
    }

    @Override
    public Integer call() throws IOException {
        quantising
                .complaint()
                .or(output::complaint)
                .or(resources::complaint)
                .or(verbosity::complaint)
                .or(stream::complaint)
                .ifPresent(
                        text -> {
                            throw usage(text);
                        });
        List<Path> models = new ArrayList<>();
        for (Path named : paths.subList(0, paths.size() - 1)) {
            models.addAll(CheckpointSeries.series(named, AverageCommand::isModel, this::leftOut));
        }
        Path out = paths.get(paths.size() - 1);
        if (kind.last != null && kind.last > 0 && kind.last < models.size()) {
            // The others are not even opened.
            models = models.subList(models.size() - kind.last, models.size());
        }
        io.amalgam.Amalgam amalgam = stream.amalgam(hub, console, verbosity.quiet || json, false);
        String method = kind.ema != null ? "ema" : "lawa";
        String parameters = kind.ema != null ? "decay: " + kind.ema : "last: " + kind.last;
        PlanOptions options = quantising.on(PlanOptions.DEFAULT);
        PathsMerge merge = new PathsMerge("average", method, models, parameters, options, amalgam);
        if (!verbosity.quiet) {
            models.forEach(model -> console.note(Console.oneLine("averages " + model)));
        }
        Cancellation cancellation = interruption.merging();
        MergeSummary summary;
        try (ProgressView progress = ProgressView.on(console, verbosity.quiet || json)) {
            summary = merge.run(out, output::on, resources, progress, cancellation);
        }
        summary.print(console, json, verbosity.quiet);
        if (!json && !verbosity.quiet) {
            stream.summary().ifPresent(console::note);
        }
        return ExitCode.DONE;
    }

    private static boolean isModel(Path folder) {
        try {
            return !WeightName.in(folder).isEmpty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void leftOut(Path average) {
        if (!verbosity.quiet) {
            console.note(
                    Console.oneLine(
                            "leaves out "
                                    + average
                                    + ": an average of an earlier run; name it itself to average it too"));
        }
    }
}
