package io.amalgam.internal.lora.extract;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint.ModelFacts;
import io.amalgam.internal.config.ConfigNumbers;
import io.amalgam.internal.layers.Conv1d;
import io.amalgam.internal.layers.NonLayerTensors;
import io.amalgam.internal.lora.ModuleTree;
import io.amalgam.tensor.Shape;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Decides which modules PEFT can adapt. It adapts modules by their classes, which no file tells;
 * this is guessed from names and shapes, and whatever is in doubt is not adapted.
 */
final class Adaptable {
    /** How the change of a tensor is written. */
    enum Way {
        /** Factors of an {@code out x in} matrix, or of a convolution. */
        LINEAR,
        /** Factors of an {@code in x out} matrix. */
        TRANSPOSED,
        /** Factors of a matrix that PEFT is told of as a parameter. */
        PARAMETER,
        /** Not factored. */
        WHOLE
    }

    /** Linear modules whose weights fused kernels take without calling them. */
    private static final Set<String> BYPASSED = Set.of("out_proj", "dt_proj", "conv1d");

    /** Architectures in which PEFT refuses to adapt any module of two names. */
    private static final Set<String> REFUSING =
            Set.of("falcon_h1", "mamba", "mamba2", "falcon_mamba", "nemotron_h");

    /** What PEFT takes for experts in a model that has some, wherever it is. */
    private static final Set<String> EXPERT_NAMES =
            Set.of("gate_proj", "up_proj", "down_proj", "w1", "w2", "w3");

    private static final Set<String> TRANSPOSED_EXPERTS =
            Set.of("gpt_oss", "openai_privacy_filter", "aria", "aria_text");

    private static final Set<String> EMBEDDINGS = Set.of("wte", "wpe", "shared");

    private static final Pattern EXPERTS =
            Pattern.compile("(.+\\.)?experts\\.(gate_up_proj|up_proj|down_proj)");

    private final ModuleTree tree;
    private final Map<String, Shape> shapes;
    private final Optional<ObjectNode> config;
    private final String model;
    private final Conv1d conv1d;
    private final boolean transposed;
    private final List<String> heads;
    private final boolean experts;

    /**
     * @param shapes by the modules' names
     * @param model what it is called
     * @param transposed whether the user says that matrices lie as {@code in x out}
     * @param heads what the names of modules end with that are always saved whole
     */
    Adaptable(
            ModuleTree tree,
            Map<String, Shape> shapes,
            Optional<ObjectNode> config,
            String model,
            boolean transposed,
            List<String> heads) {
        this.tree = tree;
        this.shapes = shapes;
        this.config = config;
        this.model = model;
        this.conv1d = new Conv1d(shapes, ModelFacts.of(config));
        this.transposed = transposed;
        this.heads = heads;
        this.experts = shapes.keySet().stream().anyMatch(name -> EXPERTS.matcher(name).matches());
    }

    /** Whether a tensor holds a matrix for each expert, one behind the other. */
    boolean isOfExperts(String name) {
        Shape shape = shapes.get(name);
        return shape != null
                && shape.rank() == 3
                && shape.dim(0) > 1
                && EXPERTS.matcher(name).matches();
    }

    /**
     * Whether experts' matrices lie as {@code in x out} and PEFT knows it: their modules say so, or
     * they lie so in the files alone and are turned as they are loaded.
     */
    boolean expertsAreTransposed() {
        return TRANSPOSED_EXPERTS.contains(type())
                || (type().equals("qwen3_vl_moe") && downIsTurned());
    }

    /** Whether the way out of the experts is as wide as the model in its columns alone. */
    private boolean downIsTurned() {
        long width =
                config.map(
                                c ->
                                        new ConfigNumbers(
                                                        c.path("text_config"),
                                                        model,
                                                        "it tells how the experts' matrices lie")
                                                .whole("hidden_size", 0, 0))
                        .orElse(0);
        return shapes.entrySet().stream()
                .filter(e -> e.getKey().endsWith(".experts.down_proj") && e.getValue().rank() == 3)
                .anyMatch(e -> e.getValue().dim(1) != width && e.getValue().dim(2) == width);
    }

    private String type() {
        return ModelFacts.of(config).type();
    }

    Way way(String name) {
        Shape shape = shapes.get(name);
        String module = ModuleTree.module(name);
        if (shape == null
                || !name.endsWith(".weight")
                || isHead(module)
                || tree.isAround(module)
                || tree.isAmbiguous("." + module)) {
            return Way.WHOLE;
        }
        String leaf = ModuleTree.leaf(module);
        if (shape.rank() == 4) {
            // Of a convolution's groups the shape tells nothing; diffusion models have none.
            boolean plain = type().isEmpty();
            return plain && shape.dim(1) > 1 ? Way.LINEAR : Way.WHOLE;
        }
        if (shape.rank() != 2
                || isEmbedding(name, leaf)
                || isRouter(module, leaf)
                || isBypassed(module, leaf)) {
            return Way.WHOLE;
        }
        if (experts && EXPERT_NAMES.contains(leaf)) {
            return Way.PARAMETER;
        }
        boolean flipped =
                transposed ? Conv1d.isNamed(name) || !conv1d.named() : conv1d.isTransposed(name);
        return flipped ? Way.TRANSPOSED : Way.LINEAR;
    }

    /** Whether PEFT saves the module whole for the model's task. */
    boolean isHead(String module) {
        for (String path = module; !path.isEmpty(); path = ModuleTree.module(path)) {
            if (heads.stream().anyMatch(path::endsWith)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isEmbedding(String name, String leaf) {
        boolean said =
                leaf.contains("emb") || leaf.contains("relative") || leaf.contains("codebook");
        return !NonLayerTensors.isHead(name)
                && (EMBEDDINGS.contains(leaf)
                        || NonLayerTensors.isEmbedding(name)
                        || (said && !leaf.contains("proj")));
    }

    private static boolean isRouter(String module, String leaf) {
        String owner = ModuleTree.leaf(ModuleTree.module(module));
        return Set.of("gate", "wg").contains(leaf)
                || leaf.contains("router")
                || owner.contains("router");
    }

    private boolean isBypassed(String module, String leaf) {
        String owner = ModuleTree.module(module);
        String prefix = owner.isEmpty() ? "" : owner + ".";
        boolean stateSpace = tree.has(prefix + "A_log") && tree.has(prefix + "D");
        boolean attention = tree.has(prefix + "in_proj_weight") && leaf.equals("out_proj");
        boolean refused = REFUSING.contains(type()) && Set.of("out_proj", "conv1d").contains(leaf);
        return attention || refused || (stateSpace && BYPASSED.contains(leaf));
    }
}
