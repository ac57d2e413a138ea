package io.amalgam.internal.formats.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.amalgam.checkpoint.ConfigChanges.LayerChange;
import io.amalgam.checkpoint.ConfigChanges.Origin;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Settings in a config with a value for each layer, or with numbers of layers. They are known by
 * name, in {@link LayerKeys}: that a list is as long as there are layers may be chance.
 *
 * <p>For a layer from a model other than the donor, that model's list counts, if it has one.
 *
 * <ul>
 *   <li>One value per layer ({@code layer_types}): if it has as many values as the donor had
 *       layers, each output layer gets its source layer's value. A shorter list is a pattern that
 *       repeats, and stays; so does a list where a layer comes from a deeper model, of which the
 *       donor's config says nothing.
 *   <li>Numbers of layers ({@code full_attn_idxs}): each becomes the numbers of the output layers
 *       made from that layer. This list may have any length, also that of the layers.
 * </ul>
 */
final class LayerLists {
    private static final Pattern NUMBERS = Pattern.compile(" *\\d{1,6}( *, *\\d{1,6})* *");

    private LayerLists() {}

    /**
     * @param section dotted path of the settings the list is in
     */
    static JsonNode follow(String section, String key, JsonNode value, LayerChange change) {
        return switch (LayerKeys.role(key, value)) {
            case NUMBERS -> renumbered(section, key, value, change);
            case PLACES -> replaced(value, change);
            case PER_LAYER -> followed(section, key, value, change);
            default -> value;
        };
    }

    private static JsonNode followed(
            String section, String key, JsonNode value, LayerChange change) {
        if (length(value) == change.oldCount()) {
            return picked(section, key, value, change);
        }
        // The only pattern that its readers repeat and that may be written out.
        boolean repeats = key.equals("block_types") && value.isArray() && !value.isEmpty();
        return repeats && breaks(value, change) ? picked(section, key, value, change) : value;
    }

    private static boolean breaks(JsonNode pattern, LayerChange change) {
        for (int layer = 0; layer < change.sources().size(); layer++) {
            if (!value(pattern, layer).equals(value(pattern, change.sources().get(layer)))) {
                return true;
            }
        }
        return false;
    }

    private static int length(JsonNode value) {
        return value.isTextual() ? value.asText().length() : value.isArray() ? value.size() : -1;
    }

    /**
     * What a list, or a text with a letter for each layer, says of a layer; a short one repeats.
     */
    static Optional<JsonNode> value(JsonNode list, int layer) {
        int length = length(list);
        if (length < 1) {
            return Optional.empty();
        }
        int at = layer % length;
        return Optional.of(
                list.isTextual()
                        ? TextNode.valueOf(list.asText().substring(at, at + 1))
                        : list.get(at));
    }

    private static JsonNode picked(
            String section, String key, JsonNode donors, LayerChange change) {
        ArrayNode out = JsonNodeFactory.instance.arrayNode();
        for (int layer = 0; layer < change.sources().size(); layer++) {
            int source = change.sources().get(layer);
            Optional<JsonNode> own =
                    change.origins()
                            .get(layer)
                            .map(origin -> own(origin, section, key))
                            .filter(list -> length(list) > 0);
            JsonNode values = own.orElse(donors);
            boolean short_ = length(donors) == change.oldCount() && source >= length(values);
            if (short_) {
                return donors;
            }
            out.add(value(values, source).orElseThrow().deepCopy());
        }
        if (!donors.isTextual()) {
            return out;
        }
        StringBuilder text = new StringBuilder();
        out.forEach(letter -> text.append(letter.asText()));
        return TextNode.valueOf(text.toString());
    }

    /** A lender's own list, if it has one value for each of its layers; missing otherwise. */
    private static JsonNode own(Origin origin, String section, String key) {
        JsonNode list = setting(origin.config(), section, key);
        return length(list) == origin.layers() ? list : MissingNode.getInstance();
    }

    /** A section; missing if there is none. */
    static JsonNode settings(JsonNode config, String section) {
        JsonNode settings = config;
        for (String name : section.isEmpty() ? new String[0] : section.split("\\.")) {
            settings = settings.path(name);
        }
        return settings;
    }

    /** A setting of a section; missing if there is none. */
    static JsonNode setting(JsonNode config, String section, String key) {
        return settings(config, section).path(key);
    }

    /** Objects by layer number. A lender's layers go by its own, where it has them. */
    static ObjectNode keyed(String section, String key, ObjectNode donors, LayerChange change) {
        ObjectNode out = donors.objectNode();
        for (int layer = 0; layer < change.sources().size(); layer++) {
            JsonNode values =
                    change.origins()
                            .get(layer)
                            .map(origin -> setting(origin.config(), section, key))
                            .filter(JsonNode::isObject)
                            .orElse(donors);
            JsonNode own = values.path(String.valueOf(change.sources().get(layer)));
            if (!own.isMissingNode()) {
                out.set(String.valueOf(layer), own.deepCopy());
            }
        }
        return out;
    }

    /**
     * Each number becomes that of the last output layer made from its layer, if they keep their
     * order and none is lost; a list of this kind cannot grow.
     */
    private static JsonNode replaced(JsonNode list, LayerChange change) {
        Optional<List<Integer>> numbers = numbers(list, change.oldCount());
        ArrayNode out = JsonNodeFactory.instance.arrayNode();
        int before = -1;
        for (int number : numbers.orElse(List.of())) {
            int layer = change.sources().lastIndexOf(number);
            if (layer <= before) {
                return list;
            }
            out.add(layer);
            before = layer;
        }
        return numbers.isPresent() ? out : list;
    }

    private static JsonNode renumbered(
            String section, String key, JsonNode list, LayerChange change) {
        Optional<List<Integer>> donors = numbers(list, change.oldCount());
        if (donors.isEmpty()) {
            return list;
        }
        ArrayNode out = JsonNodeFactory.instance.arrayNode();
        for (int layer = 0; layer < change.sources().size(); layer++) {
            List<Integer> named =
                    change.origins()
                            .get(layer)
                            .flatMap(
                                    origin ->
                                            numbers(
                                                    setting(origin.config(), section, key),
                                                    origin.layers()))
                            .orElse(donors.get());
            if (named.contains(change.sources().get(layer))) {
                out.add(layer);
            }
        }
        if (list.isArray()) {
            return out;
        }
        List<String> texts = new ArrayList<>();
        out.forEach(number -> texts.add(number.asText()));
        return TextNode.valueOf(String.join(",", texts));
    }

    /**
     * The numbers in a list, or in a text with commas; empty if it is none, or holds anything but
     * numbers of layers.
     */
    static Optional<List<Integer>> numbers(JsonNode list, int layers) {
        List<Integer> numbers = new ArrayList<>();
        if (list.isTextual() && NUMBERS.matcher(list.asText()).matches()) {
            for (String number : list.asText().split(",", -1)) {
                numbers.add(Integer.parseInt(number.strip()));
            }
        } else if (list.isArray()) {
            for (JsonNode number : list) {
                numbers.add(number.isInt() ? number.intValue() : -1);
            }
        } else {
            return Optional.empty();
        }
        boolean good = numbers.stream().allMatch(number -> number >= 0 && number < layers);
        return good ? Optional.of(numbers) : Optional.empty();
    }
}
