package io.amalgam.cli.judge;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.ExitCode;
import io.amalgam.cli.console.Json;
import io.amalgam.cli.console.Quantity;
import io.amalgam.cli.hub.HubMixin;
import io.amalgam.cli.options.EngineMixin;
import io.amalgam.cli.options.Interruption;
import io.amalgam.cli.options.QuietMixin;
import io.amalgam.cli.options.ResourceMixin;
import io.amalgam.cli.options.Subcommand;
import io.amalgam.engine.EngineOptions;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.evaluate.Domain;
import io.amalgam.internal.evaluate.FisherDiagonal;
import io.amalgam.internal.evaluate.InputGrams;
import io.amalgam.internal.evaluate.Measurement;
import io.amalgam.internal.evaluate.ModelRun;
import io.amalgam.internal.formats.tokens.StatisticsFile;
import io.amalgam.internal.forward.LlamaModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "statistics",
        sortOptions = false,
        abbreviateSynopsis = true,
        description =
                "Computes the statistics that some merge methods need, on a text: Gram matrices of the inputs of a model's linear layers for 'regmean', or with --fisher its diagonal Fisher information for 'fisher'. Runs Llama, Mistral, Qwen2 and Qwen3 models.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  amalgam statistics expert/ expert.txt fisher.safetensors --fisher --context 512",
            "  amalgam statistics expert/ expert.txt expert/amalgam-statistics.safetensors",
            "  amalgam statistics expert/ tokens.npy grams.safetensors --limit 4096 --context 512"
        })
public final class StatisticsCommand extends Subcommand {
    private final Interruption interruption;

    @Parameters(index = "0", paramLabel = "MODEL", description = "A model.")
    private String model;

    @Parameters(index = "1", paramLabel = "TEXT", description = "UTF-8 text, or token ids (.npy).")
    private String text;

    @Parameters(index = "2", paramLabel = "OUT", description = "The output, a .safetensors file.")
    private Path out;

    @Option(
            names = "--fisher",
            description =
                    "Diagonal Fisher information instead of Gram matrices: mean squared gradients of each window's log probability.")
    private boolean fisher;

    @Option(names = "--overwrite", description = "Replace an existing file.")
    private boolean overwrite;

    @Mixin private TokensMixin tokens;
    @Mixin private ResourceMixin resources;
    @Mixin private EngineMixin engine;
    @Mixin private QuietMixin verbosity;
    @Mixin private HubMixin hub;

    public StatisticsCommand(Console console, Interruption interruption) {
        super(console);
        this.interruption = interruption;
    }

    @Override
    public Integer call() throws IOException {
        tokens.complaint()
                .or(resources::complaint)
                .ifPresent(
                        complaint -> {
                            throw usage(complaint);
                        });
        checkOutput();
        EngineOptions options = engine.options(resources);
        boolean silent = verbosity.quiet || json;
        TokensMixin.Opening opening = TokensMixin.opening(hub, console, silent, options.kernels());
        try (Checkpoint checkpoint = opening.open(model)) {
            LlamaModel llama = LlamaModel.of(checkpoint, model);
            List<Domain> domains = tokens.domains(List.of(text), checkpoint, model, opening);
            int window = tokens.window(llama, domains);
            console.warnings(llama.warnings());
            Measurement measurement =
                    fisher
                            ? new FisherDiagonal(llama, window, domains.get(0))
                            : new InputGrams(llama, window, domains.get(0));
            write(checkpoint, measurement, options, silent);
            print(measurement);
        }
        return ExitCode.DONE;
    }

    private void checkOutput() throws IOException {
        if (!out.toString().endsWith(".safetensors")) {
            throw usage("OUT: expected a name that ends in .safetensors, got '" + out + "'");
        }
        if (Files.exists(out) && !overwrite) {
            throw new BadInputException(
                    Problem.expected("output '" + out + "'", "nothing there", "a file")
                            .hint("give --overwrite to replace it"));
        }
        if (Files.exists(out) && !StatisticsFile.isOne(out)) {
            throw new BadInputException(
                    Problem.expected("output '" + out + "'", "a file of statistics", "another one")
                            .hint("models are never replaced: choose another output"));
        }
    }

    private void write(
            Checkpoint checkpoint, Measurement measurement, EngineOptions options, boolean silent)
            throws IOException {
        try (StatisticsFile file =
                new StatisticsFile(
                        out,
                        measurement.measured(),
                        measurement.aliases(),
                        measurement.examples(),
                        fisher ? "true" : "")) {
            ModelRun.run(
                    checkpoint,
                    options,
                    new PassProgress(console, silent),
                    interruption.merging(),
                    (left, workers) -> {
                        measurement.run(
                                left,
                                workers,
                                part ->
                                        file.add(
                                                part.statistic(),
                                                part.from(),
                                                part.sums(),
                                                part.first(),
                                                part.last()));
                        return file;
                    });
            file.commit();
        }
    }

    private void print(Measurement measurement) {
        int stored = measurement.measured().size();
        int aliases = measurement.aliases().size();
        if (json) {
            ObjectNode root = Json.object();
            root.put("output", out.toString());
            root.put("tokens", measurement.tokens());
            root.put("examples", measurement.examples());
            root.put(fisher ? "tensors" : "matrices", stored);
            root.put("aliases", aliases);
            Json.print(console, root);
        } else if (!verbosity.quiet) {
            String what =
                    fisher
                            ? "diagonal Fisher of "
                                    + Quantity.of(stored, "tensor")
                                    + " over "
                                    + Quantity.of(measurement.examples(), "window")
                                    + " of "
                            : "input Gram matrices of "
                                    + Quantity.of(stored + aliases, "layer")
                                    + " over ";
            console.print(
                    Console.oneLine(
                            "wrote '"
                                    + out
                                    + "': "
                                    + what
                                    + Quantity.of(measurement.tokens(), "token")));
        }
    }
}
