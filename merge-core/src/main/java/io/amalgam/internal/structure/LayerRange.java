package io.amalgam.internal.structure;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Layers of a model as they are written on a command line: {@code MODEL:0-23}, both ends included,
 * {@code MODEL:7} for one layer, {@code MODEL} for all.
 *
 * @param model path of the model
 * @param layers which layers; empty for all
 */
public record LayerRange(String model, Optional<Span> layers) {
    // The range is what stands after the last colon, if it is made of digits: C:\x:0-3 has two.
    private static final Pattern FORM = Pattern.compile("(.+):([0-9]+)(?:-([0-9]+))?");
    private static final Pattern MEANT = Pattern.compile("(.+):([0-9., \\-]*)");
    private static final int DIGITS = 6;

    /**
     * @param first counted from 0
     * @param last the last layer taken, at least {@code first}
     */
    public record Span(int first, int last) {}

    /**
     * @throws BadInputException if there is no model, or a range that is none
     */
    public static LayerRange parse(String text) {
        Matcher form = FORM.matcher(text);
        if (form.matches()) {
            String end = form.group(3) == null ? form.group(2) : form.group(3);
            if (form.group(2).length() > DIGITS || end.length() > DIGITS) {
                throw bad(text, "layer numbers of at most 6 digits", "more");
            }
            int first = Integer.parseInt(form.group(2));
            int last = Integer.parseInt(end);
            if (last < first) {
                throw bad(text, "a last layer that is not before the first", first + "-" + last);
            }
            return new LayerRange(form.group(1), Optional.of(new Span(first, last)));
        }
        Matcher meant = MEANT.matcher(text);
        if (meant.matches()) {
            throw bad(text, "MODEL:FIRST-LAST", "'" + meant.group(2) + "' for a range");
        }
        if (text.isEmpty()) {
            throw bad(text, "MODEL:FIRST-LAST", "nothing");
        }
        return new LayerRange(text, Optional.empty());
    }

    private static BadInputException bad(String text, String expected, String found) {
        return new BadInputException(
                Problem.expected("layers '" + text + "'", expected, found)
                        .hint("layers are counted from 0 and both ends are included: base:0-23"));
    }
}
