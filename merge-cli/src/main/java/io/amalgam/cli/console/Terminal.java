package io.amalgam.cli.console;

import java.util.Map;

/**
 * Properties of the terminal, if there is one. Java cannot ask which of its streams is a terminal,
 * so the launcher says so.
 *
 * @param messages whether standard error is one
 * @param results whether standard output is one
 * @param columns its width
 * @param fitted whether results are fitted to the width: they go to a terminal, or it is asked for
 * @param colour whether messages may be coloured
 */
public record Terminal(
        boolean messages, boolean results, int columns, boolean fitted, boolean colour) {
    /** Results go to a terminal or not, and are fitted to it. */
    public Terminal(boolean messages, boolean results, int columns, boolean colour) {
        this(messages, results, columns, results, colour);
    }

    public static final Terminal NONE = new Terminal(false, false, 80, false);
    private static final int NARROWEST = 40;

    /** As the launcher's system properties and the environment describe it. */
    public static Terminal detect(Map<String, String> environment) {
        boolean messages = Boolean.getBoolean("amalgam.terminal");
        boolean dumb = "dumb".equals(environment.get("TERM"));
        boolean noColour = !environment.getOrDefault("NO_COLOR", "").isEmpty();
        String text = environment.getOrDefault("COLUMNS", "");
        boolean given = text.matches("[1-9]\\d{0,4}");
        boolean results = Boolean.getBoolean("amalgam.terminal.out");
        // The launcher knows the width of what is a terminal now; a pipe has what is asked for.
        int columns = Integer.getInteger("amalgam.columns", given ? Integer.parseInt(text) : 80);
        return new Terminal(
                messages && !dumb,
                results && !dumb,
                columns >= NARROWEST ? columns : 80,
                (results && !dumb) || given,
                messages && !dumb && !noColour);
    }
}
