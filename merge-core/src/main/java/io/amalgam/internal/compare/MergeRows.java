package io.amalgam.internal.compare;

import io.amalgam.method.TensorCall;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.TensorTask;
import io.amalgam.recipe.ModelRef;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Which models a merge is compared with, and where a tensor of theirs is among a task's inputs.
 * Where the recipe has a base, that is the reference and the merge is the last; else the merge is
 * the reference.
 *
 * @param names of the reference and the models
 */
record MergeRows(List<String> names, boolean hasBase) {
    /** The place of what is no input: the merge. */
    static final int MERGE = -1;

    MergeRows {
        names = List.copyOf(names);
    }

    /**
     * @param name what the merge is called
     */
    static MergeRows of(MergePlan plan, String name) {
        Optional<String> base = plan.recipe().baseModel().map(ModelRef::toString);
        List<String> names = new ArrayList<>(List.of(base.orElse(name)));
        for (ModelRef ref : plan.models().keySet()) {
            if (!ref.toString().equals(base.orElse(""))) {
                names.add(ref.toString());
            }
        }
        if (base.isPresent()) {
            names.add(name);
        }
        return new MergeRows(names, base.isPresent());
    }

    /** Where the merge is among the names. */
    int merge() {
        return hasBase ? names.size() - 1 : 0;
    }

    /** For each name the input of a task that is its tensor; empty where it has none. */
    List<Optional<Integer>> inputs(TensorTask task) {
        List<Optional<Integer>> found = new ArrayList<>();
        names.forEach(name -> found.add(Optional.empty()));
        for (int i = 0; i < task.sources().size(); i++) {
            TensorCall.Input input = task.call().inputs().get(i);
            int place = names.indexOf(input.model());
            if (place >= 0 && input.role().ofModel() && task.alongOutput(i)) {
                found.set(place, Optional.of(i));
            }
        }
        found.set(merge(), Optional.of(MERGE));
        return found;
    }

    /** Places of the models that have a tensor: the names' but the reference's, from 0. */
    static List<Integer> places(List<? extends Optional<?>> found) {
        List<Integer> places = new ArrayList<>();
        for (int m = 1; m < found.size(); m++) {
            if (found.get(m).isPresent()) {
                places.add(m - 1);
            }
        }
        return places;
    }
}
