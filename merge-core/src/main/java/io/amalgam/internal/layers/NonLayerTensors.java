package io.amalgam.internal.layers;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Tensors outside of layers, told apart by the words in their names: what stands before the layers
 * (embeddings), after them (final norms, heads), and the two ends that may be tied to each other.
 */
public final class NonLayerTensors {
    private static final Set<String> AFTER =
            Set.of(
                    "norm",
                    "ln_f",
                    "norm_f",
                    "final_layernorm",
                    "final_layer_norm",
                    "final_norm",
                    "final_ln",
                    "ln_final",
                    "ln_out",
                    "norm_final",
                    "norm_out",
                    "out_norm",
                    "output_norm",
                    "embedding_norm",
                    "post_layernorm",
                    "layernorm_post",
                    "ln_post",
                    "lm_head",
                    "head",
                    "score",
                    "classifier",
                    "pre_classifier",
                    "pooler",
                    "output",
                    "output_layer",
                    "cls",
                    "qa_outputs",
                    "embed_out",
                    "vocab_transform",
                    "vocab_layer_norm",
                    "vocab_projector",
                    "layer_norm",
                    "layernorm",
                    "v_head",
                    "value_head",
                    "proj_out",
                    "project_out",
                    "final_logits_bias",
                    "lm_loss",
                    "lm_predictions",
                    "mask_predictions",
                    "pred_layer",
                    "predictions",
                    "generator_predictions",
                    "generator_lm_head",
                    "discriminator_predictions");
    private static final Set<String> BEFORE =
            Set.of(
                    "wte",
                    "wpe",
                    "shared",
                    "embedding",
                    "embeddings",
                    "embed_tokens",
                    "tok_embeddings");
    private static final List<String> HEADS =
            List.of(
                    "lm_head.weight",
                    "embed_out.weight",
                    "output.weight",
                    "predictions.decoder.weight",
                    "vocab_projector.weight",
                    "generator_lm_head.weight",
                    "lm_head.out_proj.weight",
                    "lm_head.decoder.weight",
                    "output_layer.weight");
    private static final List<String> EMBEDDINGS =
            List.of(
                    "embed_tokens.weight",
                    "wte.weight",
                    "word_embeddings.weight",
                    "embed_in.weight",
                    "tok_embeddings.weight",
                    "tokens_embed.weight",
                    "word_embedding.weight",
                    "shared.weight",
                    "backbone.embeddings.weight");

    /** What tensors with a row for each token are called, before the last part of their names. */
    private static final Set<String> BY_TOKEN =
            Set.of(
                    "embed_tokens",
                    "embed_tokens_per_layer",
                    "word_embeddings",
                    "tok_embeddings",
                    "embed_in",
                    "embed_out",
                    "embedding",
                    "embeddings",
                    "wte",
                    "shared",
                    "shared_head",
                    "head",
                    "lm_head",
                    "output",
                    "output_layer",
                    "decoder",
                    "predictions",
                    "vocab_projector",
                    "generator_lm_head");

    /** A bias of logits that is no part of a head: one row with a column for each token. */
    private static final List<String> LOGITS = List.of("final_logits_bias");

    private static final List<String> BUFFERS =
            List.of(
                    "rotary_emb.inv_freq",
                    "inv_freq",
                    "masked_bias",
                    "position_ids",
                    "attn.bias",
                    "num_batches_tracked");

    private NonLayerTensors() {}

    /** Whether a tensor outside of layers comes after them; what is not known to comes before. */
    public static boolean isAfterLayers(String name) {
        if (name.equals("decoder.weight") || name.equals("decoder.bias")) {
            // ModernBERT's head; a stack of this name has numbers.
            return true;
        }
        for (String segment : name.toLowerCase(Locale.ROOT).split("\\.", -1)) {
            if (AFTER.contains(segment)) {
                return true;
            }
            if (BEFORE.contains(segment) || segment.contains("embed")) {
                return false;
            }
        }
        return false;
    }

    /** Whether this is an output head's matrix over the vocabulary. */
    public static boolean isHead(String name) {
        return endsWithName(name, HEADS);
    }

    /** Whether this is the input embedding's matrix over the vocabulary. */
    public static boolean isEmbedding(String name) {
        return endsWithName(name, EMBEDDINGS);
    }

    /**
     * Whether the tensor may have a row for each token, or as a single row a column: an embedding,
     * a head, a bias of logits. Whether it does, its size says.
     */
    public static boolean mayBeByToken(String name) {
        if (isHead(name) || isEmbedding(name) || endsWithName(name, LOGITS)) {
            return true;
        }
        int last = name.lastIndexOf('.');
        String owner = last < 0 ? "" : name.substring(name.lastIndexOf('.', last - 1) + 1, last);
        return BY_TOKEN.contains(owner);
    }

    /**
     * Whether a matrix is an embedding (of tokens, positions, segments) or stands after the layers
     * (heads, projections out): what methods for a layer's matrices leave alone unless told.
     */
    public static boolean isEnd(String name) {
        if (isEmbedding(name) || isHead(name) || name.contains("relative_attention_bias")) {
            return true;
        }
        return !NUMBERED.matcher(name).find() && (isAfterLayers(name) || isTable(name));
    }

    private static final Pattern NUMBERED = Pattern.compile("(^|\\.)\\d+\\.");
    private static final Set<String> TABLES = Set.of("wte", "wpe", "shared");

    /** Patches go through a matrix like any other. */
    private static boolean isTable(String name) {
        for (String segment : name.split("\\.", -1)) {
            boolean embeds = segment.contains("embed") && !segment.startsWith("patch");
            if (TABLES.contains(segment) || (embeds && !name.contains("patch_embed"))) {
                return true;
            }
        }
        return name.contains("text_projection");
    }

    /** Whether the tensor is a constant that libraries rebuild, so that a model may lack it. */
    public static boolean isBuffer(String name) {
        return endsWithName(name, BUFFERS);
    }

    private static boolean endsWithName(String name, List<String> endings) {
        for (String ending : endings) {
            if (name.equals(ending) || name.endsWith("." + ending)) {
                return true;
            }
        }
        return false;
    }
}
