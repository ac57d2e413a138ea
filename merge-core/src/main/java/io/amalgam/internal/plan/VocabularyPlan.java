package io.amalgam.internal.plan;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.Problem;
import io.amalgam.internal.layers.NonLayerTensors;
import io.amalgam.internal.tokenizer.ReindexedTensor;
import io.amalgam.internal.tokenizer.RowMap;
import io.amalgam.internal.tokenizer.RowRule;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.Recipe;
import io.amalgam.tensor.TensorInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Gives the tensors that have a row for each token the rows of the merged vocabulary, where the
 * recipe says what that is.
 */
final class VocabularyPlan {
    private final Recipe recipe;
    private final Optional<TokenizerPlan> tokenizer;
    private final Problems problems;
    private final Map<Key, RowMap> maps = new HashMap<>();
    private int reindexed;
    private boolean found;

    /** Tensors of the same models with the same base share an index. */
    private record Key(List<ModelRef> models, Optional<ModelRef> base) {}

    /**
     * @param tokenizer empty where the recipe has no such section, or something is wrong with it
     */
    VocabularyPlan(Recipe recipe, Optional<TokenizerPlan> tokenizer, Problems problems) {
        this.recipe = recipe;
        this.tokenizer = tokenizer;
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
        if (tokenizer.isEmpty() || !byToken(slot, present, stored)) {
            return stored;
        }
        found = true;
        RowMap map = map(slot, present);
        List<TensorSource> sources = new ArrayList<>();
        for (int i = 0; i < stored.size(); i++) {
            if (map.isIdentity(i, stored.get(i).info().shape().dim(0))) {
                sources.add(stored.get(i));
            } else {
                reindexed++;
                sources.add(new ReindexedTensor(map, i, stored));
            }
        }
        return sources;
    }

    private boolean byToken(
            OutputTensor slot, List<OutputTensor.Part> present, List<TensorSource> stored) {
        if (!NonLayerTensors.mayBeByToken(slot.name())) {
            return false;
        }
        TensorInfo first = stored.get(0).info();
        for (int i = 0; i < stored.size(); i++) {
            TensorInfo info = stored.get(i).info();
            boolean alike =
                    info.dtype().arithmetic()
                            && info.shape().rank() > 0
                            && info.shape().rank() == first.shape().rank();
            for (int axis = 1; alike && axis < info.shape().rank(); axis++) {
                alike = info.shape().dim(axis) == first.shape().dim(axis);
            }
            if (!alike || !TokenRows.of(present.get(i).model()).isByToken(info.shape().dim(0))) {
                return false;
            }
        }
        return true;
    }

    private RowMap map(OutputTensor slot, List<OutputTensor.Part> present) {
        List<ModelRef> refs = present.stream().map(part -> part.model().ref).toList();
        Optional<ModelRef> base = slot.base().or(recipe::baseModel);
        return maps.computeIfAbsent(new Key(refs, base), unused -> map(slot, refs, base));
    }

    private RowMap map(OutputTensor slot, List<ModelRef> refs, Optional<ModelRef> base) {
        TokenizerPlan plan = tokenizer.orElseThrow();
        List<int[]> own = refs.stream().map(plan::rowsOf).toList();
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
        return new RowMap(own, plan.taken(), plan.rows(), baseIndex, rules);
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
