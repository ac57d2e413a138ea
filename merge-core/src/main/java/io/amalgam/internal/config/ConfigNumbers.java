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
        boolean none = said.isMissingNode() || said.isNull();
        boolean whole = said.isNumber() && said.asDouble() == Math.rint(said.asDouble());
        if (none ? otherwise < least : !whole || said.asDouble() < least || !fits(said)) {
            throw bad(key, "a whole number from " + least + " up");
        }
        return none ? otherwise : (int) said.asDouble();
    }

    private static boolean fits(JsonNode said) {
        return said.asDouble() <= Integer.MAX_VALUE;
    }

    /**
     * A finite number.
     *
     * @param otherwise where nothing or null is said
     * @throws BadInputException if something else is said
     */
    public double number(String key, double otherwise) {
        JsonNode said = section.path(key);
        if (said.isMissingNode() || said.isNull()) {
            return otherwise;
        }
        if (!said.isNumber() || !Double.isFinite(said.asDouble())) {
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
        if (!said.isMissingNode() && !said.isNull() && !said.isBoolean()) {
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
