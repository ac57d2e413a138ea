package io.amalgam.cli;

import io.amalgam.error.Problem;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Where commands print: results on standard output, everything else on standard error. */
final class Console {
    /** Line and paragraph separators, and what changes the direction of reading. */
    private static final String REORDERING =
            "\u2028\u2029\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069";

    private static final int SHOWN = 20;
    private static final String RED = "\u001b[1;31m";
    private static final String YELLOW = "\u001b[33m";
    private static final String PLAIN = "\u001b[0m";

    private final PrintStream out;
    private final PrintStream err;
    private final Terminal terminal;
    private final Optional<Map<String, String>> environment;

    /** Without an environment. */
    Console(PrintStream out, PrintStream err, Terminal terminal) {
        this(out, err, terminal, Optional.empty());
    }

    /**
     * @param environment the variables that say where models come from; empty if they come from
     *     paths alone
     */
    Console(
            PrintStream out,
            PrintStream err,
            Terminal terminal,
            Optional<Map<String, String>> environment) {
        this.out = out;
        this.err = err;
        this.terminal = terminal;
        this.environment = environment.map(Map::copyOf);
    }

    Optional<Map<String, String>> environment() {
        return environment;
    }

    PrintStream out() {
        return out;
    }

    PrintStream err() {
        return err;
    }

    Terminal terminal() {
        return terminal;
    }

    /** A line of a command's result. */
    void print(String line) {
        out.println(line);
    }

    /**
     * Whether standard output could not take what was printed, as on a full disk. A reader that
     * went away has read what it wanted.
     */
    boolean outputLost() {
        boolean lost = out.checkError();
        return lost && !(out instanceof ResultStream results && results.readerEnded());
    }

    /** A line about the work, not a result. */
    void note(String line) {
        err.println(line);
    }

    void warnings(List<Problem> problems) {
        list("warning", YELLOW, problems);
    }

    void errors(List<Problem> problems) {
        list("error", RED, problems);
    }

    private void list(String kind, String colour, List<Problem> problems) {
        String prefix = (terminal.colour() ? colour + kind + ":" + PLAIN : kind + ":") + " ";
        int shown = Math.min(SHOWN, problems.size());
        for (Problem problem : problems.subList(0, shown)) {
            err.println(prefix + oneLine(OptionWords.of(problem).toString()));
        }
        if (problems.size() > shown) {
            err.println(prefix + "... and " + (problems.size() - shown) + " more");
        }
    }

    /**
     * Names in files may hold anything: a line stays a line, a terminal is not sent control
     * characters, and none that turn the reading direction, which make a name look like another.
     */
    static String oneLine(String text) {
        StringBuilder line = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\n') {
                line.append("\\n");
            } else if (Character.isISOControl(c) || REORDERING.indexOf(c) >= 0) {
                line.append(String.format("\\u%04x", (int) c));
            } else {
                line.append(c);
            }
        }
        return line.toString();
    }
}
