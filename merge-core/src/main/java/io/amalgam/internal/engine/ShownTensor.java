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
    private final SampledStretches sample;
    private final List<S> states = new ArrayList<>();

    private ShownTensor(Watch<S> watch, TensorTask task, int units) {
        this.watch = watch;
        this.task = task;
        this.sample = new SampledStretches(watch.oneIn());
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
        S state = states.get(unit);
        if (sample.oneIn() == 1) {
            show(state, in, out, workspace);
            return;
        }
        long end = in.offset() + in.length();
        for (long from = in.offset(); from < end; ) {
            long begin = Math.max(from, sample.beginFor(from));
            int n = (int) (Math.min(end, sample.endFor(from)) - begin);
            if (n > 0) {
                Stretch stretch = in.tool(Stretch.class, () -> new Stretch(in));
                stretch.copy(in, out, task.sources().size(), begin, n);
                show(state, stretch.block, stretch.out, workspace);
            }
            from = sample.next(from);
        }
    }

    private void show(S state, Block in, float[] out, Workspace workspace) {
        TensorEncoding.of(task.output().dtype()).round(out, in.length(), workspace);
        watch.see(state, in, out);
    }

    /** A worker's copy of a stretch, which begins where arrays begin. */
    private static final class Stretch {
        final Block block;
        final float[] out;

        Stretch(Block of) {
            int capacity = Math.min(of.capacity(), SampledStretches.LENGTH);
            block = new Block(of.kernels(), of.inputs().length, capacity);
            out = new float[capacity];
        }

        void copy(Block in, float[] from, int inputs, long begin, int n) {
            int at = (int) (begin - in.offset());
            for (int i = 0; i < inputs; i++) {
                System.arraycopy(in.input(i), at, block.input(i), 0, n);
            }
            System.arraycopy(from, at, out, 0, n);
            block.moveTo(begin, n);
        }
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
