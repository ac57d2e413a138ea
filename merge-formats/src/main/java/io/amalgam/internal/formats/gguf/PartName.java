package io.amalgam.internal.formats.gguf;

import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of a file that may be one of several.
 *
 * @param path where it is
 * @param base the name without number and ending
 * @param number from 1 on
 * @param count of all parts; 1 for a file that is alone
 */
record PartName(Path path, String base, int number, int count) {
    private static final Pattern PART = Pattern.compile("(.+)-([0-9]{5})-of-([0-9]{5})\\.gguf");

    static PartName of(Path path) {
        String name = String.valueOf(path.getFileName());
        Matcher matcher = PART.matcher(name);
        return matcher.matches()
                ? new PartName(
                        path,
                        matcher.group(1),
                        Integer.parseInt(matcher.group(2)),
                        Integer.parseInt(matcher.group(3)))
                : new PartName(path, name, 1, 1);
    }

    /** Whether a part belongs to the same model. */
    boolean isOf(PartName other) {
        return base.equals(other.base) && count == other.count;
    }

    /** Where another part of the same model is. */
    Path part(int other) {
        return path.resolveSibling(
                String.format(Locale.ROOT, "%s-%05d-of-%05d.gguf", base, other, count));
    }
}
