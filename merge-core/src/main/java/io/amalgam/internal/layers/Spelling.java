package io.amalgam.internal.layers;

import java.util.List;
import java.util.regex.Pattern;

/**
 * A tensor name without the segments that vary between libraries, so that two names of one tensor
 * are equal. How far names are taken apart is a matter of degree, because the more is left out, the
 * more must be checked.
 */
enum Spelling {
    /**
     * Without the outermost model's name, and with today's names of layer norms' parameters and of
     * a head.
     */
    OUTER {
        @Override
        String plain(String name) {
            return without(OUTERMOST, current(name));
        }
    },
    /** Also without what says that the layers are those of a language model. */
    LANGUAGE {
        @Override
        String plain(String name) {
            return without(LANGUAGE_MODELS, inside(current(name)));
        }
    },
    /** Also without what says that the layers are those of a vision model. */
    VISION {
        @Override
        String plain(String name) {
            return without(VISION_MODELS, LANGUAGE.plain(name));
        }
    };

    private static final List<String> OUTERMOST =
            List.of(
                    "model.",
                    "transformer.",
                    "bert.",
                    "roberta.",
                    "distilbert.",
                    "electra.",
                    "albert.",
                    "deberta.",
                    "vit.",
                    "gpt_neox.",
                    "backbone.");
    private static final List<String> LANGUAGE_MODELS =
            List.of("model.", "language_model.", "text_model.", "thinker.");
    private static final List<String> VISION_MODELS = List.of("vision_model.");

    /**
     * Parts inside of a name, each with what it is called today. Later ones see what earlier ones
     * made.
     */
    private static final List<Part> INSIDE =
            List.of(
                    new Part("(?<=_tower\\.)vision_model\\.", ""),
                    new Part("(?<=\\.)block_sparse_moe\\.", "mlp."),
                    // The router of a mixture of experts, and the bias that only it reads.
                    new Part("(?<=\\.mlp\\.)router\\.(layer\\.)?", "gate."),
                    new Part(
                            "(?<=\\.mlp\\.)gate\\.(?=moe_statics\\.|e_score_correction_bias$)", ""),
                    // All experts' matrices in one tensor.
                    new Part("(?<=\\.mlp\\.)input_linear\\.weight$", "experts.gate_up_proj"),
                    new Part("(?<=\\.mlp\\.)output_linear\\.weight$", "experts.down_proj"));

    private record Part(Pattern pattern, String today) {
        Part(String pattern, String today) {
            this(Pattern.compile(pattern), today);
        }
    }

    /** The name without what is left out at this degree. */
    abstract String plain(String name);

    private static String without(List<String> outers, String name) {
        String rest = name;
        for (int i = 0; i < outers.size(); i++) {
            String outer = outers.get(i);
            if (rest.length() > outer.length() && rest.startsWith(outer)) {
                rest = rest.substring(outer.length());
                i = -1;
            }
        }
        return rest;
    }

    private static String inside(String name) {
        String plain = without(OUTERMOST, name);
        for (Part part : INSIDE) {
            plain = part.pattern().matcher(plain).replaceAll(part.today());
        }
        return plain;
    }

    private static String current(String name) {
        if (name.equals("embed_out.weight")) {
            return "lm_head.weight";
        }
        if (name.endsWith("LayerNorm.gamma")) {
            return name.substring(0, name.length() - "gamma".length()) + "weight";
        }
        if (name.endsWith("LayerNorm.beta")) {
            return name.substring(0, name.length() - "beta".length()) + "bias";
        }
        return name;
    }
}
