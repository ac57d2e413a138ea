package io.amalgam.cli;

import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.ExitCode;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "completion",
        description = "Prints a completion script for bash and zsh.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  source <(amalgam completion)",
            "  amalgam completion > ~/.local/share/bash-completion/completions/amalgam"
        })
final class CompletionCommand implements Callable<Integer> {
    private final Console console;

    @Spec private CommandSpec spec;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help.")
    boolean help;

    CompletionCommand(Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        console.print(AutoComplete.bash("amalgam", spec.root().commandLine()));
        return ExitCode.DONE;
    }
}
