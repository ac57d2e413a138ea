package io.amalgam.internal.plan;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.SliceTensor;
import io.amalgam.internal.layers.NonLayerTensors;
import io.amalgam.internal.tokenizer.ReindexedTensor;
import io.amalgam.internal.tokenizer.RowMap;
import io.amalgam.internal.tokenizer.RowRule;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.Recipe;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Rearranges tensors with a row per token to the rows of the merged vocabulary, if the recipe
 * defines one.
 */
final class VocabularyPlan {
    private final Recipe recipe;
    private final Optional<TokenizerPlan> tokenizer;
    private final Problems problems;
    private final Map<Key, RowMap> maps = new HashMap<>();
    private int reindexed;
    private boolean found;
    private final TruncatedRows truncated;

    /** Tensors of the same models with the same base share an index. */
    private record Key(List<ModelRef> models, Optional<ModelRef> base, int behind) {}

    /**
     * @param tokenizer empty where the recipe has no such section, or something is wrong with it
     * @param truncated what becomes of different vocabularies without such a section
     */
    VocabularyPlan(
            Recipe recipe,
            Optional<TokenizerPlan> tokenizer,
            TruncatedRows truncated,
            Problems problems) {
        this.recipe = recipe;
        this.tokenizer = tokenizer;
        this.truncated = truncated;
        this.problems = problems;
    }

    /** Whether the recipe has a tokenizer section that nothing could be made of. */
    boolean failed() {
        return recipe.tokenizer().isPresent() && tokenizer.isEmpty();
    }

    /** The tensors a slot is made of, as they are merged. */
    List<TensorSource> sources(OutputTensor slot, List<OutputTensor.Part> present) {
        List<TensorSource> stored = new ArrayList<>();
        for (OutputTensor.Part part : present) {
            stored.add(
                    Objects.requireNonNull(part.model().tensors.get(part.tensor().orElseThrow())));
        }
        if (!NonLayerTensors.mayBeByToken(slot.name())) {
            return stored;
        }
        List<TensorSource> rows = stored.stream().map(VocabularyPlan::inRows).toList();
        if (!byToken(present, rows)) {
            return stored;
        }
        if (tokenizer.isEmpty()) {
            return failed() ? stored : cut(stored, rows, behind(present.get(0), rows.get(0)));
        }
        found = true;
        RowMap map = map(slot, present, rows);
        List<TensorSource> sources = new ArrayList<>();
        for (int i = 0; i < stored.size(); i++) {
            if (map.isIdentity(i, rows.get(i).info().shape().dim(0))) {
                sources.add(stored.get(i));
            } else {
                reindexed++;
                TensorSource own = new ReindexedTensor(map, i, rows);
                boolean row = rows.get(i) != stored.get(i);
                sources.add(row ? shaped(own, Shape.of(1, own.info().elements())) : own);
            }
        }
        return sources;
    }

    private List<TensorSource> cut(List<TensorSource> stored, List<TensorSource> rows, int behind) {
        List<TensorSource> cut = truncated.in(rows, behind);
        List<TensorSource> sources = new ArrayList<>();
        for (int i = 0; i < stored.size(); i++) {
            TensorSource own = cut.get(i);
            boolean row = rows.get(i) != stored.get(i);
            sources.add(
                    own == rows.get(i)
                            ? stored.get(i)
                            : row ? shaped(own, Shape.of(1, own.info().elements())) : own);
        }
        return sources;
    }

    /** A tensor of one row with a column for each token, such as a bias of logits, as a vector. */
    private static TensorSource inRows(TensorSource stored) {
        Shape shape = stored.info().shape();
        return shape.rank() == 2 && shape.dim(0) == 1
                ? shaped(stored, Shape.of(shape.dim(1)))
                : stored;
    }

    private static TensorSource shaped(TensorSource source, Shape shape) {
        TensorInfo info = source.info();
        return new SliceTensor(source, new TensorInfo(info.name(), info.dtype(), shape), 0);
    }

