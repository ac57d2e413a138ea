package io.amalgam.cli.console;

import io.amalgam.error.Problem;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The output of commands: results on standard output, everything else on standard error. */
public final class Console {
    private static final int SHOWN = 20;
    private static final String RED = "\u001b[1;31m";
    private static final String YELLOW = "\u001b[33m";
    private static final String PLAIN = "\u001b[0m";

    private final PrintStream out;
    private final PrintStream err;
    private final Terminal terminal;
    private final Optional<Map<String, String>> environment;

    /** Without an environment. */
    public Console(PrintStream out, PrintStream err, Terminal terminal) {
        this(out, err, terminal, Optional.empty());
    }

    /**
     * @param environment the variables that say where models come from; empty if they come from
     *     paths alone
     */
    public Console(
            PrintStream out,
            PrintStream err,
            Terminal terminal,
            Optional<Map<String, String>> environment) {
        this.out = out;
        this.err = err;
        this.terminal = terminal;
        this.environment = environment.map(Map::copyOf);
    }

    public Optional<Map<String, String>> environment() {
        return environment;
    }

    public PrintStream out() {
        return out;
    }

    public PrintStream err() {
        return err;
    }

    public Terminal terminal() {
        return terminal;
    }

    /** A line of a command's result. */
    public void print(String line) {
        out.println(line);
    }

    /**
     * Whether standard output could not take what was printed, as on a full disk. A reader that
     * went away has read what it wanted.
     */
    public boolean outputLost() {
        boolean lost = out.checkError();
        return lost && !(out instanceof ResultStream results && results.readerEnded());
    }

    /** A line about the work, not a result. */
    public void note(String line) {
        err.println(line);
    }

    public void warnings(List<Problem> problems) {
        list("warning", YELLOW, problems);
    }

    public void errors(List<Problem> problems) {
        list("error", RED, problems);
    }

    private void list(String kind, String colour, List<Problem> problems) {
        String prefix = (terminal.colour() ? colour + kind + ":" + PLAIN : kind + ":") + " ";
        int shown = Math.min(SHOWN, problems.size());
        for (Problem problem : problems.subList(0, shown)) {
            err.println(prefix + OptionWords.of(problem));
        }
        if (problems.size() > shown) {
            err.println(prefix + "... and " + (problems.size() - shown) + " more");
        }
    }

    /** See {@link Problem#oneLine}. */
    public static String oneLine(String text) {
        return Problem.oneLine(text);
    }
}
