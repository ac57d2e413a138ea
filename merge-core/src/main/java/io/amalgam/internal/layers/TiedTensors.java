package io.amalgam.internal.layers;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint.ModelFacts;
import io.amalgam.internal.config.ConfigKeys;
import io.amalgam.internal.config.ConfigSections;
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
    private static final String SHARED = "shared.weight";

    public TiedTensors {
        copies = List.copyOf(copies);
    }

    /**
     * The tied tensors of a model; empty where there is no {@code config.json}, it says that they
     * are apart, or it is of a model without a head.
     *
     * @param shapes of the model's tensors, by name
     */
    public static Optional<TiedTensors> of(Map<String, Shape> shapes, ModelFacts facts) {
        Optional<String> embedding = embedding(shapes.keySet());
        if (embedding.isEmpty() || !(facts.known() && facts.ties())) {
            return Optional.empty();
        }
        String name = embedding.get();
        Optional<String> head = HeadNames.of(shapes, facts, name);
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

    /** As {@link #of(Map, ModelFacts)}, of any tensors. */
    public static <T> Optional<TiedTensors> of(
            Map<String, T> tensors, Function<T, Shape> shape, ModelFacts facts) {
        Map<String, Shape> shapes =
                tensors.entrySet().stream()
                        .collect(
                                Collectors.toMap(
                                        Map.Entry::getKey, e -> shape.apply(e.getValue())));
        return of(shapes, facts);
    }

    /** The embedding that heads are tied to: of an encoder and a decoder, the decoder's. */
    public static Optional<String> embedding(Collection<String> names) {
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

    /**
     * Says in a configuration that head and embedding are two tensors, or one: at its top level and
     * in the language model's section, where that says it.
     */
    public static void say(ObjectNode config, boolean tied) {
        if (ModelFacts.of(config).alwaysTied()) {
            return;
        }
        config.put(ConfigKeys.TIED, tied);
        for (String section : ConfigSections.NAMES) {
            if (config.path(section) instanceof ObjectNode settings
                    && settings.has(ConfigKeys.TIED)) {
                say(settings, tied);
            }
        }
    }
}