    private static boolean byToken(List<OutputTensor.Part> present, List<TensorSource> stored) {
        TensorInfo first = stored.get(0).info();
        int behind = behind(present.get(0), stored.get(0));
        for (int i = 0; i < stored.size(); i++) {
            TensorInfo info = stored.get(i).info();
            boolean alike =
                    info.dtype().arithmetic()
                            && info.shape().rank() > 0
                            && info.shape().rank() == first.shape().rank();
            for (int axis = 1; alike && axis < info.shape().rank(); axis++) {
                alike = info.shape().dim(axis) == first.shape().dim(axis);
            }
            if (!alike
                    || !TokenRows.of(present.get(i).model()).isByToken(info.shape().dim(0))
                    || behind(present.get(i), stored.get(i)) != behind) {
                return false;
            }
        }
        return true;
    }

    private static int behind(OutputTensor.Part part, TensorSource stored) {
        Shape shape = stored.info().shape();
        return shape.rank() == 0 ? 0 : TokenRows.of(part.model()).behind(shape.dim(0));
    }

    private RowMap map(
            OutputTensor slot, List<OutputTensor.Part> present, List<TensorSource> stored) {
        List<ModelRef> refs = present.stream().map(part -> part.model().ref).toList();
        Optional<ModelRef> base = slot.base().or(recipe::baseModel);
        int behind = behind(present.get(0), stored.get(0));
        List<Long> ends = stored.stream().map(tensor -> tensor.info().shape().dim(0)).toList();
        return maps.computeIfAbsent(
                new Key(refs, base, behind), unused -> map(slot, refs, base, ends, behind));
    }

    /** Each model's rows of the output's ids, and those that it has behind its tokens. */
    private List<int[]> own(List<ModelRef> refs, List<Long> ends, int behind) {
        TokenizerPlan plan = tokenizer.orElseThrow();
        List<int[]> own = new ArrayList<>();
        for (int i = 0; i < refs.size(); i++) {
            int[] known = plan.rowsOf(refs.get(i));
            int[] rows = Arrays.copyOf(known, plan.rows() + behind);
            Arrays.fill(rows, Math.min(known.length, rows.length), rows.length, -1);
            for (int k = 0; k < behind; k++) {
                rows[plan.rows() + k] = Math.toIntExact(ends.get(i) - behind + k);
            }
            own.add(rows);
        }
        return own;
    }

    private RowMap map(
            OutputTensor slot,
            List<ModelRef> refs,
            Optional<ModelRef> base,
            List<Long> ends,
            int behind) {
        TokenizerPlan plan = tokenizer.orElseThrow();
        List<int[]> own = own(refs, ends, behind);
        Map<Integer, RowRule> rules = new HashMap<>();
        for (TokenizerPlan.Rule rule : plan.rules()) {
            Optional<RowRule.Copy> copy = Optional.empty();
            if (rule.model().isPresent()) {
                int index = refs.indexOf(rule.model().get());
                if (index < 0) {
                    problems.add(
                            Problem.of(
                                            "model '"
                                                    + rule.model().get()
                                                    + "' of token '"
                                                    + rule.token()
                                                    + "' is not among the models that tensor '"
                                                    + slot.name()
                                                    + "' is made of")
                                    .at(rule.location())
                                    .hint("name a model that is merged there"));
                    continue;
                }
                copy = Optional.of(new RowRule.Copy(index, rule.row()));
            }
            rules.put(rule.id(), new RowRule(copy, rule.force()));
        }
        int baseIndex = base.map(refs::indexOf).orElse(-1);
        return new RowMap(own, plan.taken(), plan.rows() + behind, baseIndex, rules);
    }

    /** Reports a vocabulary that no tensor follows. */
    void check() {
        if (tokenizer.isPresent() && !found) {
            problems.addOnce(
                    "no embedding",
                    Problem.of("no tensor has a row for each token: the models have no embedding")
                            .at(recipe.tokenizer().orElseThrow().location())
                            .hint("remove the tokenizer section"));
        }
    }

    /** Inputs that are read through an index. */
    int reindexed() {
        return reindexed;
    }

    /** Memory of the indices, in bytes. */
    long bytesHeld() {
        return maps.values().stream().mapToLong(RowMap::bytesHeld).sum();
    }
}
