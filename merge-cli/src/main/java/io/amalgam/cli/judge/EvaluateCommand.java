package io.amalgam.cli.judge;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.cli.console.Columns;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.ExitCode;
import io.amalgam.cli.console.Json;
import io.amalgam.cli.hub.HubMixin;
import io.amalgam.cli.options.EngineMixin;
import io.amalgam.cli.options.Interruption;
import io.amalgam.cli.options.QuietMixin;
import io.amalgam.cli.options.ResourceMixin;
import io.amalgam.cli.options.Subcommand;
import io.amalgam.engine.EngineOptions;
import io.amalgam.error.Problem;
import io.amalgam.internal.evaluate.Domain;
import io.amalgam.internal.evaluate.Evaluation;
import io.amalgam.internal.evaluate.Loss;
import io.amalgam.internal.evaluate.ModelRun;
import io.amalgam.internal.forward.LlamaModel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "evaluate",
        sortOptions = false,
        abbreviateSynopsis = true,
        description = {
            "Measures a model's loss and perplexity on texts. Runs Llama, Mistral, Qwen2 and Qwen3 models in float32.",
            "For a recipe, evaluates the merged model without writing it."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  amalgam evaluate merged/ --text wiki.txt",
            "  amalgam evaluate recipe.yml --text code=code.txt prose=prose.txt --context 1024",
            "  amalgam evaluate base+adapter --text tokens.npy --limit 100000 --json"
        })
public final class EvaluateCommand extends Subcommand {
    private final Interruption interruption;

    @Parameters(
            index = "0",
            paramLabel = "MODEL",
            description = "A model, a base with adapters (base+adapter), or a recipe (.yml).")
    private String model;

    @Option(
            names = "--text",
            arity = "1..*",
            required = true,
            paramLabel = "[NAME=]FILE",
            description = "UTF-8 text, or token ids (.npy). One row of the result for each.")
    private List<String> texts = List.of();

    @Mixin private TokensMixin tokens;
    @Mixin private ResourceMixin resources;
    @Mixin private EngineMixin engine;
    @Mixin private QuietMixin verbosity;
    @Mixin private HubMixin hub;

    public EvaluateCommand(Console console, Interruption interruption) {
        super(console);
        this.interruption = interruption;
    }

    @Override
    public Integer call() throws IOException {
        checkUsage();
        EngineOptions options = engine.options(resources);
        boolean silent = verbosity.quiet || json;
        TokensMixin.Opening opening = TokensMixin.opening(hub, console, silent, options.kernels());
        try (Checkpoint checkpoint = opening.open(model)) {
            LlamaModel llama = LlamaModel.of(checkpoint, model);
            List<Problem> warnings = new ArrayList<>(checkpoint.warnings());
            warnings.addAll(llama.warnings());
            List<Domain> domains = tokens.domains(texts, checkpoint, model, opening);
            int window = tokens.window(llama, domains);
            llama.stretching(window).ifPresent(warnings::add);
            console.warnings(warnings);
            Evaluation evaluation = new Evaluation(llama, window, domains);
            long begin = System.nanoTime();
            List<Loss> losses = run(checkpoint, evaluation, options, silent);
            print(losses, window, (System.nanoTime() - begin) / 1e9, warnings);
        }
        return ExitCode.DONE;
    }

    private void checkUsage() {
        TextInput.complaint(texts)
                .or(tokens::complaint)
                .or(resources::complaint)
                .ifPresent(
                        text -> {
                            throw usage(text);
                        });
    }

    private List<Loss> run(
            Checkpoint checkpoint, Evaluation evaluation, EngineOptions options, boolean silent)
            throws IOException {
        return ModelRun.run(
                checkpoint,
                options,
                new PassProgress(console, silent),
                interruption.merging(),
                evaluation::run);
    }

    private void print(List<Loss> losses, int window, double seconds, List<Problem> warnings) {
        long predicted = losses.stream().mapToLong(Loss::tokens).sum();
        if (json) {
            ObjectNode root = Json.object();
            root.put("model", model);
            root.put("context", window);
            ArrayNode rows = root.putArray("texts");
            for (Loss loss : losses) {
                rows.addObject()
                        .put("name", loss.domain())
                        .put("tokens", loss.tokens())
                        .put("windows", loss.windows())
                        .put("loss", loss.mean())
                        .put("perplexity", loss.perplexity());
            }
            root.put("seconds", seconds);
            Json.problems(root.putArray("warnings"), warnings);
            Json.print(console, root);
            return;
        }
        Columns columns = new Columns().row("text", "tokens", "loss", "perplexity");
        for (Loss loss : losses) {
            columns.row(
                    loss.domain(),
                    loss.tokens(),
                    String.format(Locale.ROOT, "%.4f", loss.mean()),
                    String.format(Locale.ROOT, "%.3f", loss.perplexity()));
        }
        columns.print(console);
        if (!verbosity.quiet) {
            console.note(
                    String.format(
                            Locale.ROOT,
                            "windows of %d tokens; %.1f s, %.0f tokens a second",
                            window,
                            seconds,
                            predicted / seconds));
        }
    }
}
