package io.amalgam.internal.formats.gguf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.util.Optional;

/** Settings of a config.json, or of an object in it. */
record ModelSettings(JsonNode settings) {
    static ModelSettings of(ObjectNode config) {
        return new ModelSettings(config);
    }

    /** The first of several spellings that is there and not null. */
    private Optional<JsonNode> find(String... names) {
        for (String name : names) {
            JsonNode value = settings.path(name);
            if (!value.isMissingNode() && !value.isNull()) {
                return Optional.of(value);
            }
        }
        return Optional.empty();
    }

    Optional<Long> whole(String... names) {
        return find(names).filter(JsonNode::isNumber).map(JsonNode::asLong);
    }

    Optional<Double> real(String... names) {
        return find(names).filter(JsonNode::isNumber).map(JsonNode::asDouble);
    }

    Optional<String> text(String... names) {
        return find(names).filter(JsonNode::isTextual).map(JsonNode::asText);
    }

    boolean flag(String name) {
        return settings.path(name).asBoolean(false);
    }

    /** An object in it; empty settings where it is not there. */
    ModelSettings section(String... names) {
        return new ModelSettings(find(names).orElse(settings.path("\0")));
    }

    boolean has(String name) {
        return find(name).isPresent();
    }

    /** The numbers of a list; empty if there is none. */
    float[] reals(String name) {
        JsonNode list = settings.path(name);
        float[] values = new float[list.size()];
        for (int i = 0; i < values.length; i++) {
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
