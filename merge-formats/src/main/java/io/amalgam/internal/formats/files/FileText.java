package io.amalgam.internal.formats.files;

/** Text taken from a file as messages show it: shortened and made printable. */
public final class FileText {
    private static final int SHOWN = 120;

    private FileText() {}

    /**
     * In single quotes; control characters as escapes, so that a message cannot steer a terminal.
     */
    public static String quote(String text) {
        return "'" + printable(text) + "'";
    }

    /** Most names are: a look that costs nothing spares them the rest. */
    private static boolean isPlain(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < ' ' || text.charAt(i) > '~') {
                return false;
            }
        }
        return true;
    }

    /** The same without quotes. */
    public static String printable(String text) {
        if (text.length() <= SHOWN && isPlain(text)) {
            return text;
        }
        StringBuilder shown = new StringBuilder();
        for (int i = 0; i < text.length() && i < SHOWN; i++) {
            char c = text.charAt(i);
            if (Character.isISOControl(c) || (Character.isSurrogate(c) && !paired(text, i))) {
                shown.append(String.format("\\u%04x", (int) c));
            } else {
                shown.append(c);
            }
        }
        return text.length() > SHOWN ? shown + "..." : shown.toString();
    }

    /** Whether the surrogate at {@code i} is half of a pair that is shown whole. */
    private static boolean paired(String text, int i) {
        char c = text.charAt(i);
        if (Character.isHighSurrogate(c)) {
            return i + 1 < Math.min(text.length(), SHOWN)
                    && Character.isLowSurrogate(text.charAt(i + 1));
        }
        return i > 0 && Character.isHighSurrogate(text.charAt(i - 1));
    }
}
