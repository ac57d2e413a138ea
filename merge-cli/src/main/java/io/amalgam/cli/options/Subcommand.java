package io.amalgam.cli.options;

import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.ExitCode;
import io.amalgam.error.Problem;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Base class of the commands. The report of a failure reads {@code --debug} and {@code --json} from
 * the command line itself.
 */
public abstract class Subcommand implements Callable<Integer> {
    protected final Console console;

    @Spec protected CommandSpec spec;

    @Option(names = "--json", description = "Print one JSON document: the result or the error.")
    protected boolean json;

    @Option(names = "--debug", description = "Print stack traces with errors.")
    boolean debug;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help.")
    boolean help;

    protected Subcommand(Console console) {
        this.console = console;
    }

    /**
     * What a command says that was stopped.
     *
     * @param resumable whether what was done can be continued
     */
    protected final int interrupted(boolean resumable) {
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
    public final ParameterException usage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
