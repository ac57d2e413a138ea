package io.amalgam.internal.formats.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.ConfigChanges;
import io.amalgam.checkpoint.ConfigChanges.LayerChange;
import io.amalgam.checkpoint.ConfigChanges.VocabularyChange;
import io.amalgam.error.Problem;
import io.amalgam.internal.config.ConfigKeys;
import io.amalgam.internal.config.ConfigSections;
import io.amalgam.internal.layers.TiedTensors;
import io.amalgam.internal.layers.VocabularyKeys;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Makes a merged model's {@code config.json} from its donor's. Keys keep their order and all else
 * its value.
 *
 * <p>Where a model has several parts, the language model's settings lie in a section of their own
 * ({@code text_config}, {@code thinker_config.text_config}); a rule below that speaks of the config
 * holds for its top level and for such a section.
 */
public final class ConfigPatch {
    private static final String DECODER_LAYERS = "num_decoder_layers";

    private ConfigPatch() {}

    /**
     * A changed copy of {@code donor}.
     *
     * <ul>
     *   <li>The dtype is set under {@code dtype} and {@code torch_dtype}, whichever are there; at
     *       the top level under {@code dtype} if neither is.
     *   <li>The layer count is set under each of {@code num_hidden_layers}, {@code n_layer}, {@code
     *       n_layers}, {@code num_layers} and {@code depth} whose value is the old count; where the
     *       model has several stacks, under the keys that are about the one: see {@link StackKeys}.
     *   <li>{@code max_window_layers}, the number of first layers that attend to everything,
     *       becomes the number of first output layers made from those; a number of all layers stays
     *       one. Where a number cannot say the new order, {@code layer_types} is added: see {@link
     *       LayerKinds}.
     *   <li>Lists that belong to the layers follow them: see {@link LayerLists}.
     *   <li>{@code architectures} becomes the one name that overrides it.
     *   <li>Whether head and embedding are tied is set under {@code tie_word_embeddings} at the top
     *       level and in the language model's section.
     *   <li>The number of rows for tokens is set where it is there: see {@link VocabularyKeys}. Ids
     *       of special tokens are set where they are there.
     *   <li>How the weights are quantised is set under {@code quantization_config}.
     * </ul>
     *
     * @throws io.amalgam.error.BadInputException if layers change, and a setting about them is not
     *     of the kind it should be: see {@link LayerSettings}
     */
    public static ObjectNode patch(ObjectNode donor, ConfigChanges changes) {
        ObjectNode config = donor.deepCopy();
        changes.dtype().ifPresent(dtype -> setDtype(config, dtype.recipeName()));
        nameDecoderCount(config, changes.layers());
        List<List<String>> counts =
                changes.layers().stream().map(change -> layerCountKeys(config, change)).toList();
        for (int i = 0; i < counts.size(); i++) {
            setLayers(config, changes.layers().get(i), counts.get(i));
        }
        changes.architecture().ifPresent(name -> config.putArray("architectures").add(name));
        changes.tied().ifPresent(tied -> TiedTensors.say(config, tied));
        changes.vocabulary().ifPresent(vocabulary -> setVocabulary(config, vocabulary));
        changes.quantisation().ifPresent(how -> config.set("quantization_config", how));
        return config;
    }

    /** As a file's content: keys in order, an indent of 2, a newline at the end. */
    public static byte[] bytes(ObjectNode config) {
        return JsonFiles.bytes(config);
    }

    /**
     * Dotted paths of the settings that {@link #patch} would take for the layer count; none if it
     * would find none, which is worth a warning.
     */
    public static List<String> layerCountKeys(ObjectNode config, int layers) {
        List<String> found = new ArrayList<>();
        for (String section : sections(config)) {
            ObjectNode settings = section(config, section);
            for (String key : LayerKeys.COUNTS) {
                JsonNode value = settings.path(key);
                if (value.isIntegralNumber()
                        && value.canConvertToInt()
                        && value.intValue() == layers) {
                    found.add(section.isEmpty() ? key : section + "." + key);
                }
            }
        }
        return found;
    }

    /**
     * As {@link #layerCountKeys(ObjectNode, int)}, for one stack of a model that may have several.
     */
    static List<String> layerCountKeys(ObjectNode config, LayerChange change) {
        if (change.stack().isEmpty()) {
            return layerCountKeys(config, change.oldCount());
        }
        ObjectNode named = config.deepCopy();
        nameDecoderCount(named, List.of(change));
        return StackKeys.counts(named, change, LayerKeys.COUNTS);
    }

    /**
     * T5 may leave out the number of its decoder's layers where it is that of its encoder's; it
     * cannot once one of them changes.
     */
    private static void nameDecoderCount(ObjectNode config, List<LayerChange> changes) {
        boolean several = changes.stream().anyMatch(change -> change.stack().isPresent());
        JsonNode both = config.path("num_layers");
        if (several
                && both.isInt()
                && config.path("is_encoder_decoder").asBoolean(false)
                && !config.hasNonNull(DECODER_LAYERS)
                && !config.has("decoder_layers")) {
            config.put(DECODER_LAYERS, both.intValue());
        }
    }

    private static List<String> sectionsOf(ObjectNode config, LayerChange change) {
        return change.stack()
                .map(stack -> StackKeys.sections(config, stack))
                .orElseGet(() -> sections(config));
    }

