package io.amalgam.cli;

import java.util.Map;

/**
 * What is known about the terminal, if there is one. Java cannot ask which of its streams is a
 * terminal, so the launcher says so.
 *
 * @param messages whether standard error is one
 * @param results whether standard output is one
 * @param columns its width
 * @param colour whether messages may be coloured
 */
record Terminal(boolean messages, boolean results, int columns, boolean colour) {
    static final Terminal NONE = new Terminal(false, false, 80, false);
    private static final int NARROWEST = 40;

    /** As the launcher's system properties and the environment describe it. */
    static Terminal detect(Map<String, String> environment) {
        boolean messages = Boolean.getBoolean("amalgam.terminal");
        boolean dumb = "dumb".equals(environment.get("TERM"));
        boolean noColour = !environment.getOrDefault("NO_COLOR", "").isEmpty();
        int columns = Integer.getInteger("amalgam.columns", 80);
        return new Terminal(
                messages && !dumb,
                Boolean.getBoolean("amalgam.terminal.out") && !dumb,
                columns >= NARROWEST ? columns : 80,
                messages && !dumb && !noColour);
    }
}
