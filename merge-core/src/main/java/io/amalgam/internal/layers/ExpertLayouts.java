package io.amalgam.internal.layers;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.internal.checkpoint.SliceTensor;
import io.amalgam.internal.checkpoint.StackedTensor;
import io.amalgam.internal.checkpoint.TransposedTensor;
import io.amalgam.internal.layers.ExpertGroup.Way;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Experts of one model in the layout of another: all in one tensor, an expert each, or the former
 * the other way round. A gate's rows come before those of what it gates; where biases tell that
 * they may alternate, nothing is done.
 */
public final class ExpertLayouts {
    private ExpertLayouts() {}

    /**
     * A model's tensors with its experts as the reference has them.
     *
     * @param tensors those of experts under the reference's names
     * @param changes what was changed: the reference's names with the model's, layers together, and
     *     how many of the reference's
     */
    public record Laid(
            Map<String, ? extends TensorSource> tensors,
            Map<Map.Entry<String, String>, Integer> changes) {}

    /** Lays a model's experts out as a reference has them, where they lie in another way. */
    public static Laid like(
            Map<String, ? extends TensorSource> reference,
            Map<String, ? extends TensorSource> own) {
        Map<Map.Entry<String, String>, Integer> changes = new LinkedHashMap<>();
        if (alike(reference, own)) {
            return new Laid(own, changes);
        }
        Map<String, TensorSource> tensors = new LinkedHashMap<>(own);
        Map<String, Map.Entry<String, ExpertGroup>> wanted = byTemplate(reference);
        if (wanted.isEmpty()) {
            return new Laid(own, changes);
        }
        ExpertGroup.of(own)
                .forEach(
                        (module, group) -> {
                            NameTemplate template = NameTemplate.of(module);
                            Map.Entry<String, ExpertGroup> like =
                                    wanted.get(Spelling.LANGUAGE.plain(template.text()));
                            if (like == null || like.getKey().isEmpty()) {
                                return;
                            }
                            Map<String, TensorSource> laid =
                                    laid(group, like.getValue(), template.in(like.getKey()));
                            if (!laid.isEmpty()) {
                                group.names().forEach(tensors::remove);
                                tensors.putAll(laid);
                                Map.Entry<String, String> change =
                                        Map.entry(
                                                layout(module, group)
                                                        + turn(group, like.getValue()),
                                                layout(like.getKey(), like.getValue()));
                                changes.merge(change, laid.size(), Integer::sum);
                            }
                        });
        return changes.isEmpty() ? new Laid(own, changes) : new Laid(tensors, changes);
    }

    /** The usual case, told without a look at the names. */
    private static boolean alike(
            Map<String, ? extends TensorSource> a, Map<String, ? extends TensorSource> b) {
        return a.size() == b.size()
                && a.entrySet().stream()
                        .allMatch(
                                entry -> {
                                    TensorSource other = b.get(entry.getKey());
                                    return other != null
                                            && other.info()
                                                    .shape()
                                                    .equals(entry.getValue().info().shape());
                                });
    }

    /** A tensor of experts that a model has in a layout other than the reference's, if any. */
    public static Optional<String> other(
            Map<String, ? extends TensorSource> reference,
            Map<String, ? extends TensorSource> own) {
        if (alike(reference, own)) {
            return Optional.empty();
        }
        Map<String, Map.Entry<String, ExpertGroup>> wanted = byTemplate(reference);
        return ExpertGroup.of(own).entrySet().stream()
                .filter(
                        entry -> {
                            String template = NameTemplate.of(entry.getKey()).text();
                            Map.Entry<String, ExpertGroup> like =
                                    wanted.get(Spelling.LANGUAGE.plain(template));
                            return like != null
                                    && like.getValue().fused().isEmpty()
                                            != entry.getValue().fused().isEmpty();
                        })
                .map(entry -> entry.getValue().names().iterator().next())
                .findFirst();
    }

    private static String turn(ExpertGroup group, ExpertGroup like) {
        return group.fused().isEmpty() || like.fused().isEmpty() ? "" : ", transposed";
    }

