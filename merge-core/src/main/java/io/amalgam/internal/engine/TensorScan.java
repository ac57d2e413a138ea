package io.amalgam.internal.engine;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.method.Block;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import io.amalgam.plan.TensorTask;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;

/**
 * Reads tensors of one or several checkpoints with all workers and writes nothing: for comparisons,
 * statistics and extraction. Each item is folded, block by block, into a state of its own; units,
 * order and bits are those of a merge, so results do not depend on threads or block sizes.
 */
public final class TensorScan {
    private static final int BLOCK = 1 << 14;

    private TensorScan() {}

    /**
     * Tensors that are read together.
     *
     * @param sources of one shape
     */
    public record Item(String name, List<TensorSource> sources) {
        public Item {
            sources = List.copyOf(sources);
            long elements = sources.get(0).info().elements();
            if (sources.stream().anyMatch(source -> source.info().elements() != elements)) {
                throw new IllegalArgumentException("tensors of one size: " + sources);
            }
        }
    }

    /**
     * A fold over the blocks of an item, safe for use by several threads with different states.
     *
     * @param <S> the state
     */
    public interface Fold<S> {
        S newState();

        /** Adds a block; its inputs are the item's sources. */
        void fold(S state, Block in);

        /** Adds what comes later in the tensor. Returns either operand or a new state. */
        S merge(S earlier, S later);
    }

    /** Hears how far a scan is, from the thread that runs it, a few times a second. */
    public interface Progress {
        void read(long bytes, long of);
    }

    /**
     * Folds every item.
     *
     * @return the states, in the items' order
     * @throws IOException if reading fails
     * @throws io.amalgam.engine.MergeCancelledException if stopped
     */
    public static <S> List<S> run(
            List<Item> items,
            Fold<S> fold,
            EngineOptions options,
            Progress progress,
            Cancellation cancellation)
            throws IOException {
        List<S> states = new ArrayList<>();
        List<TaskRun> runs = new ArrayList<>();
        for (int i = 0; i < items.size(); i++) {
            int item = i;
            // What a tensor without elements gives.
            states.add(fold.newState());
            runs.add(new TaskRun(i, task(items.get(i)), () -> new Once<>(fold, item, states)));
        }
        LongAdder moved = new LongAdder();
        long all =
                items.stream()
                        .flatMap(item -> item.sources().stream())
                        .mapToLong(source -> source.info().bytes())
                        .sum();
        int inputs = items.stream().mapToInt(item -> item.sources().size()).max().orElse(1);
        PlanRunner.Setup setup =
                new PlanRunner.Setup(
                        options.kernels(),
                        options.threads(),
                        inputs,
                        BLOCK,
                        0,
                        false,
                        moved,
                        new LongAdder());
        try (PlanRunner runner =
                new PlanRunner(
                        setup,
                        () -> TensorSink.NONE,
                        cancellation,
                        () -> progress.read(Math.min(moved.sum(), all), all))) {
            runner.run(runs, run -> {});
        }
        progress.read(all, all);
        return states;
    }

    private static TensorTask task(Item item) {
        List<TensorCall.Input> inputs =
                item.sources().stream()
                        .map(source -> new TensorCall.Input(source.identity(), Map.of()))
                        .toList();
        var info = item.sources().get(0).info();
        TensorCall call = new TensorCall(info, inputs, -1, Map.of(), 0);
        return new TensorTask(info, item.sources(), Optional.empty(), call, 0);
    }

    /** The only step of an item. */
    private record Once<S>(Fold<S> fold, int item, List<S> states) implements TensorStep.Reduce<S> {
        @Override
        public S newState() {
            return fold.newState();
        }

        @Override
        public void fold(S state, Block in) {
            fold.fold(state, in);
        }

        @Override
        public S merge(S earlier, S later) {
            return fold.merge(earlier, later);
        }

        @Override
        public TensorStep next(S total) {
            synchronized (states) {
                states.set(item, total);
            }
            return TaskRun.NOTHING;
        }
    }
}
