package io.amalgam.internal.recipe.yaml;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.WrittenPath;
import io.amalgam.recipe.Location;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A recipe file's bytes as text: UTF-8, strictly. */
final class RecipeText {
    /** No recipe is near this long; a checkpoint given in a recipe's place is. */
    static final int MAX_LENGTH = 3 << 20;

    static final char BYTE_ORDER_MARK = '\uFEFF';

    private RecipeText() {}

    static String read(Path file) throws IOException {
        Location place = new Location(file.toString(), 0, 0);
        if (Files.isDirectory(file)) {
            throw bad("recipe", "a file", "a directory", place, "name the .yml file in it");
        }
        if (Files.notExists(file)) {
            String hint = WrittenPath.didYouMean(List.of(file), "check the path");
            throw bad("recipe", "a file", "nothing there", place, hint);
        }
        try (InputStream in = Files.newInputStream(file)) {
            return read(in, file.toString());
        }
    }

    /** All of a stream, of which a file's name is told. */
    static String read(InputStream in, String file) throws IOException {
        byte[] bytes = in.readNBytes(MAX_LENGTH + 1);
        if (bytes.length > MAX_LENGTH) {
            throw tooLong(new Location(file, 0, 0));
        }
        return decode(bytes, file);
    }

    static BadInputException tooLong(Location place) {
        return bad("recipe", "at most 3 MiB", "more", place, "check that this file is a recipe");
    }

    static String decode(byte[] bytes, String file) {
        if (bytes.length >= 2 && (bytes[0] & 0xff) + (bytes[1] & 0xff) == 0xff + 0xfe) {
            throw notUtf8("UTF-16", new Location(file, 1, 1));
        }
        CharsetDecoder decoder =
                StandardCharsets.UTF_8
                        .newDecoder()
                        .onMalformedInput(CodingErrorAction.REPORT)
                        .onUnmappableCharacter(CodingErrorAction.REPORT);
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer out = CharBuffer.allocate(bytes.length);
        CoderResult result = decoder.decode(in, out, true);
        String text = out.flip().toString();
        if (result.isError()) {
            String found = String.format("byte 0x%02x", bytes[in.position()] & 0xff);
            throw notUtf8(found, place(text, text.length(), file));
        }
        return text;
    }

    /** Line and column of a character. */
    static Location place(String text, int index, String file) {
        String before = text.substring(0, Math.min(index, text.length()));
        String withoutMark = before.indexOf(BYTE_ORDER_MARK) == 0 ? before.substring(1) : before;
        String[] lines = withoutMark.split("\r\n|\r|\n", -1);
        String last = lines[lines.length - 1];
        return new Location(file, lines.length, last.codePointCount(0, last.length()) + 1);
    }

    private static BadInputException notUtf8(String found, Location place) {
        return bad("recipe's encoding", "UTF-8", found, place, "save the file as UTF-8");
    }

    private static BadInputException bad(
            String what, String expected, String found, Location place, String hint) {
        return new BadInputException(Problem.expected(what, expected, found).at(place).hint(hint));
    }
}
