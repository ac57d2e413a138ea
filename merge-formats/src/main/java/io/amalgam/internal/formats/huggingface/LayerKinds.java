package io.amalgam.internal.formats.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.ConfigChanges.LayerChange;
import io.amalgam.internal.formats.huggingface.LayerKeys.Role;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntPredicate;

/**
 * Numbers in a config that say which layers are of which kind: the first so many ({@code
 * max_window_layers}, {@code first_k_dense_replace}), the last so many ({@code
 * num_kv_shared_layers}), those from one to another ({@code moe_layer_start_index}), or every so
 * many ({@code sliding_window_pattern}, ...). A new order of layers may be one that such a number
 * cannot say.
 */
final class LayerKinds {
    private static final String WINDOW = "max_window_layers";
    private static final String PATTERN = "sliding_window_pattern";
    private static final String TYPES = "layer_types";
    private static final String SLIDING = "sliding_attention";
    private static final String FULL = "full_attention";
    private static final String START = "moe_layer_start_index";
    private static final String END = "moe_layer_end_index";

    /** What these say of a layer's window is said of the window: see {@link LayerWindows}. */
    private static final Set<String> OF_WINDOWS = Set.of(WINDOW, PATTERN);

    private LayerKinds() {}

    /**
     * Sets the numbers of first and last layers; where a window's number or pattern cannot say the
     * new order, {@code layer_types} is written, which can.
     */
    static void follow(String section, ObjectNode settings, LayerChange change) {
        boolean typed = settings.path(TYPES).isArray();
        List<Boolean> full = flags(section, settings, WINDOW, change);
        setRange(section, settings, change);
        List<String> keys = new ArrayList<>();
        settings.fieldNames().forEachRemaining(keys::add);
        for (String key : keys) {
            List<Boolean> flags = flags(section, settings, key, change);
            if (!flags.isEmpty() && LayerKeys.role(key) == Role.FIRST) {
                setFirst(settings, key, flags, change);
            } else if (!flags.isEmpty()) {
                Collections.reverse(flags);
                settings.put(key, leading(flags));
            }
        }
        if (!typed && scattered(full) && settings.path("use_sliding_window").asBoolean(false)) {
            types(settings, full::get, full.size());
        }
        int pattern = settings.path(PATTERN).isInt() ? settings.path(PATTERN).intValue() : 0;
        if (!typed && breaks(pattern, change)) {
            List<Integer> sources = change.sources();
            types(settings, i -> (sources.get(i) + 1) % pattern == 0, sources.size());
        }
    }

    private static void types(ObjectNode settings, IntPredicate full, int layers) {
        ArrayNode types = settings.putArray(TYPES);
        for (int i = 0; i < layers; i++) {
            types.add(full.test(i) ? FULL : SLIDING);
        }
    }

    /** Settings that the new order of layers makes untrue and that nothing here can mend. */
    static List<String> broken(
            String section, ObjectNode donor, ObjectNode patched, LayerChange change) {
        Set<String> untrue = LayerFacts.untrue(section, donor, patched, change);
        untrue.removeAll(OF_WINDOWS);
        if (untrue.contains(START)) {
            untrue.remove(END);
        }
        List<String> inOrder = new ArrayList<>();
        LayerLists.settings(donor, section)
                .fieldNames()
                .forEachRemaining(
                        key -> inOrder.addAll(untrue.contains(key) ? List.of(key) : List.of()));
        return inOrder;
    }

    private static boolean breaks(int period, LayerChange change) {
        for (int i = 0; period > 1 && i < change.sources().size(); i++) {
            if (change.sources().get(i) % period != i % period) {
                return true;
            }
        }
        return false;
    }

    /**
     * For each output layer, whether it was one of its model's first or last so many; empty if the
     * donor does not count them.
     */
    private static List<Boolean> flags(
            String section, ObjectNode settings, String key, LayerChange change) {
        Role role = LayerKeys.role(key);
        JsonNode donors = settings.path(key);
        if (!donors.isInt() || (role != Role.FIRST && role != Role.LAST)) {
            return List.of();
        }
        List<Boolean> flags = new ArrayList<>();
        for (int i = 0; i < change.sources().size(); i++) {
            Optional<JsonNode> own =
                    change.origins()
                            .get(i)
                            .map(origin -> LayerLists.setting(origin.config(), section, key))
                            .filter(JsonNode::isInt);
            int layers =
                    own.isPresent()
                            ? change.origins().get(i).orElseThrow().layers()
                            : change.oldCount();
            int count = own.orElse(donors).intValue();
            int source = change.sources().get(i);
            flags.add(role == Role.FIRST ? source < count : source >= layers - count);
        }
        return flags;
    }

    private static int leading(List<Boolean> first) {
        int end = first.indexOf(false);
        return end < 0 ? first.size() : end;
    }

    private static boolean scattered(List<Boolean> first) {
        return first.lastIndexOf(true) >= leading(first);
    }

    /** A number of all layers stays one. */
    private static void setFirst(
            ObjectNode settings, String key, List<Boolean> first, LayerChange change) {
        int old = settings.path(key).intValue();
        int layers = first.size();
        boolean all = old >= change.oldCount() && leading(first) == layers;
        settings.put(key, all && old > change.oldCount() ? Math.max(old, layers) : leading(first));
    }

    /** Whether a layer is between the first and the last of a kind; empty if neither is said. */
    static Optional<Boolean> inRange(JsonNode settings, int layer, int layers) {
        JsonNode start = settings.path(START);
        JsonNode end = settings.path(END);
        if (!start.isInt() && !end.isInt()) {
            return Optional.empty();
        }
        int last = end.isInt() && end.intValue() >= 0 ? end.intValue() : layers - 1;
        return Optional.of(layer >= start.asInt(0) && layer <= last);
    }

    /** The first and the last of the output's layers that were in their model's range. */
    private static void setRange(String section, ObjectNode settings, LayerChange change) {
        List<Boolean> flags = new ArrayList<>();
        for (int i = 0; i < change.sources().size(); i++) {
            int source = change.sources().get(i);
            Optional<Boolean> own =
                    change.origins()
                            .get(i)
                            .flatMap(
                                    origin ->
                                            inRange(
                                                    LayerLists.settings(origin.config(), section),
                                                    source,
                                                    origin.layers()));
            own.or(() -> inRange(settings, source, change.oldCount())).ifPresent(flags::add);
        }
        if (flags.size() < change.sources().size() || !flags.contains(true)) {
            return;
        }
        if (settings.path(START).isInt()) {
            settings.put(START, flags.indexOf(true));
        }
        int last = flags.lastIndexOf(true);
        boolean open = settings.path(END).asInt() < 0 && last == flags.size() - 1;
        if (settings.path(END).isInt() && !open) {
            settings.put(END, last);
        }
    }
}
