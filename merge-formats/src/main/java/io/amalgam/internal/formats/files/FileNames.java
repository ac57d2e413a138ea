package io.amalgam.internal.formats.files;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;

/** Names of files that stand in other files, and may be anything. */
public final class FileNames {
    private FileNames() {}

    /** Whether a name can only mean a file in the folder it is looked for in, on any system. */
    public static boolean isPlain(String name) {
        return !name.contains("/") && isInside(name);
    }

    /** Whether a path with slashes stays in the folder it is looked for in, on any system. */
    public static boolean isInside(String path) {
        return path.chars().noneMatch(c -> c == '\\' || c == ':' || Character.isISOControl(c))
                && Arrays.stream(path.split("/", -1))
                        .noneMatch(p -> p.equals("..") || p.equals(".") || p.isEmpty())
                && isPath(path);
    }

    /** Half a surrogate pair is no name anywhere; the system's encoding may lack more. */
    private static boolean isPath(String name) {
        try {
            return Path.of(name).getNameCount() > 0;
        } catch (InvalidPathException e) {
            return false;
        }
    }
}
