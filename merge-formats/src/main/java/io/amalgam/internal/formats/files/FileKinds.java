package io.amalgam.internal.formats.files;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.nio.file.Files;
import java.nio.file.Path;

/** Opening a pipe waits for its other end, perhaps for ever; reading a directory names no file. */
public final class FileKinds {
    private FileKinds() {}

    /**
     * @throws BadInputException if something is there that is no directory, nor a link to one
     */
    public static void requireDirectory(Path path) {
        if (Files.exists(path) && !Files.isDirectory(path)) {
            throw new BadInputException(
                    Problem.expected("model", "a directory", "a file").at("'" + path + "'"));
        }
    }

    /**
     * @throws BadInputException if something is there that is no regular file, nor a link to one
     */
    public static void require(Path file) {
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            String found = Files.isDirectory(file) ? "a directory" : "a pipe or device";
            throw new BadInputException(
                    Problem.expected("file", "a regular file", found).at("'" + file + "'"));
        }
    }
}
