package io.amalgam.internal.formats.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.ConfigChanges.LayerChange;
import io.amalgam.checkpoint.ConfigChanges.Origin;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The settings of one layer in a configuration: its value in each list, and its membership in lists
 * of layers. Where a stack's new configuration says of a layer what its old one did, the layer is
 * in a place that it fits.
 */
final class LayerFacts {
    private LayerFacts() {}

    /**
     * By setting; settings that say nothing of single layers are left out.
     *
     * @param settings a section
     * @param layers how many there are
     */
    static Map<String, String> of(JsonNode settings, int layer, int layers) {
        Map<String, String> facts = new TreeMap<>();
        for (Map.Entry<String, JsonNode> entry : settings.properties()) {
            if (!LayerKeys.isListed(entry.getKey(), settings)) {
                of(entry.getKey(), entry.getValue(), settings, layer, layers)
                        .ifPresent(fact -> facts.put(entry.getKey(), fact));
            }
        }
        return facts;
    }

    private static Optional<String> of(
            String key, JsonNode value, JsonNode settings, int layer, int layers) {
        Object fact =
                switch (LayerKeys.role(key, value)) {
                    case PER_LAYER -> LayerLists.value(value, layer).orElse(null);
                    case NUMBERS ->
                            LayerLists.numbers(value, layers)
                                    .map(numbers -> numbers.contains(layer))
                                    .orElse(null);
                    case PLACES ->
                            LayerLists.numbers(value, layers)
                                    .map(numbers -> numbers.indexOf(layer))
                                    .orElse(null);
                    case FIRST -> value.isInt() ? layer < value.intValue() : null;
                    case LAST -> value.isInt() ? layer >= layers - value.intValue() : null;
                    case START, END -> LayerKinds.inRange(settings, layer, layers).orElse(null);
                    case PERIOD -> inPeriod(key, value, settings, layer).orElse(null);
                    case KEYED -> value.isObject() ? value.path(String.valueOf(layer)) : null;
                    default -> null;
                };
        return Optional.ofNullable(fact).map(Object::toString);
    }

    private static Optional<Object> inPeriod(
            String key, JsonNode value, JsonNode settings, int layer) {
        if (!value.isInt() || value.intValue() < 1) {
            return Optional.empty();
        }
        int period = value.intValue();
        OptionalInt phase = LayerKeys.phase(key, period, settings);
        return Optional.of(phase.isPresent() ? layer % period == phase.getAsInt() : layer % period);
    }

    /**
     * Settings that say another thing of a layer of the output than of the layer it is made of.
     *
     * @param section dotted path of the settings
     * @param donor the configuration before
     * @param patched the output's
     */
    static SortedSet<String> untrue(
            String section, ObjectNode donor, ObjectNode patched, LayerChange change) {
        TreeSet<String> untrue = new TreeSet<>();
        JsonNode now = LayerLists.settings(patched, section);
        for (int layer = 0; layer < change.sources().size(); layer++) {
            Map<String, String> facts = of(now, layer, change.sources().size());
            Map<String, String> before = new TreeMap<>();
            int source = change.sources().get(layer);
            before.putAll(of(LayerLists.settings(donor, section), source, change.oldCount()));
            Optional<Origin> origin = change.origins().get(layer);
            origin.ifPresent(
                    lender ->
                            before.putAll(
                                    of(
                                            LayerLists.settings(lender.config(), section),
                                            source,
                                            lender.layers())));
            facts.forEach(
                    (key, fact) -> {
                        if (before.containsKey(key) && !fact.equals(before.get(key))) {
                            untrue.add(key);
                        }
                    });
        }
        return untrue;
    }
}
