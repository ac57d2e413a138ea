package io.amalgam.cli.judge;

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
import io.amalgam.error.BadInputException;
import io.amalgam.internal.evaluate.ModelCheck;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
        name = "check",
        sortOptions = false,
        abbreviateSynopsis = true,
        description = {
            "Tests whether a model is usable: reads every tensor, compares shapes with config.json and the tokenizer with the embedding, and runs a few tokens.",
            "Prints a line for each problem, and exits with code 3 if there are any."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  amalgam check merged/",
            "  amalgam check recipe.yml      the model that a recipe would make",
            "  amalgam check merged/ --json"
        })
public final class CheckCommand extends Subcommand {
    private final Interruption interruption;

    @Parameters(
            index = "0",
            paramLabel = "MODEL",
            description = "A model, a base with adapters (base+adapter), or a recipe (.yml).")
    private String model;

    @Mixin private ResourceMixin resources;
    @Mixin private EngineMixin engine;
    @Mixin private QuietMixin verbosity;
    @Mixin private HubMixin hub;

    public CheckCommand(Console console, Interruption interruption) {
        super(console);
        this.interruption = interruption;
    }

    @Override
    public Integer call() throws IOException {
        resources
                .complaint()
                .ifPresent(
                        text -> {
                            throw usage(text);
                        });
        EngineOptions options = engine.options(resources);
        boolean silent = verbosity.quiet || json;
        ModelCheck check;
        try (Checkpoint checkpoint =
                new JudgedModel(model).open(hub, console, silent, options.kernels())) {
            check =
                    ModelCheck.of(
                            checkpoint,
                            model,
                            options,
                            new PassProgress(console, silent),
                            interruption.merging());
        }
        console.warnings(check.warnings());
        if (!check.problems().isEmpty()) {
            throw new BadInputException(check.problems(), check.warnings());
        }
        print(check);
        return ExitCode.DONE;
    }

    private void print(ModelCheck check) {
        if (json) {
            ObjectNode root = Json.object();
            root.put("model", model);
            ObjectNode seen = root.putObject("checked");
            check.seen().forEach(seen::put);
            Json.problems(root.putArray("warnings"), check.warnings());
            Json.print(console, root);
        } else if (!verbosity.quiet) {
            Columns columns = new Columns();
            check.seen().forEach(columns::row);
            columns.print(console);
        }
    }
}
