package io.amalgam.recipe;

/**
 * A place in a recipe.
 *
 * @param file as the user named it; empty for recipes built in code
 * @param line counted from 1; 0 where only the file is known
 * @param column counted from 1, in code points; 0 where only the file is known
 */
public record Location(String file, int line, int column) {
    /** Of things that were not read from a file. */
    public static final Location NONE = new Location("", 0, 0);

    /**
     * {@code file:line:column}, only the file where the line is unknown, and nothing for {@link
     * #NONE}.
     */
    @Override
    public String toString() {
        return line == 0 ? file : file + ":" + line + ":" + column;
    }
}
