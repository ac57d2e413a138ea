package io.amalgam.internal.lora.apply;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.Problem;
import io.amalgam.internal.layers.TiedTensors;
import io.amalgam.internal.lora.Adapter;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * The head of a task that adapters bring with them: a classifier, or one that answers questions. It
 * is put in the place of a language model's, and the settings say so.
 */
final class TaskHead {
    /** The outermost module of such heads. */
    private static final Set<String> MODULES =
            Set.of("score", "classifier", "pre_classifier", "classification_head", "qa_outputs");

    /** Outermost modules of heads for tokens, which models with such a head have not. */
    private static final Set<String> FOR_TOKENS =
            Set.of(
                    "lm_head",
                    "cls",
                    "predictions",
                    "vocab_transform",
                    "vocab_layer_norm",
                    "vocab_projector",
                    "generator_predictions",
                    "generator_lm_head",
                    "pred_layer",
                    "lm_loss",
                    "embed_out",
                    "proj_out");

    private static final Map<String, String> CLASSES =
            Map.of(
                    "SEQ_CLS", "ForSequenceClassification",
                    "TOKEN_CLS", "ForTokenClassification",
                    "QUESTION_ANS", "ForQuestionAnswering");

    /** What classifiers of texts have between the model and the head, by type. */
    private static final Map<String, String> BETWEEN =
            Map.ofEntries(
                    Map.entry("bert", "bert.pooler.dense"),
                    Map.entry("mobilebert", "mobilebert.pooler.dense"),
                    Map.entry("megatron-bert", "bert.pooler.dense"),
                    Map.entry("layoutlm", "layoutlm.pooler.dense"),
                    Map.entry("ernie", "ernie.pooler.dense"),
                    Map.entry("squeezebert", "transformer.pooler.dense"),
                    Map.entry("rembert", "rembert.pooler.dense"),
                    Map.entry("canine", "canine.pooler.dense"),
                    Map.entry("albert", "albert.pooler"),
                    Map.entry("deberta", "pooler.dense"),
                    Map.entry("deberta-v2", "pooler.dense"),
                    Map.entry("distilbert", "pre_classifier"));

    private static final String OLD_CLASS =
            "(For(CausalLM|MaskedLM|PreTraining|ConditionalGeneration|SequenceClassification"
                    + "|TokenClassification|QuestionAnswering)|(LMHead|DoubleHeads|WithLMHead)?Model)$";

    /** What answering models call what others call {@code model}. */
    static final String OTHER = "transformer.";

    private final Checkpoint base;
    private final Map<String, List<BlendedTensor.Part>> tensors = new LinkedHashMap<>();
    private Optional<Adapter> first = Optional.empty();

    TaskHead(Checkpoint base) {
        this.base = base;
    }

    private static String outermost(String name) {
        int dot = name.indexOf('.');
        return dot < 0 ? name : name.substring(0, dot);
    }

    /**
     * Whether a whole tensor is of such a head, and the base has none or one for other labels.
     *
     * @param found the base's tensor that it means
     */
    boolean brings(String name, TensorSource value, Optional<String> found) {
        return MODULES.contains(outermost(name))
                && found.map(
                                f ->
                                        !Objects.requireNonNull(base.tensors().get(f))
                                                .info()
                                                .shape()
                                                .equals(value.info().shape()))
                        .orElse(true);
    }

    /** Takes a tensor; says what is wrong where another adapter has it in another shape. */
    Optional<Problem> add(String name, BlendedTensor.Part part, Adapter adapter) {
        List<BlendedTensor.Part> parts = tensors.computeIfAbsent(name, unused -> new ArrayList<>());
        if (first.isEmpty()) {
            first = Optional.of(adapter);
        }
        parts.add(part);
        Shape shape = parts.get(0).tensor().info().shape();
        Shape own = part.tensor().info().shape();
        return own.equals(shape)
                ? Optional.empty()
                : Optional.of(
                        Problem.expected(
                                        "tensor '" + name + "' of adapter '" + adapter.name() + "'",
                                        shape + " as in adapter '" + parts.get(0).adapter() + "'",
                                        own)
                                .hint("merge adapters of one task"));
    }

    boolean isEmpty() {
        return tensors.isEmpty();
    }

    /** What is wrong with weights: without a base, tensors are the adapters' mean. */
    Optional<Problem> problem() {
        boolean nothing =
                tensors.values().stream().anyMatch(parts -> ResizedTensor.total(parts) == 0);
        return nothing
                ? Optional.of(
                        Problem.expected(
                                        "weights of adapters with a head that the base has not",
                                        "a sum other than 0",
                                        "0")
                                .hint("the head is the adapters' mean by weight"))
                : Optional.empty();
    }

