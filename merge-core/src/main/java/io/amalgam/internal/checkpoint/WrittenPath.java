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

/** Paths as people write them. */
public final class WrittenPath {
    private static final int MOST_ENTRIES = 10_000;

    private WrittenPath() {}

    /** A path with the home folder in place of a {@code ~} that no shell has expanded. */
    public static String expanded(String path) {
        boolean home = path.equals("~") || path.startsWith("~/") || path.startsWith("~\\");
        return home ? System.getProperty("user.home") + path.substring(1) : path;
    }

    /**
     * What is there and has nearly the name of a path that is not: the first part of it that does
     * not exist is looked for among its neighbours.
     */
    public static Optional<Path> nearest(Path missing) {
        Path there = missing.toAbsolutePath().normalize();
        if (Files.exists(there) || there.getParent() == null) {
            return Optional.empty();
        }
        Path rest = Path.of("");
        while (there.getParent() != null && !Files.exists(there.getParent())) {
            rest = there.getFileName().resolve(rest);
            there = there.getParent();
        }
        Path parent = there.getParent();
        if (parent == null || !Files.isDirectory(parent)) {
            return Optional.empty();
        }
        Path left = rest;
        return Suggestions.likely(there.getFileName().toString(), names(parent))
                .map(name -> parent.resolve(name).resolve(left))
                .filter(Files::exists)
                .map(found -> like(missing, found));
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
}
