package io.amalgam.formats.safetensors;

import io.amalgam.error.Problem;

/** Words the exceptions of one file. Text taken from the file is shortened and made printable. */
record HeaderViolations(String file) {
    private static final int SHOWN = 120;

    public SafetensorsException of(
            SafetensorsRule rule, String what, Object expected, Object found) {
        return of(rule, what, expected, found, "'" + file + "'");
    }

    public SafetensorsException at(
            long fileByte, SafetensorsRule rule, String what, Object expected, Object found) {
        return of(rule, what, expected, found, "'" + file + "', byte " + fileByte);
    }

    private static SafetensorsException of(
            SafetensorsRule rule, String what, Object expected, Object found, String where) {
        return new SafetensorsException(
                rule, Problem.expected(what, expected, found).at(where).hint(hint(rule)));
    }

    private static String hint(SafetensorsRule rule) {
        return switch (rule) {
            case HEADER_BEYOND_FILE, OUT_OF_BOUNDS ->
                    "the file is cut short: download or copy it again";
            case HEADER_TOO_LONG ->
                    "this is not a safetensors file; if it is a small text file, it is a Git LFS pointer: run 'git lfs"
                            + " pull'";
            default -> "the file is damaged or not a safetensors file";
        };
    }

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

    static String printable(String text) {
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
    static boolean paired(String text, int i) {
        char c = text.charAt(i);
        if (Character.isHighSurrogate(c)) {
            return i + 1 < Math.min(text.length(), SHOWN)
                    && Character.isLowSurrogate(text.charAt(i + 1));
        }
        return i > 0 && Character.isHighSurrogate(text.charAt(i - 1));
    }
}
