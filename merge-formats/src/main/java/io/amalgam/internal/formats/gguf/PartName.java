package io.amalgam.internal.formats.gguf;

import java.nio.file.Path;
import java.util.List;
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
public record PartName(Path path, String base, int number, int count) {
    static final String ENDING = ".gguf";

    private static final Pattern PART = Pattern.compile("(.+)-([0-9]{5})-of-([0-9]{5})\\.gguf");

    public static PartName of(Path path) {
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

    /** The models among files of one folder: of those in parts the first part there. */
    public static List<PartName> models(List<Path> files) {
        List<PartName> parts =
                files.stream()
                        .filter(file -> file.toString().endsWith(ENDING) && !isVision(file))
                        .sorted()
                        .map(PartName::of)
                        .toList();
        return parts.stream()
                .filter(
                        part ->
                                parts.stream()
                                        .noneMatch(
                                                other ->
                                                        other.isOf(part)
                                                                && other.number() < part.number()))
                .toList();
    }

    /** Vision parts lie beside the language models they belong to. */
    private static boolean isVision(Path file) {
        return String.valueOf(file.getFileName()).startsWith("mmproj");
    }

    /** Whether a part belongs to the same model. */
    boolean isOf(PartName other) {
        return base.equals(other.base) && count == other.count;
    }

    /** Where another part of the same model is. */
    public Path part(int other) {
        return path.resolveSibling(
                String.format(Locale.ROOT, "%s-%05d-of-%05d.gguf", base, other, count));
    }
}
