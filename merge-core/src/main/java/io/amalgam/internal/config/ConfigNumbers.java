package io.amalgam.internal.config;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;

/**
 * Numbers of a {@code config.json} that a model cannot do without: a text with digits is none, as
 * in transformers, and nothing is rounded.
 *
 * @param section of the configuration
 * @param model what the user calls it
 * @param hint what to do about a wrong one
 */
public record ConfigNumbers(JsonNode section, String model, String hint) {
    /** The same for another section. */
    public ConfigNumbers in(JsonNode other) {
        return new ConfigNumbers(other, model, hint);
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

    /** What is wrong with the value of a key. */
    public BadInputException bad(String key, String expected) {
        String said = section.path(key).toString();
        return bad(key, expected, said.isEmpty() ? "nothing" : said);
    }

    public BadInputException bad(String key, String expected, String found) {
        return new BadInputException(
                Problem.expected(
                                "'" + key + "' in config.json of model '" + model + "'",
                                expected,
                                found)
                        .hint(hint));
    }
}
