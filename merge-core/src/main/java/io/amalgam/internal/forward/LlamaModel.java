package io.amalgam.internal.forward;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.Checkpoint.ModelFacts;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.config.ConfigNumbers;
import io.amalgam.internal.layers.NonLayerTensors;
import io.amalgam.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A model that can be run: the tensors its configuration asks for, each in the shape it says.
 *
 * @param name what the user calls it
 * @param tensors those that the pass reads, no others
 * @param head [vocabulary, width]: the embedding where they are tied
 * @param inner width of the feed-forward part
 */
public record LlamaModel(
        String name,
        LlamaShape shape,
        Map<String, TensorSource> tensors,
        TensorSource head,
        long inner,
        List<Problem> warnings) {
    static final String EMBEDDING = "model.embed_tokens.weight";
    static final String HEAD = "lm_head.weight";
    static final String NORM = "model.norm.weight";
    private static final String HINT = "this version runs Llama, Mistral, Qwen2 and Qwen3 models";
    private static final int SHOWN = 3;

    public LlamaModel {
        tensors = Map.copyOf(tensors);
        warnings = List.copyOf(warnings);
    }

    /** Whether models of this type can be run; shapes and settings may still be in the way. */
    public static boolean isKnown(Checkpoint model) {
        return LlamaShape.TYPES.contains(model.facts().type());
    }

    /**
     * @param name what the user calls the model
     * @throws BadInputException with everything that keeps it from being run
     */
    public static LlamaModel of(Checkpoint model, String name) {
        ObjectNode config =
                model.config()
                        .orElseThrow(
                                () ->
                                        new BadInputException(
                                                Problem.expected(
                                                                "model '" + name + "'",
                                                                "a config.json",
                                                                "none")
                                                        .hint("give the model's folder")));
        if (!isKnown(model)) {
            String type = model.facts().type();
            throw new BadInputException(
                    Problem.expected(
                                    "type of model '" + name + "'",
                                    "one of " + String.join(", ", LlamaShape.TYPES),
                                    type.isEmpty() ? "none in config.json" : "'" + type + "'")
                            .hint(HINT));
        }
        model.quantisation()
                .filter(how -> !how.readable())
                .ifPresent(
                        how -> {
                            throw new BadInputException(
                                    Problem.expected(
                                                    "weights of model '" + name + "'",
                                                    "dense, or quantised in a way that can be read",
                                                    how.name())
                                            .hint("dequantise it first"));
                        });
        return new Builder(model, config, name).build();
    }

    /** What is read once for all the tokens of a run, in bytes. */
    public long storedBytes() {
        long sum = tensors.values().stream().mapToLong(TensorSource::storedBytes).sum();
        return tied() ? sum : sum + head.storedBytes();
    }

    /** What is odd about windows of so many tokens. */
    public Optional<Problem> stretching(int window) {
        int positions = shape.positions();
        if (positions == 0 || window <= positions) {
            return Optional.empty();
        }
        Problem longer =
                Problem.expected(
                        "windows for model '" + name + "'",
                        "at most " + positions + " tokens, as it is made for",
                        window);
        return Optional.of(
                shape.rotary().type().equals("dynamic")
                        ? longer.hint("positions of each are stretched by its own length")
                        : longer);
    }

    /** Whether the embedding is the head too. */
    public boolean tied() {
        return tensors.containsValue(head);
    }

    /** All tensors, a head of its own among them, by name. */
    public Map<String, TensorSource> parameters() {
        Map<String, TensorSource> parameters = new TreeMap<>(tensors);
        if (!tied()) {
            parameters.put(HEAD, head);
        }
        return parameters;
    }

    public long vocabulary() {
        return head.info().shape().dim(0);
    }

    /** Collects the tensors, and what is wrong with them. */
    private static final class Builder {
        private final Map<String, ? extends TensorSource> all;
        private final ObjectNode config;
        private final String name;
        private final LlamaShape shape;
        private final Map<String, TensorSource> used = new LinkedHashMap<>();
        private final List<Problem> problems = new ArrayList<>();
        private final List<String> missing = new ArrayList<>();

        Builder(Checkpoint model, ObjectNode config, String name) {
            this.all = model.tensors();
            this.config = config;
            this.name = name;
            int layers = (int) ModelFacts.of(config).layers();
            if (layers < 1) {
                throw new BadInputException(
                        Problem.expected(
                                "'num_hidden_layers' in config.json of model '" + name + "'",
                                "a whole number from 1 up",
                                config.path("num_hidden_layers").isMissingNode()
                                        ? "nothing"
                                        : config.path("num_hidden_layers")));
            }
            this.shape = LlamaShape.of(config, layers, name, HINT);
        }

        LlamaModel build() {
            long inner = new ConfigNumbers(config, name, HINT).whole("intermediate_size", 1, 0);
            long vocabulary = Math.max(0, ModelFacts.of(config).vocabulary());
            TensorSource embedding = take(EMBEDDING, vocabulary, shape.hidden());
            for (int layer = 0; layer < shape.layers(); layer++) {
                layer("model.layers." + layer + ".", inner);
            }
            take(NORM, shape.hidden());
            // A head of its own is used even where the two are said to be one.
            boolean tied = ModelFacts.of(config).tied().orElse(false) && !all.containsKey(HEAD);
            TensorSource head = tied ? embedding : own(HEAD, vocabulary, shape.hidden());
            sayMissing();
            if (!problems.isEmpty()) {
                throw new BadInputException(problems);
            }
            return new LlamaModel(name, shape, used, Objects.requireNonNull(head), inner, unused());
        }

        private void layer(String prefix, long inner) {
            String type = ModelFacts.of(config).type();
            long hidden = shape.hidden();
            long query = (long) shape.heads() * shape.headDim();
            long key = (long) shape.keyHeads() * shape.headDim();
            boolean attention =
                    type.equals("qwen2") || says("attention_bias", type, "llama", "qwen3");
            boolean output = says("attention_bias", type, "llama", "qwen3");
            boolean mlp = says("mlp_bias", type, "llama");
            take(prefix + "input_layernorm.weight", hidden);
            linear(prefix + "self_attn.q_proj", query, hidden, attention);
            linear(prefix + "self_attn.k_proj", key, hidden, attention);
            linear(prefix + "self_attn.v_proj", key, hidden, attention);
            linear(prefix + "self_attn.o_proj", hidden, query, output);
            if (type.equals("qwen3")) {
                take(prefix + "self_attn.q_norm.weight", shape.headDim());
                take(prefix + "self_attn.k_norm.weight", shape.headDim());
            }
            take(prefix + "post_attention_layernorm.weight", hidden);
            linear(prefix + "mlp.gate_proj", inner, hidden, mlp);
            linear(prefix + "mlp.up_proj", inner, hidden, mlp);
            linear(prefix + "mlp.down_proj", hidden, inner, mlp);
        }

        private boolean says(String key, String type, String... types) {
            return List.of(types).contains(type) && config.path(key).asBoolean(false);
        }

        private void linear(String module, long out, long in, boolean bias) {
            take(module + ".weight", out, in);
            if (bias) {
                take(module + ".bias", out);
            }
        }

        private @Nullable TensorSource take(String tensor, long... dims) {
            TensorSource found = own(tensor, dims);
            if (found != null) {
                used.put(tensor, found);
            }
            return found;
        }

        private @Nullable TensorSource own(String tensor, long... dims) {
            return all.containsKey(tensor) ? fitting(tensor, Shape.of(dims)) : missing(tensor);
        }

        private @Nullable TensorSource missing(String tensor) {
            missing.add(tensor);
            return null;
        }

        /** Said once, however many there are. */
        private void sayMissing() {
            if (missing.equals(List.of(HEAD))) {
                problems.add(
                        Problem.of("model '" + name + "' has no tensor '" + HEAD + "'")
                                .hint(
                                        "config.json does not say 'tie_word_embeddings': loaded as it is, its head would be random"));
            } else if (!missing.isEmpty()) {
                problems.add(
                        Problem.of(
                                        "model '"
                                                + name
                                                + "' has no "
                                                + (missing.size() == 1 ? "tensor " : "tensors ")
                                                + examples(missing))
                                .hint(
                                        "config.json asks for "
                                                + (missing.size() == 1
                                                        ? "it"
                                                        : "these " + missing.size())));
            }
        }

        private static String examples(List<String> names) {
            String shown = String.join("', '", names.subList(0, Math.min(SHOWN, names.size())));
            return "'" + shown + "'" + (names.size() > SHOWN ? ", ..." : "");
        }

        private @Nullable TensorSource fitting(String tensor, Shape expected) {
            TensorSource found = Objects.requireNonNull(all.get(tensor));
            if (!found.info().shape().equals(expected)) {
                problems.add(
                        Problem.expected(
                                        "shape of tensor '" + tensor + "' in '" + name + "'",
                                        expected + " as config.json says",
                                        found.info().shape())
                                .ofTensor());
                return null;
            }
            if (!found.info().dtype().arithmetic()) {
                problems.add(
                        Problem.expected(
                                        "type of tensor '" + tensor + "' in '" + name + "'",
                                        "floating point",
                                        found.info().dtype())
                                .ofTensor());
                return null;
            }
            return found;
        }

        /** Tensors that no part of the pass reads, as transformers leaves them out. */
        private List<Problem> unused() {
            List<String> names =
                    all.keySet().stream()
                            .filter(tensor -> !used.containsKey(tensor) && !tensor.equals(HEAD))
                            .filter(tensor -> !NonLayerTensors.isBuffer(tensor))
                            .toList();
            if (names.isEmpty()) {
                return List.of();
            }
            return List.of(
                    Problem.of(
                                    names.size()
                                            + (names.size() == 1 ? " tensor of" : " tensors of")
                                            + " model '"
                                            + name
                                            + (names.size() == 1 ? "' is" : "' are")
                                            + " not used by models of its type: "
                                            + examples(names))
                            .hint("its config.json may be another model's"));
        }
    }
}
