package io.amalgam.internal.recipe.yaml;

import io.amalgam.error.Suggestions;
import io.amalgam.internal.recipe.AlignmentSettings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The kinds of mappings a recipe has, and the keys each may have. */
enum MappingKind {
    RECIPE(
            "at the top level",
            "merge_method",
            "models",
            "slices",
            "modules",
            "base_model",
            "parameters",
            "dtype",
            "out_dtype",
            "tokenizer_source",
            "tokenizer",
            "chat_template",
            "align",
            "name"),
    SOURCE("in an item of 'sources'", "model", "layer_range", "parameters", "align"),
    MODEL("in an item of 'models'", "model", "statistics", "parameters", "align"),
    ALIGN("in 'align'", AlignmentSettings.NAMES, "method", "to"),
    MODULE("in a module", "models", "slices", "parameters"),
    SLICE("in an item of 'slices'", "sources", "base_model", "parameters", "residual_weight"),
    REFERENCE("in a model reference", "model", "lora", "override_architecture", "align"),
    PATH("in a path", "path", "revision"),
    ADAPTER("in an adapter", "path", "revision", "weight"),
    MOE(
            "at the top level",
            "base_model",
            "experts",
            "shared_experts",
            "gate_mode",
            "experts_per_token",
            "dtype",
            "architecture"),
    EXPERT(
            "in an expert",
            "source_model",
            "positive_prompts",
            "negative_prompts",
            "noise_scale",
            "residual_scale"),
    TOKENIZER("in 'tokenizer'", "source", "tokens", "pad_to_multiple_of"),
    TOKEN("in an entry of 'tokens'", "source", "force"),
    TOKEN_SOURCE("in a token's source", "kind", "model", "token", "token_id"),
    CONDITION("in a filtered value", "filter", "value");

    /**
     * Well-known parameters of merge methods, for hints only: which ones a recipe may have, its
     * method knows.
     */
    private static final List<String> PARAMETERS =
            List.of(
                    "weight",
                    "density",
                    "gamma",
                    "epsilon",
                    "scale",
                    "lambda",
                    "normalize",
                    "rescale",
                    "int8_mask",
                    "t",
                    "filter_wise",
                    "max_iter",
                    "tol",
                    "normalize_weights",
                    "eps",
                    "select_topk",
                    "nuslerp_row_wise",
                    "nuslerp_flatten",
                    "trim");

    /** What a model's revision is called elsewhere. */
    private static final Pattern REVISION = Pattern.compile("(.*[_-])?(revision|rev)");

    /** At the top level, these may be notes. */
    private static final Pattern REVISION_OF_ONE =
            Pattern.compile("branch|tag|commit|commit_hash|commit_sha");

    private static final List<MappingKind> PLACES = List.of(RECIPE, SOURCE, MODEL, SLICE, MODULE);

    private final String place;

    @SuppressWarnings("ImmutableEnumChecker") // Made by Stream.toList.
    private final List<String> keys;

    MappingKind(String place, String... keys) {
        this(place, List.of(), keys);
    }

    MappingKind(String place, List<String> more, String... keys) {
        this.place = place;
        this.keys = Stream.concat(Stream.of(keys), more.stream()).toList();
    }

    List<String> keys() {
        return keys;
    }

    /**
     * The key, or the parameter, that an unknown key was meant to be: one so near that the recipe
     * cannot mean anything else. Names that are known elsewhere are no misspellings.
     */
    Optional<String> misspelt(String unknown) {
        boolean elsewhere =
                PARAMETERS.contains(unknown)
                        || Arrays.stream(values()).anyMatch(level -> level.keys.contains(unknown));
        return elsewhere ? Optional.empty() : Suggestions.misspelling(unknown, candidates());
    }

    /** Whether a key selects a model's revision. */
    boolean selectsRevision(String key) {
        boolean top = this == RECIPE || this == MOE;
        return REVISION.matcher(key).matches() || (!top && REVISION_OF_ONE.matcher(key).matches());
    }

    /** How a revision is written, for a key that was meant to be one. */
    String revisionHint() {
        return keys.contains("revision")
                ? "write 'revision'"
                : "a revision is part of the model's name: write 'org/name@revision', or {model: {path: ..., revision: ...}}";
    }

    private List<String> candidates() {
        List<String> candidates = new ArrayList<>(keys);
        if (keys.contains("parameters")) {
            // Names of one or two letters are near to everything.
            PARAMETERS.stream().filter(name -> name.length() > 3).forEach(candidates::add);
        }
        return candidates;
    }

    /** What to do about a key that this level does not have. */
    String hintFor(String unknown) {
        boolean hasParameters = keys.contains("parameters");
        if (hasParameters && PARAMETERS.contains(unknown)) {
            return "it belongs under 'parameters', if the method has it";
        }
        if (this == RECIPE && TOKENIZER.keys.contains(unknown)) {
            return "it belongs under 'tokenizer'";
        }
        if (this == RECIPE && unknown.equals("search")) {
            return "it is for 'amalgam search', and has no effect here";
        }
        String near = Suggestions.nearest(unknown, candidates()).orElse("");
        if (keys.contains(near)) {
            return "did you mean '" + near + "'?";
        }
        if (!near.isEmpty()) {
            return "did you mean '" + near + "', under 'parameters'?";
        }
        for (MappingKind other : PLACES) {
            if (hasParameters && other.keys.contains(unknown)) {
                return "it belongs " + other.place;
            }
        }
        return "known here: " + String.join(", ", keys);
    }
}
