package io.amalgam.internal.layers;

import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * A part of a model that a recipe can treat by itself: a layer stack with the tensors that belong
 * to it, or tensors outside of all stacks.
 *
 * @param name what messages call it, and recipes may: the shortest name that no other part has
 * @param path what the names of its tensors have in common, without the last dot; empty for a model
 *     that has one part
 * @param stack its layers; empty for tensors outside of all stacks
 * @param words the path's segments and their words, with one word for each kind of part: see {@link
 *     PartSynonyms}
 */
public record ModelPart(String name, String path, Optional<LayerStack> stack, Set<String> words) {
    public ModelPart {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(path, "path");
        Objects.requireNonNull(stack, "stack");
        words = Set.copyOf(words);
    }

    /** The name with its layers, as messages list it: {@code 'decoder' (decoder.block.N)}. */
    public String describe() {
        return "'" + name + "'" + stack.map(s -> " (" + s.prefix() + "N)").orElse("");
    }
}