    private static String layout(String module, ExpertGroup group) {
        String name = NameTemplate.of(module).text();
        return name + (group.fused().isEmpty() ? ".#." : ".") + "*";
    }

    /** One group of each kind of layer; without a name where modules cannot be told apart. */
    private static Map<String, Map.Entry<String, ExpertGroup>> byTemplate(
            Map<String, ? extends TensorSource> tensors) {
        Map<String, Map.Entry<String, ExpertGroup>> groups = new HashMap<>();
        ExpertGroup.of(tensors)
                .forEach(
                        (module, group) -> {
                            String template = NameTemplate.of(module).text();
                            groups.merge(
                                    Spelling.LANGUAGE.plain(template),
                                    Map.entry(template, group),
                                    (a, b) ->
                                            a.getKey().equals(b.getKey())
                                                    ? a
                                                    : Map.entry("", a.getValue()));
                        });
        return groups;
    }

    /**
     * The group's tensors as {@code like} has them; none where that is so already, or cannot be.
     */
    private static Map<String, TensorSource> laid(
            ExpertGroup group, ExpertGroup like, String module) {
        Map<String, TensorSource> laid = new LinkedHashMap<>();
        boolean fuse = !like.fused().isEmpty();
        boolean fused = !group.fused().isEmpty();
        if (group.biased() || like.biased()) {
            return Map.of();
        }
        Optional<Way> from = group.way();
        Optional<Way> to = like.way();
        if (fuse && fused) {
            if (from.isEmpty() || to.isEmpty() || from.equals(to)) {
                return Map.of();
            }
            group.fused().forEach((p, t) -> laid.put(module + "." + p, turned(t)));
            return laid;
        }
        for (String parameter : List.of("gate_up_proj", "up_proj", "down_proj")) {
            Optional<List<String>> way = (fuse ? group : like).way(parameter);
            Optional<TensorSource> all =
                    Optional.ofNullable((fuse ? like : group).fused().get(parameter));
            if (way.isEmpty() || all.isEmpty()) {
                continue;
            }
            Shape shape = all.get().info().shape();
            Optional<Map<String, TensorSource>> made =
                    fuse
                            ? fuse(group, way.get(), shape, to, module + "." + parameter)
                            : split(all.get(), like, way.get(), from, module);
            if (made.isEmpty()) {
                return Map.of();
            }
            laid.putAll(made.get());
        }
        if (!fuse && !fused) {
            return renamed(group, like, module);
        }
        // All or nothing: half of a layer in one layout and half in another fits no model.
        long left =
                Stream.of("gate_up_proj", "up_proj", "down_proj")
                        .filter(
                                p ->
                                        like.fused().containsKey(p)
                                                && !laid.containsKey(module + "." + p))
                        .count();
        return left > 0 ? Map.of() : laid;
    }

    /** Single experts under the reference's names: {@code w1} as {@code gate_proj}. */
    private static Map<String, TensorSource> renamed(
            ExpertGroup group, ExpertGroup like, String module) {
        Map<String, TensorSource> renamed = new LinkedHashMap<>();
        for (String parameter : List.of("gate_up_proj", "down_proj")) {
            Optional<List<String>> from = group.way(parameter);
            Optional<List<String>> to = like.way(parameter);
            if (from.isEmpty() || to.isEmpty() || from.equals(to)) {
                return Map.of();
            }
            for (int e = 0; e < group.count(from.get().get(0)); e++) {
                List<TensorSource> own = group.matrices(from.get(), e);
                for (int i = 0; i < own.size(); i++) {
                    renamed.put(name(module, e, to.get().get(i)), own.get(i));
                }
            }
        }
        return renamed;
    }

    private static String name(String module, int expert, String matrix) {
        return module + "." + expert + "." + matrix + ".weight";
    }

