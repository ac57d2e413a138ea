package io.amalgam.cli.console;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A file by a name that the user chose. It takes the place of an earlier one of its kind, and of no
 * other file.
 *
 * @param kind of the file, in a word
 * @param ending of names
 * @param mark what is at the beginning of every file of this kind
 */
public record OwnFile(String kind, String ending, String mark) {
    private static final int BEGINNING = 512;

    /**
     * That the file can go there, before anything is done for it.
     *
     * @throws BadInputException if something else is there
     */
    public void requirePlace(Path file) throws IOException {
        if (Files.isDirectory(file)) {
            throw new BadInputException(
                    Problem.expected(what(file), "a file", "a folder")
                            .hint("name a file in it, as in '" + kind + ending + "'"));
        }
        if (!Files.exists(file)) {
            return;
        }
        try (InputStream in = Files.newInputStream(file)) {
            String beginning = new String(in.readNBytes(BEGINNING), StandardCharsets.ISO_8859_1);
            if (!beginning.contains(mark)) {
                throw new BadInputException(
                        Problem.expected(
                                        what(file),
                                        "a new file, or an earlier " + kind,
                                        "another file")
                                .hint("it would be lost: choose another name"));
            }
        }
    }

    private String what(Path file) {
        return kind + " '" + file + "'";
    }
}
