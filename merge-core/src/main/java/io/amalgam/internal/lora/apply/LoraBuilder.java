package io.amalgam.internal.lora.apply;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.Checkpoint.Quantisation;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.lora.WeightedAdapter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Builds the tensors of a base with adapters in it, once all of them are matched and fit. */
final class LoraBuilder {
    /** Tensors whose factors are held at a time: more than a merge reads at once. */
    static final int HELD = Runtime.getRuntime().availableProcessors() + 2;

    private final LoraDraft draft;
    private final Map<String, TensorSource> tensors;
    private final long expertBytes;

    /**
     * @throws BadInputException with every problem
     */
    LoraBuilder(Checkpoint base, String baseName, List<WeightedAdapter> adapters) {
        this.draft = LoraDraft.of(base, baseName);
        quantised(adapters);
        this.tensors = new LinkedHashMap<>(base.tensors());
        AdapterMatcher matcher = new AdapterMatcher(draft);
        adapters.forEach(matcher::match);
        requireSound(adapters);
        FactorCache cache = new FactorCache(HELD);
        this.expertBytes = parameterBytes() + HELD * buildParts(cache);
        draft.edits().build(tensors, cache);
        draft.resizing().follow(draft.edits(), tensors);
        new HeadPlacement(draft).build(tensors);
    }

    /** Of quantised bases only those that are read; what is added to is said. */
    private void quantised(List<WeightedAdapter> adapters) {
        Optional<Quantisation> how = draft.base().quantisation();
        if (how.filter(q -> !q.readable()).isPresent()) {
            throw new BadInputException(
                    Problem.expected(
                                    "base model '"
                                            + draft.baseName()
                                            + "' of adapter '"
                                            + adapters.get(0).adapter().name()
                                            + "'",
                                    "unquantised weights, or a quantised format that is read",
                                    how.get().name())
                            .hint("apply the adapter to the model it was quantised from"));
        }
        how.ifPresent(
                q ->
                        draft.warnings()
                                .add(
                                        Problem.of(
                                                        "adapters are added to the dequantised weights of base model '"
                                                                + draft.baseName()
                                                                + "' ("
                                                                + q.name()
                                                                + ")")
                                                .hint(
                                                        "that is what was trained if it was trained on this quantised model; else give the model it was trained on")));
    }

    private void requireSound(List<WeightedAdapter> adapters) {
        List<Problem> problems = draft.problems();
        problems.addAll(draft.causes().problems());
        draft.edits().settle();
        problems.addAll(draft.edits().problems());
        problems.addAll(draft.resizing().problems(draft.edits(), adapters));
        draft.head().problem().ifPresent(problems::add);
        if (!problems.isEmpty()) {
            throw new BadInputException(problems);
        }
    }

    /** Bytes of one parameter's factors that all its experts share. */
    private long parameterBytes() {
        return draft.matches().stream()
                .flatMap(match -> match.factors().stream())
                .mapToLong(ExpertChanges::bytesHeld)
                .max()
                .orElse(0);
    }

    /** Puts tensors that change in parts in their places; returns the bytes of one's factors. */
    private long buildParts(FactorCache cache) {
        long ofOne = 0;
        ExpertTerms terms = draft.expertTerms();
        for (String name : terms.tensors()) {
            ExpertTerms.Stack stack = terms.stack(name, draft.source(name), cache);
            tensors.put(name, stack.tensor());
            ofOne = Math.max(ofOne, stack.factorBytes());
        }
        return ofOne;
    }

    Map<String, TensorSource> tensors() {
        return tensors;
    }

    List<LoraMatch> matches() {
        return List.copyOf(draft.matches());
    }

    /** What its settings say that is not understood, or not so. */
    List<Problem> warnings() {
        return List.copyOf(draft.warnings());
    }

    boolean unties() {
        return draft.edits().unties();
    }

    /** Rows for tokens, where an adapter has another number of them than the base. */
    Optional<Resizing.Vocabulary> vocabulary() {
        return draft.resizing().vocabulary();
    }

    /** The head of a task that the adapters bring; empty where they bring none. */
    Optional<TaskHead> head() {
        return Optional.of(draft.head()).filter(h -> !h.isEmpty());
    }

    /** Bytes held of experts' factors. */
    long expertBytes() {
        return expertBytes;
    }
}
