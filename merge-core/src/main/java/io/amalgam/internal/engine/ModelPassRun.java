package io.amalgam.internal.engine;

import io.amalgam.method.Block;
import io.amalgam.method.ModelPass;
import io.amalgam.method.TensorStep;
import io.amalgam.plan.PlannedModelPass;
import io.amalgam.plan.TensorTask;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One pass over the whole model: a reduction over each tensor, whose totals are merged in the order
 * of the tensors. States that may be merged in any order belong to no tensor: there are no more
 * than workers.
 */
final class ModelPassRun<S> {
    /** In a share, the place of states that belong to no tensor. */
    private static final int ANY = -1;

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

    /** Those of one of several shares of the tensors, which have about equal bytes. */
    List<TaskRun> runs(List<TensorTask> tasks, PlannedModelPass whole, int share, int shares) {
        List<TaskRun> runs = new ArrayList<>(runs(tasks, whole));
        runs.sort(Comparator.comparingLong(run -> -run.task.inputBytes()));
        List<TaskRun> some = new ArrayList<>();
        for (int i = 0; i < runs.size(); i++) {
            // Back and forth: the first of each round is the largest.
            int place = i % (2 * shares);
            if ((place < shares ? place : 2 * shares - 1 - place) == share) {
                some.add(runs.get(i));
            }
        }
        return some;
    }

    /**
     * The states of the tensors that were read, to be put together with those of other shares;
     * empty if they cannot be stored.
     */
    Optional<byte[]> share() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        Map<Integer, S> states = new TreeMap<>(totals);
        if (!anyOrder.isEmpty()) {
            S sum = anyOrder.remove();
            while (!anyOrder.isEmpty()) {
                sum = pass.merge(sum, anyOrder.remove());
            }
            states.put(ANY, sum);
        }
        for (Map.Entry<Integer, S> state : states.entrySet()) {
            Optional<byte[]> one = PassState.bytes(state.getValue());
            if (one.isEmpty()) {
                return Optional.empty();
            }
            out.writeInt(state.getKey());
            out.writeInt(one.get().length);
            out.write(one.get());
        }
        return Optional.of(bytes.toByteArray());
    }

    /** Adds a share. */
    @SuppressWarnings("unchecked")
    void add(byte[] share) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(share);
        while (in.hasRemaining()) {
            int tensor = in.getInt();
            byte[] bytes = new byte[in.getInt()];
            in.get(bytes);
            S state = (S) PassState.of(bytes);
            if (tensor == ANY) {
                anyOrder.add(state);
            } else {
                totals.put(tensor, state);
            }
        }
    }

    TensorStep.Reduce<S> ofTensor(int tensor) {
        return new OfTensor(tensor);
    }

    /** The state of the whole model, once all tensors are read. */
    S total() {
        S total = null;
        for (S state : totals.values()) {
            total = total == null ? state : pass.merge(total, state);
        }
        for (S state : anyOrder) {
            total = total == null ? state : pass.merge(total, state);
        }
        return total == null ? pass.newState() : total;
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
