package io.amalgam.cli.options;

import io.amalgam.cli.console.Console;
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

    /** Wrong usage that only the command can see. */
    public final ParameterException usage(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