    private static Optional<Map<String, TensorSource>> fuse(
            ExpertGroup group, List<String> way, Shape shape, Optional<Way> to, String name) {
        int count = group.count(way.get(0));
        List<TensorSource> parts = new ArrayList<>();
        long rows = 0;
        for (int e = 0; e < count; e++) {
            List<TensorSource> own = group.matrices(way, e);
            rows = own.stream().mapToLong(t -> t.info().shape().dim(0)).sum();
            parts.addAll(own);
        }
        if (count == 0 || parts.size() != count * way.size()) {
            return Optional.empty();
        }
        TensorInfo first = parts.get(0).info();
        long cols = first.shape().dim(1);
        boolean alike =
                parts.stream()
                        .allMatch(
                                t ->
                                        t.info().dtype() == first.dtype()
                                                && t.info().shape().equals(first.shape()));
        Optional<Boolean> turned = turned(shape, rows, cols, to);
        if (!alike || !first.dtype().arithmetic() || turned.isEmpty()) {
            return Optional.empty();
        }
        String from = parts.get(0).identity() + " and " + (parts.size() - 1) + " more";
        List<TensorSource> stacked = parts;
        Shape out = Shape.of(count, rows, cols);
        if (turned.get()) {
            out = Shape.of(count, cols, rows);
            stacked = new ArrayList<>();
            for (int e = 0; e < count; e++) {
                TensorInfo one = new TensorInfo(name, first.dtype(), Shape.of(rows, cols));
                stacked.add(
                        new TransposedTensor(new StackedTensor(one, group.matrices(way, e), from)));
            }
            from += ", transposed";
        }
        TensorInfo info = new TensorInfo(name, first.dtype(), out);
        return Optional.of(Map.of(name, new StackedTensor(info, stacked, from)));
    }

    private static Optional<Map<String, TensorSource>> split(
            TensorSource all,
            ExpertGroup like,
            List<String> way,
            Optional<Way> from,
            String module) {
        Shape shape = all.info().shape();
        List<TensorSource> model = like.matrices(way, 0);
        long rows = model.stream().mapToLong(t -> t.info().shape().dim(0)).sum();
        Optional<Boolean> turned = turned(shape, rows, model.get(0).info().shape().dim(1), from);
        if (turned.isEmpty() || !all.info().dtype().arithmetic()) {
            return Optional.empty();
        }
        Map<String, TensorSource> split = new LinkedHashMap<>();
        for (int e = 0; e < shape.dim(0); e++) {
            TensorSource expert = expert(all, e);
            if (turned.get()) {
                expert = new TransposedTensor(expert);
            }
            long at = 0;
            for (int i = 0; i < way.size(); i++) {
                String name = name(module, e, way.get(i));
                Shape own = model.get(i).info().shape();
                split.put(
                        name,
                        new SliceTensor(expert, new TensorInfo(name, all.info().dtype(), own), at));
                at += own.elements();
            }
        }
        return Optional.of(split);
    }

    /**
     * Whether matrices in a fused tensor are the transpose of an expert's own; empty where they do
     * not fit, or could be either.
     */
    private static Optional<Boolean> turned(Shape fused, long rows, long cols, Optional<Way> way) {
        boolean linear = fused.dim(1) == rows && fused.dim(2) == cols;
        boolean transposed = fused.dim(1) == cols && fused.dim(2) == rows;
        if (linear && transposed) {
            return way.map(w -> w == Way.TRANSPOSED);
        }
        return linear || transposed ? Optional.of(transposed) : Optional.empty();
    }

    private static TensorSource expert(TensorSource all, int expert) {
        Shape shape = all.info().shape();
        TensorInfo info =
                new TensorInfo(
                        all.info().name(),
                        all.info().dtype(),
                        Shape.of(shape.dim(1), shape.dim(2)));
        return new SliceTensor(all, info, expert * info.elements());
    }

    /** A tensor of experts whose matrices lie the other way round. */
    private static TensorSource turned(TensorSource all) {
        Shape shape = all.info().shape();
        List<TensorSource> experts = new ArrayList<>();
        for (int e = 0; e < shape.dim(0); e++) {
            experts.add(new TransposedTensor(expert(all, e)));
        }
        TensorInfo info =
                new TensorInfo(
                        all.info().name(),
                        all.info().dtype(),
                        Shape.of(shape.dim(0), shape.dim(2), shape.dim(1)));
        return new StackedTensor(info, experts, all.identity() + ", transposed");
    }
}
