package io.amalgam.internal.engine;

import io.amalgam.engine.MergeListener.Watch;
import io.amalgam.internal.encoding.TensorEncoding;
import io.amalgam.kernel.Workspace;
import io.amalgam.method.Block;
import io.amalgam.method.TensorStep;
import io.amalgam.plan.TensorTask;
import java.util.ArrayList;
import java.util.List;

/**
 * A tensor that is watched, from its units' states to their total. Units hand in their states at
 * their own places, so that no order is lost.
 *
 * @param <S> the state of a unit
 */
final class ShownTensor<S> {
    private final Watch<S> watch;
    private final TensorTask task;
    private final List<S> states = new ArrayList<>();

    private ShownTensor(Watch<S> watch, TensorTask task, int units) {
        this.watch = watch;
        this.task = task;
        for (int i = 0; i < units; i++) {
            states.add(watch.newState());
        }
    }

    static <S> ShownTensor<S> of(Watch<S> watch, TensorTask task, int units) {
        return new ShownTensor<>(watch, task, units);
    }

    /** Whether a stage shows every element of the output, and of all inputs like it. */
    static boolean isPossible(TensorTask task, TensorStep stage) {
        if (!(stage instanceof TensorStep.Combine combine)
                || combine.rowLength() != 1
                || task.quantiser().isPresent()) {
            return false;
        }
        for (int i = 0; i < task.sources().size(); i++) {
            if (task.alongOutput(i) && !combine.reads(i)) {
                return false;
            }
        }
        return true;
    }

    /**
     * Shows a block of a unit, after it was written.
     *
     * @param out rounded here to what is stored
     */
    void see(int unit, Block in, float[] out, Workspace workspace) {
        TensorEncoding.of(task.output().dtype()).round(out, in.length(), workspace);
        watch.see(states.get(unit), in, out);
    }

    /** All units are done. */
    void finish() {
        S total = states.get(0);
        for (int i = 1; i < states.size(); i++) {
            total = watch.merge(total, states.get(i));
        }
        watch.done(total);
        states.clear();
    }
}
