package io.amalgam.internal.formats.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.ConfigChanges.LayerChange;
import io.amalgam.checkpoint.ConfigChanges.Stack;
import io.amalgam.internal.layers.PartSynonyms;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Settings that look as if they spoke of single layers and that no rule here knows: by a word in
 * their names, a list with a value for each layer, an object whose keys are layer numbers, a number
 * that is the count of layers or the last one's, a text that names a layer's tensors.
 */
final class LayerMentions {
    private static final Pattern WORDS =
            Pattern.compile(
                    ".*(layer|block|depth|idx|index|indices|period|interval|pattern|every|step|out_features).*");

    /** Numbers that are often that of the layers by chance. */
    private static final Pattern SIZES =
            Pattern.compile(
                    ".*(head|dim|size|rank|expert|group|token|top_?k|kernel|conv|channel|width|state"
                            + "|eps|dropout|theta|factor|range|positions?|length|window|vocab|hidden"
                            + "|scale|scaling|labels|bits|version|expand|beam|embd|ratio|patch|loss"
                            + "|multiplier|coef|conv|chunk|slots|inputs|outputs|capacity|altup|laurel"
                            + "|d_model|d_ff|d_kv|n_inner|pooling|bins|pretraining_tp|buckets|topk).*"
                            + "|moe_k|num_frames|max_.*");

    private static final Pattern TENSOR =
            Pattern.compile("(.*\\.)?(layers?|h|blocks?)\\.\\d+(\\..*)?");
    private static final Pattern DIGITS = Pattern.compile("\\d+");
    private static final Set<String> NOT_LAYERS =
            Set.of(
                    "rope_parameters",
                    "rope_scaling",
                    "task_specific_params",
                    "id2label",
                    "label2id",
                    "auto_map");
    private static final Set<String> PARTS =
            Set.of(
                    PartSynonyms.TEXT,
                    PartSynonyms.VISION,
                    PartSynonyms.AUDIO,
                    PartSynonyms.ENCODER,
                    PartSynonyms.DECODER,
                    PartSynonyms.PROJECTOR,
                    "qformer",
                    "mtp");

    private final LayerChange change;
    private final Set<String> others;
    private final List<String> found = new ArrayList<>();

    private LayerMentions(LayerChange change) {
        this.change = change;
        this.others = new TreeSet<>(PARTS);
        change.stack()
                .map(Stack::words)
                .ifPresentOrElse(others::removeAll, () -> others.remove(PartSynonyms.TEXT));
    }

    /**
     * Dotted paths of such settings.
     *
     * @param sections the sections about the changed layers
     */
    static List<String> find(ObjectNode config, List<String> sections, LayerChange change) {
        LayerMentions mentions = new LayerMentions(change);
        if (!inPlace(change)) {
            mentions.walk(config, "", sections, sections.contains(""));
        }
        return mentions.found;
    }

    /** What is true of a place stays true where each layer is in its own. */
    private static boolean inPlace(LayerChange change) {
        for (int i = 0; i < change.sources().size(); i++) {
            if (change.sources().get(i) != i) {
                return false;
            }
        }
        return change.sources().size() == change.oldCount();
    }

    /**
     * @param own whether these settings are about the layers; else only those are that name the
     *     part
     */
    private void walk(ObjectNode settings, String path, List<String> sections, boolean own) {
        for (Map.Entry<String, JsonNode> entry : settings.properties()) {
            String key = entry.getKey();
            String inner = path.isEmpty() ? key : path + "." + key;
            Set<String> words = PartSynonyms.of(key);
            boolean others = words.stream().anyMatch(this.others::contains);
            boolean named =
                    change.stack().isPresent()
                            && words.stream()
                                    .anyMatch(
                                            word ->
                                                    PARTS.contains(word)
                                                            && !this.others.contains(word));
            if (entry.getValue() instanceof ObjectNode section && !keyed(section)) {
                if (sections.contains(inner) || (!others && !NOT_LAYERS.contains(key))) {
                    walk(section, inner, sections, sections.contains(inner) || own);
                }
            } else if (!others && (own || named) && mentions(key, entry.getValue())) {
                found.add(inner);
            }
        }
    }

    private static boolean keyed(ObjectNode value) {
        List<String> keys = new ArrayList<>();
        value.fieldNames().forEachRemaining(keys::add);
        return !keys.isEmpty() && keys.stream().allMatch(key -> DIGITS.matcher(key).matches());
    }

    private boolean mentions(String key, JsonNode value) {
        if (NOT_LAYERS.contains(key)) {
            return false;
        }
        return switch (LayerKeys.role(key, value)) {
            case UNKNOWN -> unknown(key, value);
            case STATE ->
                    value.isArray()
                            ? anyFromTheStart(value)
                            : value.isInt() && value.intValue() > 0;
            case BY_DEPTH -> value.isNumber() || value.asBoolean();
            case NUMBERS, PLACES ->
                    value.isArray() && LayerLists.numbers(value, change.oldCount()).isEmpty();
            default -> false;
        };
    }

    private static boolean anyFromTheStart(JsonNode list) {
        for (JsonNode number : list) {
            if (number.asInt() >= 0) {
                return true;
            }
        }
        return false;
    }

    private boolean unknown(String key, JsonNode value) {
        boolean worded = WORDS.matcher(key).matches();
        if (value instanceof ObjectNode) {
            return true;
        }
        if (value.isArray()) {
            return (!value.isEmpty()
                            && (worded
                                    || (value.size() == change.oldCount()
                                            && !SIZES.matcher(key).matches()
                                            && !key.equals("architectures"))))
                    || tensors(value).isPresent();
        }
        if (value.isInt()) {
            int number = value.intValue();
            boolean count =
                    number > 1 && (number == change.oldCount() || number == change.oldCount() - 1);
            return worded ? number != 0 : count && !SIZES.matcher(key).matches();
        }
        return value.isTextual()
                && (TENSOR.matcher(value.asText()).matches() || key.contains("pattern"));
    }

    private static Optional<String> tensors(JsonNode list) {
        for (JsonNode text : list) {
            if (text.isTextual() && TENSOR.matcher(text.asText()).matches()) {
                return Optional.of(text.asText());
            }
        }
        return Optional.empty();
    }
}
