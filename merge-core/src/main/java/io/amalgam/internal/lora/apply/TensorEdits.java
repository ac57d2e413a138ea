package io.amalgam.internal.lora.apply;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.Problem;
import io.amalgam.internal.layers.TiedTensors;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The changes of a base's tensor by adapters: replaced or added values, then rows, then factors. Of
 * tied tensors each end gets what was trained there. Where that makes them differ, the others are
 * written as tensors of their own.
 */
final class TensorEdits {
    private final Map<String, ? extends TensorSource> base;
    private final Optional<TiedTensors> tied;
    private final Map<String, Edits> edits = new LinkedHashMap<>();

    /** What was trained for all tied tensors at once, with the tensor it was found at. */
    private final IdentityHashMap<Object, String> ofBoth = new IdentityHashMap<>();

    /** Whether the base has what is tied; else only an adapter speaks of it. */
    private final boolean certain;

    private final List<Problem> problems = new ArrayList<>();

    private boolean unties;

    private record Edits(
            List<BlendedTensor.Part> parts,
            List<RowsTensor.Part> rows,
            List<LoraTensor.Term> terms) {
        Edits() {
            this(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        }

        List<Object> all() {
            List<Object> all = new ArrayList<>(parts);
            all.addAll(rows);
            all.addAll(terms);
            return all;
        }

        void add(Edits others, Map<Object, String> which) {
            Set<String> replaced = new LinkedHashSet<>();
            parts.forEach(part -> replaced.add(part.adapter()));
            others.parts.stream()
                    .filter(p -> which.containsKey(p) && !replaced.contains(p.adapter()))
                    .forEach(parts::add);
            others.rows.stream().filter(which::containsKey).forEach(rows::add);
            others.terms.stream().filter(which::containsKey).forEach(terms::add);
        }
    }

    TensorEdits(
            Map<String, ? extends TensorSource> base, Optional<TiedTensors> tied, boolean certain) {
        this.certain = certain;
        this.base = base;
        this.tied = tied;
    }

    private Edits of(String tensor) {
        return edits.computeIfAbsent(tensor, unused -> new Edits());
    }

    private Edits seen(String tensor) {
        return edits.getOrDefault(tensor, new Edits());
    }

    /**
     * @param both whether it holds for what is tied to the tensor, too
     */
    void add(String tensor, BlendedTensor.Part part, boolean both) {
        if (mark(tensor, part, both)) {
            of(place(tensor, both)).parts.add(part);
        }
    }

    void add(String tensor, RowsTensor.Part part, boolean both) {
        if (mark(tensor, part, both)) {
            of(place(tensor, both)).rows.add(part);
        }
    }

    void add(String tensor, LoraTensor.Term term, boolean both) {
        if (mark(tensor, term, both)) {
            of(place(tensor, both)).terms.add(term);
        }
    }

    /** Whether a tensor is one end of tied ones. */
    boolean isTied(String tensor) {
        return tied.filter(t -> t.embedding().equals(tensor) || t.others().contains(tensor))
                .isPresent();
    }

    /** What changes all ends is kept with the embedding. */
    private String place(String tensor, boolean both) {
        return both && isTied(tensor) ? tied.orElseThrow().embedding() : tensor;
    }

    /** Of an adapter that changes all ends and has a copy for each, the first is enough. */
    private boolean mark(String tensor, Object edit, boolean both) {
        if (!both || !isTied(tensor)) {
            return true;
        }
        String adapter = adapter(edit);
        boolean there =
                of(tied.orElseThrow().embedding()).all().stream()
                        .anyMatch(
                                other ->
                                        !ofBoth.getOrDefault(other, tensor).equals(tensor)
                                                && other.getClass() == edit.getClass()
                                                && adapter(other).equals(adapter));
        if (!there) {
            ofBoth.put(edit, tensor);
        }
        return !there;
    }

    private static String adapter(Object edit) {
        if (edit instanceof LoraTensor.Term term) {
            return term.adapter();
        }
        return edit instanceof RowsTensor.Part rows
                ? rows.adapter()
                : ((BlendedTensor.Part) edit).adapter();
    }

    /** A tensor of the base; for one that is tied and not stored, the embedding. */
    Optional<TensorSource> source(String name) {
        TensorSource own = base.get(name);
        return own != null
                ? Optional.of(own)
                : tied.filter(t -> t.others().contains(name)).map(t -> base.get(t.embedding()));
    }

    /** A tensor's shape once whole tensors have replaced it. */
    Shape shape(String name) {
        Edits own = edits.getOrDefault(name, new Edits());
        Edits both =
                tied.filter(t -> t.others().contains(name))
                        .map(t -> edits.getOrDefault(t.embedding(), new Edits()))
                        .orElseGet(Edits::new);
        return Stream.concat(own.parts.stream(), both.parts.stream().filter(ofBoth::containsKey))
                .filter(part -> !part.added())
                .map(part -> part.tensor().info().shape())
                .findFirst()
                .orElseGet(() -> source(name).orElseThrow().info().shape());
    }

    /** Whether tied tensors are apart now. */
    boolean unties() {
        return unties;
    }

    /**
     * What a start took out of a tied tensor, it took out of every end. An end that has a value of
     * its own keeps it.
     */
    private void shareStarts(TiedTensors ends) {
        List<String> all = new ArrayList<>(ends.others());
        all.add(0, ends.embedding());
        Map<String, List<LoraTensor.Term>> rests = new LinkedHashMap<>();
        for (String from : all) {
            for (LoraTensor.Term term : seen(from).terms) {
                for (String to : all) {
                    if (term.started() && !to.equals(from) && !replaced(to, term.adapter())) {
                        conflict(term, from, to).ifPresent(problems::add);
                        rests.computeIfAbsent(to, unused -> new ArrayList<>()).add(term.restOnly());
                    }
                }
            }
        }
        rests.forEach((to, terms) -> of(to).terms.addAll(terms));
    }

    private boolean replaced(String tensor, String adapter) {
        return seen(tensor).parts.stream().anyMatch(p -> !p.added() && p.adapter().equals(adapter));
    }

    /** What else an adapter does to tied tensors must not need to know which was first. */
    private Optional<Problem> conflict(LoraTensor.Term term, String from, String to) {
        Stream<String> rows =
                Stream.of(from, to)
                        .flatMap(end -> seen(end).rows.stream())
                        .filter(part -> part.adapter().equals(term.adapter()))
                        .map(part -> "'trainable_token_indices'");
        Stream<String> others =
                seen(to).terms.stream()
                        .filter(other -> other.adapter().equals(term.adapter()))
                        .filter(other -> other.started() || other.normed())
                        .map(
                                other ->
                                        (other.normed() ? "DoRA" : "another start")
                                                + " in module '"
                                                + other.module().name()
                                                + "'");
        return Stream.concat(rows, others)
                .findFirst()
                .map(
                        what ->
                                Problem.expected(
                                                "'init_lora_weights' of adapter '"
                                                        + term.adapter()
                                                        + "'",
                                                "nothing else that changes the tied tensors '"
                                                        + from
                                                        + "' and '"
                                                        + to
                                                        + "'",
                                                what)
                                        .hint("merge it with the library it was trained with"));
    }

    /** What cannot be done to tied tensors; known once settled. */
    List<Problem> problems() {
        return List.copyOf(problems);
    }

    /** Sees to it that every tied tensor has what was trained. */
    void settle() {
        if (tied.isEmpty()) {
            return;
        }
        TiedTensors ends = tied.get();
        shareStarts(ends);
        Edits first = of(ends.embedding());
        boolean apart =
                first.all().stream().anyMatch(edit -> !ofBoth.containsKey(edit))
                        || ends.others().stream()
                                .anyMatch(
                                        name ->
                                                edits.containsKey(name)
                                                        && !of(name).all().isEmpty());
        if (!certain && ends.others().stream().noneMatch(edits::containsKey)) {
            // A model that has no head gets none.
            return;
        }
        for (String other : ends.others()) {
            if (apart || base.containsKey(other)) {
                of(other).add(first, ofBoth);
            }
        }
        unties = apart;
    }

    /** Puts the tensors that differ from the base's in their places. */
    void build(Map<String, TensorSource> tensors, FactorCache cache) {
        edits.forEach(
                (name, own) -> {
                    if (own.all().isEmpty() && !unties) {
                        return;
                    }
                    TensorSource source = source(name).orElseThrow();
                    TensorInfo info = new TensorInfo(name, source.info().dtype(), shape(name));
                    if (!own.parts.isEmpty()) {
                        source =
                                info.shape().equals(source.info().shape())
                                        ? new BlendedTensor(source, info, own.parts)
                                        : new ResizedTensor(Optional.of(source), info, own.parts);
                    }
                    if (!own.rows.isEmpty()) {
                        source = new RowsTensor(source, info, own.rows);
                    }
                    if (!own.terms.isEmpty()) {
                        source = new LoraTensor(source, info, own.terms, cache);
                    }
                    if (own.all().isEmpty() && !base.containsKey(name)) {
                        source = new BlendedTensor(source, info, List.of());
                    }
                    tensors.put(name, Objects.requireNonNull(source));
                });
    }
}
