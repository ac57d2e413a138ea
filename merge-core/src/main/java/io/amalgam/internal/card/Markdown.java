package io.amalgam.internal.card;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Text of others in a Markdown document: none of it may be read as Markdown or HTML. */
final class Markdown {
    private static final Pattern TICKS = Pattern.compile("`+");

    private Markdown() {}

    /** A short text as code, on one line, also inside of a table. */
    static String code(String text) {
        String line = text.replaceAll("\\p{Cntrl}", " ").replace("|", "\\|").strip();
        String fence = "`".repeat(longest(line) + 1);
        boolean padded = line.startsWith("`") || line.endsWith("`") || line.isEmpty();
        String pad = padded ? " " : "";
        return fence + pad + line + pad + fence;
    }

    /** A text as a block of code. */
    static String block(String language, String text) {
        String fence = "`".repeat(Math.max(3, longest(text) + 1));
        return fence + language + "\n" + text.stripTrailing() + "\n" + fence + "\n";
    }

    private static int longest(String text) {
        int longest = 0;
        Matcher ticks = TICKS.matcher(text);
        while (ticks.find()) {
            longest = Math.max(longest, ticks.end() - ticks.start());
        }
        return longest;
    }
}
