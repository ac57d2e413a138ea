package io.amalgam.internal.parts;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One of several parts of a merge.
 *
 * @param number from 1
 * @param of how many there are
 */
public record Part(int number, int of) {
    private static final Pattern TEXT = Pattern.compile("([0-9]{1,6})/([0-9]{1,6})");

    public Part {
        if (number < 1 || number > of) {
            throw wrong(number + "/" + of);
        }
    }

    /**
     * A part in text: {@code 3/8}.
     *
     * @throws BadInputException if it is none
     */
    public static Part parse(String text) {
        Matcher matcher = TEXT.matcher(text.strip());
        if (!matcher.matches()) {
            throw wrong(text);
        }
        return new Part(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
    }

    private static BadInputException wrong(String text) {
        return new BadInputException(
                Problem.expected("part", "a number and a count, 1/8 to 8/8", "'" + text + "'"));
    }

    /** The name of its folder. */
    public String folder() {
        return number + "-of-" + of;
    }

    @Override
    public String toString() {
        return number + "/" + of;
    }
}
