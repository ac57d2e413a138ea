package io.amalgam.internal.layers;

import io.amalgam.checkpoint.Checkpoint.ModelFacts;
import io.amalgam.tensor.Shape;
import java.util.Map;
import java.util.Set;

/**
 * Recognises matrices stored as {@code in x out}: those of transformers' {@code Conv1D}, used in
 * GPT-2 and similar models. Others use the same names for ordinary ones; a bias as long as the
 * columns and not as the rows gives it away, then the architecture.
 */
public final class Conv1d {
    private static final Set<String> NAMES = Set.of("c_attn", "c_proj", "c_fc", "q_attn");
    private static final Set<String> TYPES =
            Set.of(
                    "gpt2",
                    "openai-gpt",
                    "imagegpt",
                    "decision_transformer",
                    "clvp",
                    "clvp_decoder");

    private final Map<String, Shape> shapes;
    private final boolean used;

    /**
     * @param shapes of the model's tensors, by name
     */
    public Conv1d(Map<String, Shape> shapes, ModelFacts facts) {
        this.shapes = shapes;
        int votes = 0;
        for (String name : shapes.keySet()) {
            if (isNamed(name)) {
                votes += vote(module(name));
            }
        }
        this.used = votes > 0 || (votes == 0 && isFamily(facts));
    }

    /** Whether a model, or a part of it, is of the few that are built so; not gpt_bigcode. */
    public static boolean isFamily(ModelFacts facts) {
        return facts.types().stream().anyMatch(TYPES::contains);
    }

    /** Whether a weight has a name that {@code Conv1D} has in some models. */
    public static boolean isNamed(String weight) {
        return weight.endsWith(".weight") && NAMES.contains(leaf(module(weight)));
    }

    /** Whether any matrix of the model has such a name. */
    public boolean named() {
        return shapes.keySet().stream().anyMatch(Conv1d::isNamed);
    }

    /** Whether a weight lies as {@code in x out}. */
    public boolean isTransposed(String weight) {
        if (!isNamed(weight)) {
            return false;
        }
        int vote = vote(module(weight));
        return vote == 0 ? used : vote > 0;
    }

    private static String module(String parameter) {
        return parameter.substring(0, Math.max(0, parameter.lastIndexOf('.')));
    }

    private static String leaf(String module) {
        return module.substring(module.lastIndexOf('.') + 1);
    }

    private int vote(String module) {
        Shape weight = shapes.get(module + ".weight");
        Shape bias = shapes.get(module + ".bias");
        if (weight == null || bias == null || weight.rank() != 2 || bias.rank() != 1) {
            return 0;
        }
        boolean rows = bias.dim(0) == weight.dim(0);
        boolean cols = bias.dim(0) == weight.dim(1);
        return Boolean.compare(cols, rows);
    }
}
