package io.amalgam.internal.engine;

import io.amalgam.kernel.Kernels;
import io.amalgam.method.Block;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.ModelPass;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import io.amalgam.method.WholeModelMethod;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Runs a method's stages over arrays instead of files, on the calling thread: the same blocks,
 * units and order as {@link MergeEngine}, so the same bits.
 */
public final class InMemory {
    private static final int BLOCK = 1 << 15;

    private final Kernels kernels;
    private final int largestBlock;
    private final List<float[]> inputs;
    private final int elements;
    private final float[] out;

    private InMemory(Kernels kernels, List<float[]> inputs, int largestBlock) {
        this.kernels = kernels;
        this.largestBlock = largestBlock;
        this.inputs = List.copyOf(inputs);
        this.elements = inputs.get(0).length;
        this.out = new float[elements];
    }

    /**
     * Computes one output tensor.
     *
     * @param inputs the input tensors, row-major, all of one length but for statistics, which come
     *     last
     * @return a new array of that length
     */
    public static float[] run(TensorStep first, List<float[]> inputs, Kernels kernels) {
        return run(first, inputs, kernels, BLOCK);
    }

    /** As {@link #run(TensorStep, List, Kernels)}, in blocks of so many elements at most. */
    static float[] run(TensorStep first, List<float[]> inputs, Kernels kernels, int block) {
        InMemory run = new InMemory(kernels, inputs, block);
        TensorStep stage = TaskRun.given(first);
        while (stage != null) {
            stage = run.step(stage);
        }
        return run.out;
    }

    /**
     * Merges a whole model.
     *
     * @param calls its tensors
     * @param tensors the inputs of each, as for {@link #run}
     * @return a new array for each tensor
     */
    public static List<float[]> merge(
            MergeMethod method,
            List<TensorCall> calls,
            List<List<float[]>> tensors,
            Kernels kernels) {
        Optional<ModelPass> survey =
                method instanceof WholeModelMethod whole ? whole.survey(calls) : Optional.empty();
        while (survey.isPresent() && survey.get() instanceof ModelPass.Pass<?> pass) {
            survey = Optional.of(survey(pass, tensors, kernels));
        }
        List<float[]> merged = new ArrayList<>();
        for (int t = 0; t < calls.size(); t++) {
            TensorStep first =
                    survey.isPresent()
                            ? ((ModelPass.Done) survey.get()).stages().apply(t)
                            : method.bind(calls.get(t));
            merged.add(run(first, tensors.get(t), kernels));
        }
        return merged;
    }

    private static <S> ModelPass survey(
            ModelPass.Pass<S> pass, List<List<float[]>> tensors, Kernels kernels) {
        ModelPassRun<S> over = new ModelPassRun<>(pass);
        for (int t = 0; t < tensors.size(); t++) {
            new InMemory(kernels, tensors.get(t), BLOCK).reduce(over.ofTensor(t));
        }
        return pass.next(over.total());
    }

    /** Runs one stage; null after the last. */
    private @Nullable TensorStep step(TensorStep stage) {
        if (stage instanceof TensorStep.Copy copy) {
            System.arraycopy(inputs.get(copy.input()), 0, out, 0, elements);
            return null;
        }
        if (stage instanceof TensorStep.Combine combine) {
            combine(combine);
            return null;
        }
        if (stage instanceof TensorStep.Reduce<?> reduce) {
            return TaskRun.given(reduce(reduce));
        }
        try {
            if (stage instanceof TensorStep.Sample probe) {
                return TaskRun.given(probe.next(new Arrays()));
            }
            if (stage instanceof TensorStep.FullTensor whole) {
                new CheckedWriter(
                                elements,
                                (from, src, count) ->
                                        System.arraycopy(src, 0, out, (int) from, count))
                        .run(whole, new Arrays());
                return null;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        throw new IllegalStateException("arrays have arithmetic; nothing to do for " + stage);
    }

    private void combine(TensorStep.Combine combine) {
        Block block = blockOf(combine.rowLength());
        int step = (int) (block.capacity() / combine.rowLength() * combine.rowLength());
        float[] piece = new float[block.capacity()];
        for (int from = 0; from < elements; from += step) {
            fill(block, from, Math.min(step, elements - from));
            combine.combine(block, piece);
            System.arraycopy(piece, 0, out, from, block.length());
        }
    }

    private <S> TensorStep reduce(TensorStep.Reduce<S> reduce) {
        Block block = blockOf(reduce.rowLength());
        int step = (int) (block.capacity() / reduce.rowLength() * reduce.rowLength());
        long unit = TaskRun.unitElements(reduce.rowLength());
        S total = null;
        for (long begin = 0; begin < elements; begin += unit) {
            S state = reduce.newState();
            long end = Math.min(elements, begin + unit);
            for (long from = begin; from < end; from += step) {
                fill(block, (int) from, (int) Math.min(step, end - from));
                reduce.fold(state, block);
            }
            total = total == null ? state : reduce.merge(total, state);
        }
        return reduce.next(total == null ? reduce.newState() : total);
    }

    private Block blockOf(long rowLength) {
        return new Block(
                kernels,
                inputs.size(),
                (int) Math.max(Math.min(largestBlock, Math.max(1, elements)), rowLength));
    }

    private void fill(Block block, int from, int n) {
        block.moveTo(from, n);
        for (int i = 0; i < inputs.size(); i++) {
            // Of statistics, some have a shape of their own.
            if (inputs.get(i).length == elements) {
                System.arraycopy(inputs.get(i), from, block.input(i), 0, n);
            }
        }
    }

    private final class Arrays implements TensorStep.Reader {
        @Override
        public int capacity() {
            return BLOCK;
        }

        @Override
        public void read(int input, long from, int count, float[] dst, int at) {
            System.arraycopy(inputs.get(input), (int) from, dst, at, count);
        }
    }
}
