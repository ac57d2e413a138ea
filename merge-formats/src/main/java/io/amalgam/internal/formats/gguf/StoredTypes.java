package io.amalgam.internal.formats.gguf;

import io.amalgam.checkpoint.Checkpoint.Quantisation;
import io.amalgam.tensor.DType;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The types of a file's tensors.
 *
 * @param elements of each type that matrices have; norms and biases are float32 in every file
 */
record StoredTypes(Map<DType, Long> elements) {
    static StoredTypes of(Collection<GgufFile.Tensor> tensors) {
        Map<DType, Long> elements = new EnumMap<>(DType.class);
        for (GgufFile.Tensor tensor : tensors) {
            if (tensor.shape().rank() > 1) {
                elements.merge(tensor.type().dtype(), tensor.shape().elements(), Long::sum);
            }
        }
        return new StoredTypes(elements);
    }

    /**
     * What the model computes with, which no key says: the type of most of its weights. Models that
     * are quantised are bfloat16 as a rule.
     */
    DType compute() {
        Map<DType, Long> dense = new EnumMap<>(DType.class);
        elements.forEach(
                (type, count) -> {
                    if (!type.integer()) {
                        dense.merge(type.safetensors() ? type : DType.BF16, count, Long::sum);
                    }
                });
        return dense.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .orElse(DType.F32);
    }

    /** The block types, the most frequent first; those that are not read alone if there are any. */
    Optional<Quantisation> quantisation() {
        List<DType> unread = blocks().stream().filter(type -> !type.arithmetic()).toList();
        List<DType> named = unread.isEmpty() ? blocks() : unread;
        return named.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        new Quantisation(
                                named.stream()
                                        .map(DType::name)
                                        .collect(Collectors.joining(", ", "GGUF ", "")),
                                unread.isEmpty(),
                                false));
    }

    private List<DType> blocks() {
        return elements.entrySet().stream()
                .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
                .map(Map.Entry::getKey)
                .filter(type -> !type.safetensors())
                .toList();
    }
}
