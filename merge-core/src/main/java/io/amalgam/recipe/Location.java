package io.amalgam.recipe;

/**
 * A position in a recipe.
 *
 * @param file the user's name for it; empty for recipes built in code
 * @param line counted from 1; 0 if unknown
 * @param column counted from 1, in code points; 0 if unknown
 */
public record Location(String file, int line, int column) {
    /** The location of values that were not read from a file. */
    public static final Location NONE = new Location("", 0, 0);

    /** {@code file:line:column}; the file alone if the line is unknown; empty for {@link #NONE}. */
    @Override
    public String toString() {
        return line == 0 ? file : file + ":" + line + ":" + column;
    }
}
