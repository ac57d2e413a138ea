package io.amalgam.recipe;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An adapter that a recipe applies to a model.
 *
 * @param path as written; never empty
 * @param revision of a model hub's repository
 * @param weight how much of it is applied, 1 where none is written
 * @param suffix what was read as the weight behind the path, with its colon; empty where there is
 *     none, or the weight was given apart
 */
public record AdapterRef(String path, Optional<String> revision, double weight, String suffix) {
    /** A plus would begin another adapter. */
    private static final Pattern WEIGHED =
            Pattern.compile("(?s)(.+)(:-?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE]-?\\d+)?)");

    /**
     * @throws IllegalArgumentException if there is no path, or the weight is not finite
     */
    public AdapterRef {
        if (path.isEmpty()) {
            throw new IllegalArgumentException("an adapter needs a path");
        }
        if (!Double.isFinite(weight)) {
            throw new IllegalArgumentException("an adapter's weight must be finite");
        }
    }

    /** A whole adapter. */
    public AdapterRef(String path, Optional<String> revision) {
        this(path, revision, 1, "");
    }

    /** The path and the weight's text behind it, which may be empty. */
    static String[] split(String text) {
        Matcher matcher = WEIGHED.matcher(text);
        boolean weighed =
                matcher.matches()
                        && Double.isFinite(Double.parseDouble(matcher.group(2).substring(1)));
        return weighed
                ? new String[] {matcher.group(1), matcher.group(2)}
                : new String[] {text, ""};
    }

    /** Whether the string form is read as this again. */
    public boolean readable() {
        return suffix.isEmpty()
                ? weight == 1 && split(path)[1].isEmpty() && path.matches("(?s)[^+@]*")
                : path.matches("(?s)[^+@]*");
    }

    /** The same path with its weight given apart. */
    public AdapterRef weighed(double other) {
        return new AdapterRef(path, revision, other, "");
    }

    /** The path if what was read as a weight is part of it. */
    public String literalPath() {
        return path + suffix;
    }

    @Override
    public String toString() {
        String text = path + revision.map(r -> "@" + r).orElse("");
        return text + (suffix.isEmpty() && weight != 1 ? ":" + weight : suffix);
    }
}
