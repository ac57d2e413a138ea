package io.amalgam.internal.lora.apply;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.SliceTensor;
import io.amalgam.internal.layers.NonLayerTensors;
import io.amalgam.internal.layers.TiedTensors;
import io.amalgam.internal.lora.Adapter;
import io.amalgam.internal.lora.WeightedAdapter;
import io.amalgam.internal.method.common.WeightSums;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/** Tensors with a row for each token that adapters hold with more or fewer rows than the base. */
final class Resizing {
    private final Map<String, ? extends TensorSource> base;
    private final Optional<TiedTensors> tied;
    private final String baseName;
    private Optional<Vocabulary> vocabulary = Optional.empty();

    /**
     * @param rows of the embedding
     * @param before how many the base has
     * @param adapter the first that has so many
     */
    record Vocabulary(long rows, long before, Adapter adapter) {}

    Resizing(
            Map<String, ? extends TensorSource> base, Optional<TiedTensors> tied, String baseName) {
        this.base = base;
        this.tied = tied;
        this.baseName = baseName;
    }

    Optional<Vocabulary> vocabulary() {
        return vocabulary;
    }

    private long stored() {
        return TiedTensors.embedding(base.keySet())
                .map(base::get)
                .map(embedding -> embedding.info().shape().dim(0))
                .orElse(-1L);
    }

    private boolean isByToken(String tensor) {
        return NonLayerTensors.mayBeByToken(tensor)
                || tied.filter(t -> t.others().contains(tensor)).isPresent();
    }

    /** Whether a tensor may take the place of the base's although it is of another size. */
    boolean accepts(String tensor, TensorSource value, Adapter adapter) {
        TensorSource own = base.get(tensor);
        if (own == null) {
            own = tied.map(t -> base.get(t.embedding())).orElse(null);
        }
        if (own == null || !isByToken(tensor)) {
            return false;
        }
        Shape before = own.info().shape();
        Shape after = value.info().shape();
        boolean fits =
                before.rank() > 0
                        && after.rank() == before.rank()
                        && before.dim(0) == stored()
                        && after.dim(0) > 0;
        for (int axis = 1; fits && axis < before.rank(); axis++) {
            fits = before.dim(axis) == after.dim(axis);
        }
        if (fits && vocabulary.isEmpty()) {
            vocabulary = Optional.of(new Vocabulary(after.dim(0), stored(), adapter));
        }
        return fits && vocabulary.orElseThrow().rows == after.dim(0);
    }

    /**
     * Biases of logits that are one row with a column for each token: new tokens get zeros, as
     * transformers gives them.
     */
    void follow(TensorEdits edits, Map<String, TensorSource> tensors) {
        if (vocabulary.isEmpty()) {
            return;
        }
        long rows = vocabulary.get().rows;
        base.forEach(
                (name, bias) -> {
                    Shape before = Shape.of(1, stored());
                    if (NonLayerTensors.mayBeByToken(name)
                            && bias.info().shape().equals(before)
                            && edits.shape(name).equals(before)) {
                        TensorSource own = tensors.getOrDefault(name, bias);
                        TensorSource column = shaped(own, Shape.of(stored(), 1));
                        TensorSource longer =
                                rows > stored() ? new PaddedRows(column, 0, rows) : column;
                        tensors.put(name, shaped(longer, Shape.of(1, rows)));
                    }
                });
    }

    private static TensorSource shaped(TensorSource source, Shape shape) {
        TensorInfo info = source.info();
        return new SliceTensor(source, new TensorInfo(info.name(), info.dtype(), shape), 0);
    }

    /** Tensors that would be left with another number of rows, and adapters that disagree. */
    List<Problem> problems(TensorEdits edits, List<WeightedAdapter> adapters) {
        List<Problem> problems = new ArrayList<>();
        if (vocabulary.isEmpty()) {
            return problems;
        }
        Vocabulary wanted = vocabulary.get();
        TreeSet<String> names = new TreeSet<>(base.keySet());
        if (edits.unties()) {
            tied.ifPresent(t -> names.addAll(t.others()));
        }
        for (String name : names) {
            Shape shape = edits.source(name).orElseThrow().info().shape();
            if (isByToken(name)
                    && shape.rank() > 0
                    && shape.dim(0) == stored()
                    && edits.shape(name).dim(0) != wanted.rows) {
                problems.add(
                        Problem.expected(
                                        "tensor '" + name + "' of model '" + baseName + "'",
                                        wanted.rows
                                                + " rows as adapter '"
                                                + wanted.adapter.name()
                                                + "' has for its tokens",
                                        edits.shape(name).dim(0))
                                .hint(
                                        "save the adapter with all embeddings and heads, or resize the base first"));
            }
        }
        double[] weights = adapters.stream().mapToDouble(WeightedAdapter::weight).toArray();
        if (WeightSums.sum(weights) == 0) {
            problems.add(
                    Problem.expected(
                                    "weights of adapters with tokens of their own",
                                    "a sum other than 0",
                                    "0")
                            .hint("rows of new tokens are the adapters' mean by weight"));
        }
        return problems;
    }
}
