package io.amalgam.internal.formats.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.ConfigChanges.LayerChange;
import io.amalgam.checkpoint.ConfigChanges.MergedLayer;
import io.amalgam.checkpoint.ConfigChanges.Origin;
import io.amalgam.error.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The attention of each layer by a configuration: the whole text, or a window of the latest tokens.
 * A config has one size of windows; where it has none, or a layer is made of layers of both kinds,
 * it cannot say of the output's layers what they were.
 */
final class LayerWindows {
    private static final String LAYERS = "num_hidden_layers";
    static final String WINDOW = "sliding_window";
    static final String USED = "use_sliding_window";

    private LayerWindows() {}

    /**
     * What is not said of the output's layers.
     *
     * @param section dotted path of the settings
     * @param donor the configuration before
     * @param patched the output's
     */
    static Optional<Problem> lost(
            String section, ObjectNode donor, ObjectNode patched, LayerChange change) {
        int first = -1;
        long wanted = 0;
        int count = 0;
        for (int layer = 0; layer < change.sources().size(); layer++) {
            long now = window(patched, section, layer);
            for (MergedLayer part : parts(change, layer)) {
                ObjectNode config = part.origin().map(Origin::config).orElse(donor);
                boolean said =
                        describes(config, section) && window(config, section, part.layer()) != now;
                if (said) {
                    if (count++ == 0) {
                        first = layer;
                        wanted = window(config, section, part.layer());
                    }
                    break;
                }
            }
        }
        if (count == 0 || !describes(patched, section)) {
            return Optional.empty();
        }
        String more =
                count == 1
                        ? ""
                        : " (and " + (count - 1) + (count == 2 ? " more layer)" : " more layers)");
        return Optional.of(
                Problem.expected(
                                "what layer " + first + " of the output" + more + " sees",
                                seen(wanted) + " as a layer it is made of",
                                seen(window(patched, section, first)))
                        .hint(
                                "config.json cannot say both: take layers of one kind, or expect other results for longer texts"));
    }

    private static List<MergedLayer> parts(LayerChange change, int layer) {
        List<MergedLayer> parts = new ArrayList<>();
        parts.add(new MergedLayer(change.sources().get(layer), change.origins().get(layer)));
        parts.addAll(change.mergedWith().get(layer));
        return parts;
    }

    private static boolean describes(ObjectNode config, String section) {
        return LayerLists.setting(config, section, LAYERS).isInt();
    }

    private static String seen(long window) {
        return window == 0 ? "everything" : "the latest " + window + " tokens";
    }

    /** Tokens that a layer sees; 0 for all. */
    private static long window(ObjectNode config, String section, int layer) {
        JsonNode window = LayerLists.setting(config, section, WINDOW);
        JsonNode used = LayerLists.setting(config, section, USED);
        if (!window.isIntegralNumber() || (used.isBoolean() && !used.booleanValue())) {
            return 0;
        }
        JsonNode types = LayerLists.setting(config, section, "layer_types");
        if (types.has(layer)) {
            return types.get(layer).asText().equals("sliding_attention") ? window.longValue() : 0;
        }
        JsonNode full = LayerLists.setting(config, section, "max_window_layers");
        JsonNode pattern = LayerLists.setting(config, section, "sliding_window_pattern");
        boolean everything =
                (used.isBoolean() && full.isInt() && layer < full.intValue())
                        || (pattern.isInt()
                                && pattern.intValue() > 1
                                && (layer + 1) % pattern.intValue() == 0);
        return everything ? 0 : window.longValue();
    }
}
