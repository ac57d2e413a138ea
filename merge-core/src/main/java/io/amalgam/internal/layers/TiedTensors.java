package io.amalgam.internal.layers;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.tensor.Shape;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The one rule for tied tensors: an embedding in the files, and the other modules of the model that
 * use it, above all its head. Those are usually not in the files; what they would be called there
 * is told from the rest.
 *
 * @param embedding that is stored
 * @param head tied to it, by the name it has or would have
 * @param copies other embeddings tied to it
 */
public record TiedTensors(String embedding, Optional<String> head, List<String> copies) {
    private static final String TIED = "tie_word_embeddings";

    private static final String SHARED = "shared.weight";

    /**
     * Types of models that always tie what is not in their files, and read {@code
     * tie_word_embeddings} as something else: whether outputs are scaled.
     */
    private static final List<String> ALWAYS = List.of("t5", "mt5", "umt5");

    public TiedTensors {
        copies = List.copyOf(copies);
    }

    /**
     * The tied tensors of a model; empty where there is no {@code config.json}, it says that they
     * are apart, or it is of a model without a head.
     *
     * @param shapes of the model's tensors, by name
     */
    public static Optional<TiedTensors> of(Map<String, Shape> shapes, Optional<ObjectNode> config) {
        Optional<String> embedding = embedding(shapes.keySet(), config);
        if (embedding.isEmpty() || !config.map(TiedTensors::ties).orElse(false)) {
            return Optional.empty();
        }
        String name = embedding.get();
        Optional<String> head = HeadNames.of(shapes, config.orElseThrow(), name);
        List<String> copies = List.of();
        if (name.equals(SHARED) || name.endsWith("." + SHARED)) {
            String outer = name.substring(0, name.length() - SHARED.length());
            copies =
                    Stream.of("encoder", "decoder")
                            .map(side -> outer + side + ".embed_tokens.weight")
                            .toList();
        }
        return head.isEmpty() && copies.isEmpty()
                ? Optional.empty()
                : Optional.of(new TiedTensors(name, head, copies));
    }

    /** As {@link #of(Map, Optional)}, of any tensors. */
    public static <T> Optional<TiedTensors> of(
            Map<String, T> tensors, Function<T, Shape> shape, Optional<ObjectNode> config) {
        Map<String, Shape> shapes =
                tensors.entrySet().stream()
                        .collect(
                                Collectors.toMap(
                                        Map.Entry::getKey, e -> shape.apply(e.getValue())));
        return of(shapes, config);
    }

    /** The embedding that heads are tied to: of an encoder and a decoder, the decoder's. */
    public static Optional<String> embedding(
            Collection<String> names, Optional<ObjectNode> config) {
        List<String> all = names.stream().filter(NonLayerTensors::isEmbedding).sorted().toList();
        return all.stream()
                .filter(name -> name.equals(SHARED) || name.endsWith("." + SHARED))
                .findFirst()
                .or(() -> all.stream().filter(name -> name.contains("decoder.")).findFirst())
                .or(() -> names.stream().filter(NonLayerTensors::isEmbedding).findFirst());
    }

    /** All that is tied to the embedding. */
    public List<String> others() {
        return Stream.concat(copies.stream(), head.stream()).toList();
    }

    /**
     * The tensor among {@link #others()} that a name means; names may have or lack those of outer
     * models, and a head is known by any of the names that heads have.
     */
    public Optional<String> find(String wanted) {
        if (head.isPresent() && NonLayerTensors.isHead(wanted)) {
            return head;
        }
        return others().stream()
                .filter(
                        name ->
                                name.equals(wanted)
                                        || name.endsWith("." + wanted)
                                        || wanted.endsWith("." + name))
                .findFirst();
    }

    /** Whether a configuration says that head and embedding are one tensor, or says nothing. */
    public static boolean ties(ObjectNode config) {
        if (ALWAYS.contains(config.path("model_type").asText())) {
            return true;
        }
        JsonNode own = config.path(TIED);
        if (own.isBoolean()) {
            return own.booleanValue();
        }
        for (String section : ConfigSections.NAMES) {
            if (config.path(section) instanceof ObjectNode settings) {
                return ties(settings);
            }
        }
        return true;
    }

    /**
     * Says in a configuration that head and embedding are two tensors, or one: at its top level and
     * in the language model's section, where that says it.
     */
    public static void say(ObjectNode config, boolean tied) {
        if (ALWAYS.contains(config.path("model_type").asText())) {
            return;
        }
        config.put(TIED, tied);
        for (String section : ConfigSections.NAMES) {
            if (config.path(section) instanceof ObjectNode settings && settings.has(TIED)) {
                say(settings, tied);
            }
        }
    }
}
