package io.amalgam;

import io.amalgam.error.BadInputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** One name for a model or adapter on disk, whichever way a path leads to it. */
final class RealPlace {
    private RealPlace() {}

    /** What a folder is read from. */
    interface Weights {
        List<Path> of(Path folder) throws IOException;
    }

    /**
     * The real path of a folder. A file that is all the weights of its folder is that folder, else
     * it is its own real path.
     */
    static String of(Path path, Weights weights) {
        try {
            Path real = path.toRealPath();
            if (Files.isRegularFile(real)) {
                // A file may be a link, as in caches: the folder it is named in comes first.
                for (Path named : List.of(path.toAbsolutePath(), real)) {
                    Path folder = named.getParent();
                    if (folder != null && isAllOf(folder, real, weights)) {
                        return folder.toRealPath().toString();
                    }
                }
            }
            return real.toString();
        } catch (IOException e) {
            // What cannot be read is said when it is opened.
            return path.toAbsolutePath().normalize().toString();
        }
    }

    private static boolean isAllOf(Path folder, Path real, Weights weights) {
        try {
            List<Path> files = weights.of(folder);
            return files.size() == 1 && files.get(0).toRealPath().equals(real);
        } catch (IOException | BadInputException | UncheckedIOException e) {
            return false;
        }
    }
}
