package io.amalgam.error;

import java.util.Objects;

/**
 * One problem with the user's input, in the grammar of all messages of this project: {@code <what>:
 * expected <X>, got <Y> (<where>); <what to do>}.
 *
 * @param what the subject, lower case, names quoted
 * @param expected the expected value; empty if {@code what} is a complete sentence
 * @param found the actual value; empty if {@code what} is a complete sentence
 * @param where file, offset, tensor, or recipe line and column; may be empty
 * @param hint how to fix it; may be empty
 * @param kind of the subject; not part of the message
 */
public record Problem(
        String what, String expected, String found, String where, String hint, Kind kind) {
    /** Line and paragraph separators, and what changes the direction of reading. */
    private static final String REORDERING =
            "\u2028\u2029\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069";

    public Problem {
        Objects.requireNonNull(what, "what");
        Objects.requireNonNull(expected, "expected");
        Objects.requireNonNull(found, "found");
        Objects.requireNonNull(where, "where");
        Objects.requireNonNull(hint, "hint");
        Objects.requireNonNull(kind, "kind");
    }

    /** What a problem is about. */
    public enum Kind {
        /** A recipe, a model, a value: the same whichever tensor is looked at. */
        INPUT,
        /** One tensor of many; the same said of several is reported once, with their number. */
        TENSOR,
        /** The place that is written to: not a fault of the input. */
        STORAGE,
        /** The machine, or a library on it: not a fault of the input. */
        MACHINE
    }

    /** A problem without an expected value. */
    public static Problem of(String what) {
        return new Problem(what, "", "", "", "", Kind.INPUT);
    }

    /** A difference: {@code what: expected X, got Y}. */
    public static Problem expected(String what, Object expected, Object found) {
        return new Problem(
                what, String.valueOf(expected), String.valueOf(found), "", "", Kind.INPUT);
    }

    /** With the place it was found at: a file, or a position in one. */
    public Problem at(Object place) {
        return new Problem(what, expected, found, String.valueOf(place), hint, kind);
    }

    /** With advice on what to do. */
    public Problem hint(String advice) {
        return new Problem(what, expected, found, where, advice, kind);
    }

    /** The same problem with another subject. */
    public Problem withWhat(String subject) {
        return new Problem(subject, expected, found, where, hint, kind);
    }

    /** As a problem of one tensor. */
    public Problem ofTensor() {
        return new Problem(what, expected, found, where, hint, Kind.TENSOR);
    }

    /** As a problem of the place that is written to. */
    public Problem ofStorage() {
        return new Problem(what, expected, found, where, hint, Kind.STORAGE);
    }

    /** The same, of the machine. */
    public Problem ofMachine() {
        return new Problem(what, expected, found, where, hint, Kind.MACHINE);
    }

    /**
     * The message: always one line, even if names in it contain line breaks (see {@link #oneLine}).
     */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(what);
        if (!expected.isEmpty()) {
            text.append(": expected ").append(expected).append(", got ").append(found);
        }
        if (!where.isEmpty()) {
            text.append(" (").append(where).append(')');
        }
        if (!hint.isEmpty()) {
            text.append("; ").append(hint);
        }
        return oneLine(text.toString());
    }

    /**
     * Makes a text with arbitrary names safe to print: escapes line breaks, control characters, and
     * characters that change the reading direction, which can make a name look like another.
     */
    public static String oneLine(String text) {
        StringBuilder line = new StringBuilder(text.length());
        text.codePoints()
                .forEach(
                        c -> {
                            if (c == '\n') {
                                line.append("\\n");
                            } else if (Character.isISOControl(c)
                                    || REORDERING.indexOf(c) >= 0
                                    || Character.getType(c) == Character.SURROGATE) {
                                line.append(String.format("\\u%04x", c));
                            } else {
                                line.appendCodePoint(c);
                            }
                        });
        return line.toString();
    }
}
