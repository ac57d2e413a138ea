package io.amalgam.cli;

import io.amalgam.error.Problem;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * What the commands share. Whether {@code --debug} or {@code --json} is given, {@link
 * FailureReport} sees for itself.
 */
abstract class Subcommand implements Callable<Integer> {
    final Console console;

    @Spec CommandSpec spec;

    @Option(names = "--json", description = "Print one JSON document: the result or the error.")
    boolean json;

    @Option(names = "--debug", description = "Print stack traces with errors.")
    boolean debug;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help.")
    boolean help;

    Subcommand(Console console) {
        this.console = console;
    }

    /**
     * What a command says that was stopped.
     *
     * @param resumable whether what was done can be continued
     */
    final int interrupted(boolean resumable) {
        console.errors(
                List.of(
                        Problem.of("interrupted")
                                .hint(
                                        "give the same command with "
                                                + (resumable
                                                        ? "--resume to continue"
                                                        : "--overwrite to start again"))));
        return ExitCode.INTERRUPTED;
    }

    /** Wrong usage that only the command can see. */
    final ParameterException usage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
