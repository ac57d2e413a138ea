package io.amalgam.internal.config;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;

/**
 * Numbers and switches of a {@code config.json} that a model cannot do without: a text with digits
 * is none, as in transformers, and nothing is rounded.
 *
 * @param section of the configuration
 * @param file where it is
 * @param model what the user calls it
 * @param hint what to do about a wrong one
 */
public record ConfigNumbers(JsonNode section, String file, String model, String hint) {
    /** Of {@code config.json}. */
    public ConfigNumbers(JsonNode section, String model, String hint) {
        this(section, "config.json", model, hint);
    }

    /**
     * A whole number that a model can do without: a text with digits is none, nothing is rounded.
     */
    public static long wholeOr(JsonNode value, long otherwise) {
        return value.isIntegralNumber() && value.canConvertToLong() ? value.longValue() : otherwise;
    }

    /** Whether something is said: null says nothing. */
    public static boolean isSaid(JsonNode value) {
        return !value.isMissingNode() && !value.isNull();
    }

    /** Whether a value is a whole number in a range, both ends included; 8.0 is one. */
    public static boolean isWhole(JsonNode value, long least, long most) {
        double said = value.asDouble();
        return value.isNumber() && said == Math.rint(said) && said >= least && said <= most;
    }

    /** Whether a value is a finite number. */
    public static boolean isNumber(JsonNode value) {
        return value.isNumber() && Double.isFinite(value.asDouble());
    }

    /** How a whole number is asked for. */
    public static String wholeFrom(long least) {
        return "a whole number from " + least + " up";
    }

    /** The same for another section. */
    public ConfigNumbers in(JsonNode other) {
        return new ConfigNumbers(other, file, model, hint);
    }

    /**
     * A whole number.
     *
     * @param least that is allowed
     * @param otherwise where nothing or null is said; refused if it is less
     * @throws BadInputException if something else is said
     */
    public int whole(String key, int least, int otherwise) {
        JsonNode said = section.path(key);
        boolean none = !isSaid(said);
        if (none ? otherwise < least : !isWhole(said, least, Integer.MAX_VALUE)) {
            throw bad(key, wholeFrom(least));
        }
        return none ? otherwise : (int) said.asDouble();
    }

    /**
     * A finite number.
     *
     * @param otherwise where nothing or null is said
     * @throws BadInputException if something else is said
     */
    public double number(String key, double otherwise) {
        JsonNode said = section.path(key);
        if (!isSaid(said)) {
            return otherwise;
        }
        if (!isNumber(said)) {
            throw bad(key, "a number");
        }
        return said.asDouble();
    }

    /**
     * A switch.
     *
     * @return false where nothing or null is said
     * @throws BadInputException if something else is said
     */
    public boolean flag(String key) {
        JsonNode said = section.path(key);
        if (isSaid(said) && !said.isBoolean()) {
            throw bad(key, "true or false");
        }
        return said.asBoolean(false);
    }

    /** What is wrong with the value of a key. */
    public BadInputException bad(String key, String expected) {
        String said = section.path(key).toString();
        return bad(key, expected, said.isEmpty() ? "nothing" : said);
    }

    public BadInputException bad(String key, String expected, String found) {
        return new BadInputException(
                Problem.expected(
                                "'" + key + "' in " + file + " of model '" + model + "'",
                                expected,
                                found)
                        .hint(hint));
    }
}
