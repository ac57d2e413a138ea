package io.amalgam.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.ExitCode;
import io.amalgam.cli.console.Failure;
import io.amalgam.cli.console.Json;
import io.amalgam.cli.options.UsageProblems;
import io.amalgam.error.Problem;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/**
 * Tells the user of a failure: a line for each problem, and a JSON document where one was asked
 * for.
 */
public final class FailureReport {
    private final Console console;
    private final boolean json;
    private final boolean debug;

    FailureReport(Console console, boolean json, boolean debug) {
        this.console = console;
        this.json = json;
        this.debug = debug;
    }

    int usage(ParameterException e) {
        report(Failure.one(ExitCode.USAGE, UsageProblems.of(e)));
        tryHelp(e.getCommandLine());
        return ExitCode.USAGE;
    }

    private void tryHelp(CommandLine command) {
        console.note("try '" + command.getCommandSpec().qualifiedName() + " --help'");
    }

    int failure(Throwable e, CommandLine command) {
        Failure failure = Failure.of(e, command.getCommandSpec().findOption("--resume") != null);
        report(failure);
        if (debug) {
            e.printStackTrace(console.err());
        }
        if (failure.exit() == ExitCode.USAGE) {
            tryHelp(command);
        }
        return failure.exit();
    }

    /** Results that went nowhere are a failure, whatever else went well. */
    int outputLost() {
        console.errors(
                List.of(
                        Problem.of("standard output could not take the results")
                                .hint("its disk is full, or its reader has ended")));
        return ExitCode.FAILED;
    }

    private void report(Failure failure) {
        console.warnings(failure.warnings());
        console.errors(failure.problems());
        if (json) {
            ObjectNode root = Json.object();
            ObjectNode error = root.putObject("error");
            error.put("exit", failure.exit());
            Json.problems(error.putArray("problems"), failure.problems());
            if (!failure.warnings().isEmpty()) {
                Json.problems(root.putArray("warnings"), failure.warnings());
            }
            Json.print(console, root);
        }
    }
}
