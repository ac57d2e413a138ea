package io.amalgam.cli.lora;

import io.amalgam.cli.console.Console;
import io.amalgam.cli.options.Interruption;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "lora",
        synopsisSubcommandLabel = "COMMAND",
        description =
                "LoRA adapters: merge into a base, combine, extract from a fine-tune, inspect.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  amalgam lora merge base/ adapter/ merged/             merge an adapter into its base",
            "  amalgam lora combine --method svd --rank 16 a:0.7 b:0.3 ab/",
            "  amalgam lora extract tuned/ base/ adapter/ --rank 16  extract an adapter",
            "  amalgam lora inspect adapter/                         modules, ranks, scales, size",
            "",
            "In recipes, a model may be written 'base+adapter'."
        })
public final class LoraCommand implements Runnable {
    @Spec private CommandSpec spec;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help.")
    boolean help;

    public static CommandLine line(Console console, Interruption interruption) {
        return new CommandLine(new LoraCommand())
                .addSubcommand("merge", new LoraMergeCommand(console, interruption))
                .addSubcommand("combine", new LoraCombineCommand(console))
                .addSubcommand("extract", new LoraExtractCommand(console))
                .addSubcommand("inspect", new LoraInspectCommand(console));
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "missing command");
    }
}
