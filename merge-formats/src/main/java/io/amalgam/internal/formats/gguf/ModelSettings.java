package io.amalgam.internal.formats.gguf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.config.ConfigNumbers;
import java.util.Arrays;
import java.util.Optional;

/** Settings of a config.json, or of an object in it. */
record ModelSettings(JsonNode settings) {
    /** Where -1 says that there is none. */
    private static final String PADDING = "pad_token_id";

    /** A GGUF file has 32 bits for each. */
    private static final long MOST = (1L << 32) - 1;

    static ModelSettings of(ObjectNode config) {
        return new ModelSettings(config);
    }

    /** The first of several spellings that is there and not null. */
    private Optional<JsonNode> find(String... names) {
        for (String name : names) {
            JsonNode value = settings.path(name);
            if (ConfigNumbers.isSaid(value)) {
                return Optional.of(value);
            }
        }
        return Optional.empty();
    }

    /**
     * @throws BadInputException if it is there and no whole number
     */
    Optional<Long> whole(String... names) {
        Optional<JsonNode> value = find(names);
        int least = names[0].equals(PADDING) ? -1 : 0;
        value.filter(said -> !ConfigNumbers.isWhole(said, least, MOST))
                .ifPresent(said -> refuse(said(names), ConfigNumbers.wholeFrom(least), said));
        return value.map(JsonNode::asLong);
    }

    /**
     * @throws BadInputException if it is there and no finite number
     */
    Optional<Double> real(String... names) {
        Optional<JsonNode> value = find(names);
        value.filter(said -> !ConfigNumbers.isNumber(said))
                .ifPresent(said -> refuse(said(names), "a number", said));
        return value.map(JsonNode::asDouble);
    }

    /** The first name with a value. */
    private String said(String... names) {
        return Arrays.stream(names).filter(this::has).findFirst().orElse(names[0]);
    }

    private static void refuse(String name, String expected, JsonNode said) {
        throw new BadInputException(
                Problem.expected("'" + name + "' in config.json", expected, said.toString())
                        .hint("GGUF needs it: correct the model's config.json"));
    }

    /**
     * @throws BadInputException if it is there and no text
     */
    Optional<String> text(String... names) {
        Optional<JsonNode> value = find(names);
        value.filter(said -> !said.isTextual())
                .ifPresent(said -> refuse(said(names), "a text", said));
        return value.map(JsonNode::asText);
    }

    boolean flag(String name) {
        Optional<JsonNode> value = find(name);
        value.filter(said -> !said.isBoolean())
                .ifPresent(said -> refuse(said(name), "true or false", said));
        return value.map(JsonNode::asBoolean).orElse(false);
    }

    /**
     * An object in it; empty settings where it is not there.
     *
     * @throws BadInputException if something else is there
     */
    ModelSettings section(String... names) {
        find(names)
                .filter(said -> !said.isObject())
                .ifPresent(said -> refuse(said(names), "an object", said));
        return new ModelSettings(find(names).orElse(settings.path("\0")));
    }

    boolean has(String name) {
        return find(name).isPresent();
    }

    /**
     * The numbers of a list; empty if there is none.
     *
     * @throws BadInputException if something else is there, or one of them is no finite number
     */
    float[] reals(String name) {
        JsonNode list = settings.path(name);
        if (ConfigNumbers.isSaid(list) && !list.isArray()) {
            refuse(name, "a list of numbers", list);
        }
        float[] values = new float[list.size()];
        for (int i = 0; i < values.length; i++) {
            if (!ConfigNumbers.isNumber(list.get(i))) {
                refuse(name, "a list of numbers", list.get(i));
            }
            values[i] = (float) list.get(i).asDouble();
        }
        return values;
    }

    /**
     * A number that must be there.
     *
     * @throws BadInputException if it is not
     */
    long needed(String... names) {
        return whole(names)
                .orElseThrow(
                        () ->
                                new BadInputException(
                                        Problem.expected(
                                                        "config.json",
                                                        "the number '" + names[0] + "'",
                                                        "none")
                                                .hint(
                                                        "GGUF needs it: add it to the model's config.json")));
    }
}
