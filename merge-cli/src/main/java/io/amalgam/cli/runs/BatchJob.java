package io.amalgam.cli.runs;

import java.nio.file.Path;
import java.util.Map;

/**
 * One merge of a batch.
 *
 * @param name of its folder: the recipe's, with the values filled in
 * @param file the recipe
 * @param text of the recipe, filled
 * @param values what was filled in
 */
public record BatchJob(String name, Path file, String text, Map<String, String> values) {

    /** Names that no file system minds, and no model reference takes apart. */
    public static String name(Path file, Map<String, String> values) {
        String whole = file.getFileName().toString();
        int dot = whole.lastIndexOf('.');
        StringBuilder name = new StringBuilder(dot > 0 ? whole.substring(0, dot) : whole);
        values.forEach(
                (key, value) ->
                        name.append('_')
                                .append(key)
                                .append('=')
                                .append(value.replaceAll("[^\\p{L}\\p{N}._=-]+", "-")));
        return name.toString();
    }
}
