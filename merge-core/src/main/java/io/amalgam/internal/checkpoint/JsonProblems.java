package io.amalgam.internal.checkpoint;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.io.CharConversionException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Pattern;

/** JSON files of a model that are not JSON. */
public final class JsonProblems {
    public static final String DAMAGED = "the file is damaged: download it again or correct it";

    /** Where something open begins, in the parser's words. */
    private static final Pattern NOTE =
            Pattern.compile(" \\((start marker|for \\w+ starting) at .*");

    private JsonProblems() {}

    /** Reads a file. */
    @FunctionalInterface
    public interface Reading<T> {
        T read() throws IOException;
    }

    /**
     * Reads, and says of what is no JSON where in the file it is.
     *
     * @throws BadInputException if it is not
     */
    public static <T> T in(Path file, Reading<T> reading) throws IOException {
        try {
            return reading.read();
        } catch (JsonProcessingException e) {
            JsonLocation at = e.getLocation();
            String where = at == null ? "" : ":" + at.getLineNr() + ":" + at.getColumnNr();
            throw bad(reason(e.getOriginalMessage()), file, where, e);
        } catch (CharConversionException e) {
            throw bad("its bytes are no text", file, "", e);
        } catch (NumberFormatException e) {
            // Jackson's own, for an exponent that no number has.
            throw bad("a number in it cannot be read", file, "", e);
        }
    }

    private static BadInputException bad(String why, Path file, String where, Exception cause) {
        return new BadInputException(
                Problem.of("not valid JSON: " + why).at("'" + file + "'" + where).hint(DAMAGED),
                cause);
    }

    /** The parser's first sentence, without the list of all that JSON allows and its own notes. */
    private static String reason(String message) {
        String line = message.lines().findFirst().orElse("").strip();
        int allowed = line.indexOf(": was expecting (");
        String reason = allowed < 0 ? line : line.substring(0, allowed);
        reason = NOTE.matcher(reason).replaceAll("");
        return reason.isEmpty()
                ? reason
                : reason.substring(0, 1).toLowerCase(Locale.ROOT) + reason.substring(1);
    }
}
