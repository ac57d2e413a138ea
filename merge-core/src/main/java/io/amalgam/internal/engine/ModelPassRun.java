package io.amalgam.internal.engine;

import io.amalgam.method.Block;
import io.amalgam.method.ModelPass;
import io.amalgam.method.TensorStep;
import io.amalgam.plan.PlannedModelPass;
import io.amalgam.plan.TensorTask;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One pass over the whole model: a reduction over each tensor, whose totals are merged in the order
 * of the tensors. States that may be merged in any order belong to no tensor: there are no more
 * than workers.
 */
final class ModelPassRun<S> {
    private final ModelPass.Pass<S> pass;
    private final SortedMap<Integer, S> totals = new TreeMap<>();
    private final Deque<S> anyOrder = new ArrayDeque<>();

    ModelPassRun(ModelPass.Pass<S> pass) {
        this.pass = pass;
    }

    /** The tensors that are read. */
    List<TaskRun> runs(List<TensorTask> tasks, PlannedModelPass whole) {
        List<TaskRun> runs = new ArrayList<>();
        for (int t = 0; t < whole.tasks().size(); t++) {
            int index = whole.tasks().get(t);
            TensorTask task = tasks.get(index);
            boolean read = false;
            for (int input = 0; input < task.sources().size(); input++) {
                read |= pass.reads(t, input);
            }
            if (read) {
                int tensor = t;
                runs.add(new TaskRun(index, task, () -> ofTensor(tensor)));
            }
        }
        return runs;
    }

    TensorStep.Reduce<S> ofTensor(int tensor) {
        return new OfTensor(tensor);
    }

    /** What comes next, once all tensors are read. */
    ModelPass next() {
        S total = null;
        for (S state : totals.values()) {
            total = total == null ? state : pass.merge(total, state);
        }
        for (S state : anyOrder) {
            total = total == null ? state : pass.merge(total, state);
        }
        return pass.next(total == null ? pass.newState() : total);
    }

    /** The reduction over one tensor. */
    final class OfTensor implements TensorStep.Reduce<S> {
        private final int tensor;

        OfTensor(int tensor) {
            this.tensor = tensor;
        }

        @Override
        public S newState() {
            return pass.newState();
        }

        /** A state that no worker uses now, of any tensor. */
        S borrow() {
            synchronized (anyOrder) {
                S used = anyOrder.poll();
                return used == null ? pass.newState() : used;
            }
        }

        @SuppressWarnings("unchecked")
        void giveBack(Object state) {
            synchronized (anyOrder) {
                anyOrder.add((S) state);
            }
        }

        @Override
        public void fold(S state, Block in) {
            pass.fold(state, tensor, in);
        }

        @Override
        public S merge(S earlier, S later) {
            return pass.merge(earlier, later);
        }

        @Override
        public TensorStep next(S total) {
            synchronized (totals) {
                totals.put(tensor, total);
            }
            return TaskRun.NOTHING;
        }

        @Override
        public boolean anyOrder() {
            return pass.anyOrder();
        }

        @Override
        public boolean reads(int input) {
            return pass.reads(tensor, input);
        }

        boolean takesNonfinite() {
            return pass.takesNonfinite();
        }
    }
}