    /** Dotted paths of settings about layers that are not true of the new order. */
    static List<String> broken(ObjectNode config, LayerChange change) {
        ObjectNode patched = patched(config, change);
        List<String> broken = new ArrayList<>();
        for (String section : sectionsOf(config, change)) {
            LayerKinds.broken(section, config, patched, change).stream()
                    .map(key -> section.isEmpty() ? key : section + "." + key)
                    .forEach(broken::add);
        }
        return broken;
    }

    /** Dotted paths of settings that may be about layers and are left as they are. */
    static List<String> mentions(ObjectNode config, LayerChange change) {
        List<String> mentions =
                new ArrayList<>(LayerMentions.find(config, sectionsOf(config, change), change));
        mentions.removeAll(layerCountKeys(config, change));
        return mentions;
    }

    /** What the configuration says of each layer of a stack, as texts that can be compared. */
    static List<String> facts(ObjectNode config, Optional<ConfigChanges.Stack> stack, int layers) {
        LayerChange change = new LayerChange(layers, List.of(0), List.of(Optional.empty()), stack);
        List<String> sections = sectionsOf(config, change);
        List<String> facts = new ArrayList<>();
        ObjectNode read = LastLayer.asRead(config);
        for (int layer = 0; layer < layers; layer++) {
            StringBuilder text = new StringBuilder();
            for (String section : sections) {
                text.append(LayerFacts.of(section(read, section), layer, layers));
            }
            facts.add(text.toString());
        }
        return facts;
    }

    /** Whether a list counts the layers, where no number does. */
    static boolean isCountedByList(ObjectNode config, LayerChange change) {
        return sectionsOf(config, change).stream()
                .flatMap(section -> section(config, section).properties().stream())
                .anyMatch(
                        entry ->
                                LayerKeys.counts(entry.getKey())
                                        && entry.getValue().size() == change.oldCount());
    }

    private static ObjectNode patched(ObjectNode config, LayerChange change) {
        return patch(
                config,
                new ConfigChanges(
                        Optional.empty(), List.of(change), Optional.empty(), Optional.empty()));
    }

    /** Windows of attention that the new layers had and the changed configuration does not say. */
    static List<Problem> lostWindows(ObjectNode config, LayerChange change) {
        ObjectNode patched = LastLayer.asRead(patched(config, change));
        return sectionsOf(config, change).stream()
                .map(section -> LayerWindows.lost(section, config, patched, change))
                .flatMap(Optional::stream)
                .toList();
    }

    private static void setDtype(ObjectNode config, String dtype) {
        if (ConfigKeys.DTYPES.stream().noneMatch(config::has)) {
            config.put(ConfigKeys.DTYPE, dtype);
        }
        for (String section : sections(config)) {
            ObjectNode settings = section(config, section);
            ConfigKeys.DTYPES.stream()
                    .filter(settings::has)
                    .forEach(key -> settings.put(key, dtype));
        }
    }

    private static void setLayers(ObjectNode config, LayerChange change, List<String> countKeys) {
        for (String key : countKeys) {
            int dot = key.lastIndexOf('.');
            ObjectNode settings = section(config, dot < 0 ? "" : key.substring(0, dot));
            settings.put(key.substring(dot + 1), change.sources().size());
        }
        for (String section : sectionsOf(config, change)) {
            ObjectNode settings = section(config, section);
            LayerSettings.check(section, settings, change);
            List<String> keys = new ArrayList<>();
            settings.fieldNames().forEachRemaining(keys::add);
            for (String key : keys) {
                JsonNode value = settings.get(key);
                if (value instanceof ObjectNode object) {
                    if (LayerKeys.role(key) == LayerKeys.Role.KEYED) {
                        settings.set(key, LayerLists.keyed(section, key, object, change));
                    }
                } else {
                    settings.set(key, LayerLists.follow(section, key, value, change));
                }
            }
            LayerKinds.follow(section, settings, change);
            setExtra(settings, change);
        }
    }

    /** Layers behind the last are counted by a setting of their own. */
    private static void setExtra(ObjectNode settings, LayerChange change) {
        if (change.extra() == 0) {
            return;
        }
        List<String> keys = new ArrayList<>();
        settings.fieldNames().forEachRemaining(keys::add);
        keys.stream()
                .filter(key -> LayerKeys.role(key) == LayerKeys.Role.EXTRA)
                .forEach(key -> settings.put(key, change.extra()));
    }

    private static void setVocabulary(ObjectNode config, VocabularyChange vocabulary) {
        VocabularyKeys.set(config, vocabulary.rows(), vocabulary.before());
        for (ObjectNode section : ConfigSections.of(config)) {
            vocabulary
                    .tokenIds()
                    .forEach(
                            (key, id) -> {
                                if (section.has(key)) {
                                    section.set(key, id);
                                }
                            });
        }
    }

    /**
     * Dotted paths of the top level, which is the empty text, and of the language model's sections
     * that are there.
     */
    private static List<String> sections(ObjectNode config) {
        List<String> present = new ArrayList<>();
        addSections(config, "", present);
        return present;
    }

    private static void addSections(ObjectNode settings, String path, List<String> present) {
        present.add(path);
        for (String name : ConfigSections.NAMES) {
            if (settings.get(name) instanceof ObjectNode section) {
                addSections(section, path.isEmpty() ? name : path + "." + name, present);
            }
        }
    }

    private static ObjectNode section(ObjectNode config, String path) {
        ObjectNode section = config;
        for (String name : path.isEmpty() ? new String[0] : path.split("\\.")) {
            section = (ObjectNode) section.get(name);
        }
        return section;
    }
}
