package io.amalgam.internal.layers;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The layer stacks of a checkpoint, found in its tensor names: no table of architectures.
 *
 * <p>A name is cut at each all-digit segment. What stands before the number is a stack if the
 * numbers under it run from 0 without a gap, and either the segment before the number is a word for
 * layers ({@code layers}, {@code h}, {@code blocks}, ...) or at least four different tensors recur
 * in most of its members (so that the two halves of a projector are not taken for layers). Of
 * several cuts the leftmost counts: experts inside a layer are part of its suffix.
 */
public final class LayerStacks {
    private static final Set<String> LAYER_WORDS =
            Set.of(
                    "layers",
                    "layer",
                    "h",
                    "block",
                    "blocks",
                    "encoder_layers",
                    "decoder_layers",
                    "resblocks");
    private static final int RECURRING = 4;

    private final Map<String, LayerStack> byPrefix;

    private LayerStacks(Map<String, LayerStack> byPrefix) {
        this.byPrefix = byPrefix;
    }

    /** Finds the stacks among these tensor names. */
    public static LayerStacks of(Collection<String> names) {
        Map<String, Map<Integer, Set<String>>> groups = new LinkedHashMap<>();
        for (String name : names) {
            for (Cut cut : cuts(name)) {
                groups.computeIfAbsent(cut.prefix(), unused -> new HashMap<>())
                        .computeIfAbsent(cut.index(), unused -> new HashSet<>())
                        .add(cut.suffix());
            }
        }
        Map<String, LayerStack> candidates = new LinkedHashMap<>();
        groups.forEach(
                (prefix, members) -> {
                    if (isStack(prefix, members)) {
                        candidates.put(prefix, new LayerStack(prefix, members.size()));
                    }
                });
        LayerStacks all = new LayerStacks(candidates);
        Map<String, LayerStack> used = new LinkedHashMap<>();
        for (String name : names) {
            all.find(name).ifPresent(found -> used.put(found.stack().prefix(), found.stack()));
        }
        return new LayerStacks(used);
    }

    /** All stacks, in the order the names were given. */
    public List<LayerStack> all() {
        return List.copyOf(byPrefix.values());
    }

    /**
     * The layer a tensor belongs to; empty for embeddings, heads and whatever else stands outside
     * of layers.
     */
    public Optional<LayerName> find(String name) {
        for (Cut cut : cuts(name)) {
            LayerStack stack = byPrefix.get(cut.prefix());
            if (stack != null) {
                return Optional.of(new LayerName(stack, cut.index(), cut.suffix()));
            }
        }
        return Optional.empty();
    }

    private static boolean isStack(String prefix, Map<Integer, Set<String>> members) {
        for (int i = 0; i < members.size(); i++) {
            if (!members.containsKey(i)) {
                return false;
            }
        }
        if (isWorded(prefix)) {
            return true;
        }
        Map<String, Integer> occurrences = new HashMap<>();
        members.values()
                .forEach(
                        suffixes ->
                                suffixes.forEach(
                                        suffix -> occurrences.merge(suffix, 1, Integer::sum)));
        long recurring =
                occurrences.values().stream().filter(count -> count * 2 > members.size()).count();
        return members.size() > 1 && recurring >= RECURRING;
    }

    /** Whether a stack is one by the word before its numbers, not only by what recurs in it. */
    static boolean isWorded(LayerStack stack) {
        return isWorded(stack.prefix());
    }

    private static boolean isWorded(String prefix) {
        String path = prefix.substring(0, prefix.length() - 1);
        return LAYER_WORDS.contains(path.substring(path.lastIndexOf('.') + 1));
    }

    private record Cut(String prefix, int index, String suffix) {}

    private static List<Cut> cuts(String name) {
        List<Cut> cuts = new ArrayList<>();
        int start = 0;
        while (start < name.length()) {
            int dot = name.indexOf('.', start);
            if (dot < 0) {
                break;
            }
            if (start > 0 && dot > start && dot - start <= 6 && isNumber(name, start, dot)) {
                cuts.add(
                        new Cut(
                                name.substring(0, start),
                                Integer.parseInt(name, start, dot, 10),
                                name.substring(dot + 1)));
            }
            start = dot + 1;
        }
        return cuts;
    }

    private static boolean isNumber(String text, int from, int to) {
        for (int i = from; i < to; i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return false;
            }
        }
        return text.charAt(from) != '0' || to == from + 1;
    }
}
