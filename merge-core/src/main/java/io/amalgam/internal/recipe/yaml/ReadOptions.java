package io.amalgam.internal.recipe.yaml;

/**
 * Options to read a recipe.
 *
 * @param strict whether a key that recipes do not have is an error, not a warning
 */
public record ReadOptions(boolean strict) {
    public static final ReadOptions DEFAULT = new ReadOptions(false);
}
