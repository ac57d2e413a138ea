package io.amalgam.internal.formats.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.checkpoint.ConfigChanges.LayerChange;
import io.amalgam.checkpoint.ConfigChanges.Origin;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Whether settings about layers are of the kinds that follow a new order: one that is not would be
 * left as it is, and be untrue.
 */
final class LayerSettings {
    private static final String WHOLE = "a whole number";

    private LayerSettings() {}

    /**
     * @param section dotted path of the settings
     * @throws BadInputException with all settings, of the donor or of a model that lends layers,
     *     that cannot be read
     */
    static void check(String section, JsonNode donor, LayerChange change) {
        List<Problem> problems = new ArrayList<>();
        check(section, donor, problems);
        change.origins().stream()
                .flatMap(Optional::stream)
                .map(Origin::config)
                .distinct()
                .forEach(config -> check(section, LayerLists.settings(config, section), problems));
        if (!problems.isEmpty()) {
            throw new BadInputException(problems.stream().distinct().toList());
        }
    }

    private static void check(String section, JsonNode settings, List<Problem> problems) {
        for (Map.Entry<String, JsonNode> entry : settings.properties()) {
            JsonNode value = entry.getValue();
            Optional<String> expected =
                    value.isNull() ? Optional.empty() : expected(entry.getKey(), value);
            expected.ifPresent(
                    what -> {
                        String key = section.isEmpty() ? "" : section + ".";
                        problems.add(
                                Problem.expected(
                                                "'" + key + entry.getKey() + "' in config.json",
                                                what,
                                                value.toString())
                                        .hint(
                                                "it follows the new order of layers: correct the model's config.json"));
                    });
        }
    }

    /** What a value should be; empty if it is. */
    private static Optional<String> expected(String key, JsonNode value) {
        return switch (LayerKeys.role(key)) {
            case FIRST, LAST, START, END, PERIOD, OFFSET, EXTRA -> unless(value.isInt(), WHOLE);
            case PER_LAYER ->
                    unless(
                            value.isArray()
                                    || value.isNumber()
                                    || (value.isTextual() && isText(key)),
                            "a list with a value for each layer");
            case NUMBERS, PLACES -> unless(isNumbers(value), "a list of whole numbers");
            case KEYED -> unless(value.isObject(), "an object");
            default ->
                    switch (key) {
                        case LayerWindows.WINDOW ->
                                unless(!value.isTextual() && !value.isFloatingPointNumber(), WHOLE);
                        case LayerWindows.USED -> unless(value.isBoolean(), "true or false");
                        default -> Optional.empty();
                    };
        };
    }

    /** Some patterns are texts with a letter for each layer. */
    private static boolean isText(String key) {
        return key.endsWith("_pattern");
    }

    /** Numbers of layers; some are texts with commas. */
    private static boolean isNumbers(JsonNode value) {
        if (value.isArray()) {
            for (JsonNode number : value) {
                if (!number.isInt()) {
                    return false;
                }
            }
            return true;
        }
        return LayerLists.numbers(value, Integer.MAX_VALUE).isPresent();
    }

    private static Optional<String> unless(boolean good, String expected) {
        return good ? Optional.empty() : Optional.of(expected);
    }
}
