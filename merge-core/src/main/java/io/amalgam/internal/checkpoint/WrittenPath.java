package io.amalgam.internal.checkpoint;

import io.amalgam.error.Suggestions;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** Paths as people write them. */
public final class WrittenPath {
    private static final int MOST_ENTRIES = 10_000;
    private static final Pattern ADAPTED = Pattern.compile(".*[^+/\\\\]\\+[^+]+");
    private static final String NO_ADAPTER =
            "no adapter after '+' is taken here: merge it into its base first, as with 'amalgam lora merge BASE ADAPTER OUT'";

    private WrittenPath() {}

    /** A path with the home folder in place of a {@code ~} that no shell has expanded. */
    public static String expanded(String path) {
        boolean home = path.equals("~") || path.startsWith("~/") || path.startsWith("~\\");
        return home ? System.getProperty("user.home") + path.substring(1) : path;
    }

    /**
     * What is there and has nearly the name of a path that is not: each part of it that does not
     * exist is looked for among its neighbours.
     */
    public static Optional<Path> nearest(Path missing) {
        Path whole = missing.toAbsolutePath().normalize();
        Path found = whole.getRoot();
        if (Files.exists(whole) || found == null) {
            return Optional.empty();
        }
        for (Path part : whole) {
            Path next = found.resolve(part);
            if (!Files.exists(next)) {
                Optional<String> near = Suggestions.likely(part.toString(), names(found));
                if (near.isEmpty()) {
                    return Optional.empty();
                }
                next = found.resolve(near.get());
            }
            found = next;
        }
        return Optional.of(like(missing, found));
    }

    /** As a relative path where the other was one. */
    private static Path like(Path written, Path found) {
        return written.isAbsolute() ? found : Path.of("").toAbsolutePath().relativize(found);
    }

    private static List<String> names(Path folder) {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
            for (Path entry : entries) {
                names.add(entry.getFileName().toString());
                if (names.size() == MOST_ENTRIES) {
                    break;
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            return List.of(); // No advice, then.
        }
        return names;
    }

    /** {@code did you mean 'x'?}, or {@code otherwise} where nothing is near. */
    public static String didYouMean(List<Path> missing, String otherwise) {
        return missing.stream()
                .flatMap(path -> nearest(path).stream())
                .findFirst()
                .map(path -> "did you mean '" + path + "'?")
                .orElse(otherwise);
    }

    /** As {@link #didYouMean}, for a model where none with an adapter is taken. */
    public static String modelOrNearest(List<Path> missing, String otherwise) {
        boolean adapted =
                missing.stream().anyMatch(path -> ADAPTED.matcher(path.toString()).matches());
        return didYouMean(missing, adapted ? NO_ADAPTER : otherwise);
    }
}