    /**
     * Puts the head into a model and takes that for tokens out.
     *
     * @param model the tensors so far
     * @param prefix what adapters call the model that is the base
     * @return names of what is taken out
     */
    List<String> build(Map<String, TensorSource> model, String prefix) {
        Optional<String> tied =
                TiedTensors.of(base.tensors(), t -> t.info().shape(), base.facts())
                        .flatMap(TiedTensors::head)
                        .map(head -> head.replaceFirst("\\.weight$", ""));
        List<String> left = new ArrayList<>();
        for (String name : List.copyOf(model.keySet())) {
            boolean head = tied.filter(h -> name.startsWith(h + ".")).isPresent();
            if (head || FOR_TOKENS.contains(outermost(name)) || tensors.containsKey(name)) {
                model.remove(name);
                if (!tensors.containsKey(name)) {
                    left.add(name);
                }
            }
        }
        if (!prefix.isEmpty()) {
            Map<String, TensorSource> own = new LinkedHashMap<>(model);
            model.clear();
            own.forEach((name, tensor) -> model.put(renamed(name, prefix), tensor));
        }
        DType dtype =
                model.values().stream()
                        .map(tensor -> tensor.info().dtype())
                        .filter(DType::arithmetic)
                        .findFirst()
                        .orElse(DType.F32);
        tensors.forEach(
                (name, parts) -> {
                    Shape shape = parts.get(0).tensor().info().shape();
                    TensorInfo info = new TensorInfo(name, dtype, shape);
                    model.put(
                            name,
                            parts.size() == 1
                                    ? new BlendedTensor(parts.get(0).tensor(), info, List.of())
                                    : new ResizedTensor(Optional.empty(), info, parts));
                });
        return left;
    }

    private static String renamed(String name, String prefix) {
        return prefix + (prefix.equals(OTHER) ? name.replaceFirst("^model\\.", "") : name);
    }

    /** The class of model that the settings name, where it is known. */
    private Optional<String> architecture(ObjectNode config) {
        Optional<ObjectNode> settings = first.flatMap(Adapter::config);
        String named =
                settings.map(s -> s.path("auto_mapping").path("base_model_class").asText(""))
                        .orElse("");
        if (!named.isEmpty() && !named.equals("null")) {
            return Optional.of(named);
        }
        String task = settings.map(s -> s.path("task_type").asText("")).orElse("");
        String old = config.path("architectures").path(0).asText("");
        String ending =
                CLASSES.getOrDefault(
                        task,
                        tensors.keySet().stream().anyMatch(n -> n.startsWith("qa_outputs."))
                                ? CLASSES.get("QUESTION_ANS")
                                : "");
        return old.isEmpty() || ending == null || ending.isEmpty()
                ? Optional.empty()
                : Optional.of(old.replaceFirst(OLD_CLASS, "") + ending);
    }

    /** Labels: the rows of the head's last matrix. */
    private Optional<Integer> labels() {
        Optional<Integer> labels = Optional.empty();
        for (Map.Entry<String, List<BlendedTensor.Part>> tensor : tensors.entrySet()) {
            Shape shape = tensor.getValue().get(0).tensor().info().shape();
            boolean last = !outermost(tensor.getKey()).equals("pre_classifier");
            boolean inner = tensor.getKey().contains(".dense.");
            if (shape.rank() == 2 && last && !inner) {
                labels = Optional.of((int) shape.dim(0));
            }
        }
        return labels;
    }

    /** Says in a configuration which class the model is, and how many labels it has. */
    void say(ObjectNode config) {
        architecture(config).ifPresent(name -> config.putArray("architectures").add(name));
        labels().filter(n -> n > 0 && config.path("id2label").size() != n)
                .ifPresent(
                        n -> {
                            ObjectNode names = config.putObject("id2label");
                            ObjectNode numbers = config.putObject("label2id");
                            for (int i = 0; i < n; i++) {
                                names.put(Integer.toString(i), "LABEL_" + i);
                                numbers.put("LABEL_" + i, i);
                            }
                            if (config.has("num_labels")) {
                                config.put("num_labels", n);
                            }
                        });
    }

    /**
     * A module between the model and a head for whole texts that nobody has. PEFT saves the head
     * alone, and models for masked words have no such module.
     */
    Optional<String> missing(Set<String> model) {
        ObjectNode config = base.config().orElseGet(JsonNodeFactory.instance::objectNode);
        String module = BETWEEN.get(base.facts().type());
        boolean texts =
                tensors.keySet().stream().anyMatch(n -> n.startsWith("classifier."))
                        && architecture(config)
                                .filter(name -> name.endsWith("ForSequenceClassification"))
                                .isPresent();
        return Optional.ofNullable(module)
                .filter(m -> texts)
                .filter(
                        m ->
                                model.stream()
                                        .noneMatch(
                                                name ->
                                                        ("." + name)
                                                                .endsWith("." + m + ".weight")));
    }

    /** Whether the settings say which class of model this is now. */
    boolean isNamed(ObjectNode config) {
        return architecture(config).isPresent();
    }
}
