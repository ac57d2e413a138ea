package io.amalgam.internal.lora.extract;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.TensorReads;
import io.amalgam.internal.layers.NameMatcher;
import io.amalgam.internal.layers.NonLayerTensors;
import io.amalgam.internal.lora.Architecture;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * The tensors of a base and of a model trained from it, both by the base's names. The model may be
 * in another spelling, and of a head that is tied to the embedding either may have a copy.
 *
 * @param tuned without a head that is the embedding once more and that the base lacks; with one
 *     where the base has it
 * @param untied the model's head where the base has none and the model's is not its embedding
 */
public record Twins(
        Map<String, TensorSource> base,
        Map<String, TensorSource> tuned,
        Optional<TensorSource> untied) {

    /**
     * @throws BadInputException if the models do not have the same tensors in the same shapes
     */
    public static Twins of(Checkpoint base, Checkpoint tuned) throws IOException {
        Map<String, TensorSource> origin = new LinkedHashMap<>(base.tensors());
        Map<String, String> partners =
                NameMatcher.partners(base.tensors().keySet(), tuned.tensors().keySet());
        Map<String, TensorSource> trained = new LinkedHashMap<>();
        tuned.tensors()
                .forEach((name, tensor) -> trained.put(partners.getOrDefault(name, name), tensor));
        Optional<String> copy = headAlone(origin, trained);
        if (copy.isPresent() && isCopy(origin, copy.get())) {
            embedding(trained, copy.get(), origin).ifPresent(e -> trained.put(copy.get(), e));
        }
        Optional<TensorSource> untied = Optional.empty();
        Optional<String> head = headAlone(trained, origin);
        if (head.isPresent() && isCopy(trained, head.get())) {
            trained.remove(head.get());
        } else if (head.isPresent()
                && Architecture.of(base.config()).filter(Architecture::ties).isPresent()
                && origin.keySet().stream().noneMatch(NonLayerTensors::isHead)) {
            untied = Optional.ofNullable(trained.remove(head.get()));
        }
        checkSame(origin, trained);
        return new Twins(origin, trained, untied);
    }

    private static Optional<String> headAlone(
            Map<String, TensorSource> model, Map<String, TensorSource> other) {
        List<String> heads =
                model.keySet().stream()
                        .filter(name -> NonLayerTensors.isHead(name) && !other.containsKey(name))
                        .filter(name -> embedding(model, name, model).isPresent())
                        .toList();
        return heads.size() == 1 ? Optional.of(heads.get(0)) : Optional.empty();
    }

    /** A model's only embedding of the shape of a head. */
    private static Optional<TensorSource> embedding(
            Map<String, TensorSource> model, String head, Map<String, TensorSource> owner) {
        TensorSource own = Objects.requireNonNull(owner.get(head));
        List<TensorSource> found =
                model.entrySet().stream()
                        .filter(e -> NonLayerTensors.isEmbedding(e.getKey()))
                        .map(Map.Entry::getValue)
                        .filter(e -> e.info().shape().equals(own.info().shape()))
                        .toList();
        return found.size() == 1 ? Optional.of(found.get(0)) : Optional.empty();
    }

    /** Whether a head is the model's embedding once more. */
    static boolean isCopy(Map<String, TensorSource> model, String head) throws IOException {
        Optional<TensorSource> embedding = embedding(model, head, model);
        return embedding.isPresent()
                && Arrays.equals(
                        TensorReads.of(embedding.get()),
                        TensorReads.of(Objects.requireNonNull(model.get(head))));
    }

    private static void checkSame(Map<String, TensorSource> base, Map<String, TensorSource> tuned) {
        List<Problem> problems = new ArrayList<>();
        Set<String> names = new LinkedHashSet<>(base.keySet());
        names.addAll(tuned.keySet());
        List<String> alone = new ArrayList<>();
        for (String name : names) {
            TensorSource a = tuned.get(name);
            TensorSource b = base.get(name);
            if (a == null || b == null) {
                alone.add(name);
            } else if (!a.info().shape().equals(b.info().shape())) {
                problems.add(
                        Problem.expected(
                                        "shape of tensor '" + name + "' in the fine-tuned model",
                                        b.info().shape() + " as in the base",
                                        a.info().shape())
                                .hint("compare a model with the one it was trained from"));
            }
        }
        if (!alone.isEmpty()) {
            problems.add(
                    Problem.expected(
                                    "tensors of both models",
                                    "the same names",
                                    alone.size()
                                            + " that only one has, such as '"
                                            + alone.get(0)
                                            + "'")
                            .hint("compare a model with the one it was trained from"));
        }
        if (!problems.isEmpty()) {
            throw new BadInputException(problems);
        }
    }
}
