package io.amalgam.internal.compare;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.engine.MergeListener;
import io.amalgam.method.Block;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.TensorTask;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Measures the tensors of a merge while they are computed, as {@link MergeComparison} does when it
 * reads them afterwards, to the bit.
 */
public final class MergeObserver implements MergeListener.Observer {
    private final MergeRows rows;
    private final IdentityHashMap<TensorTask, List<Integer>> watched = new IdentityHashMap<>();
    private final Map<String, Measures> measured = new ConcurrentHashMap<>();

    /**
     * @param name what the merge is called
     */
    public MergeObserver(MergePlan plan, String name) {
        this.rows = MergeRows.of(plan, name);
        for (TensorTask task : plan.modelTasks()) {
            List<Optional<Integer>> inputs = rows.inputs(task);
            boolean numbers =
                    task.output().dtype().arithmetic()
                            && task.sources().stream()
                                    .map(TensorSource::info)
                                    .allMatch(info -> info.dtype().arithmetic());
            if (numbers && inputs.get(0).isPresent() && !MergeRows.places(inputs).isEmpty()) {
                watched.put(task, inputs.stream().flatMap(Optional::stream).toList());
            }
        }
    }

    /** What was measured, by name of the tensor, of the models that have it. */
    Map<String, Measures> measured() {
        return Map.copyOf(measured);
    }

    @Override
    public long bytesHeld(int inputs, int blockElements) {
        // The arranged block, and three arrays for each model.
        return 4L * (inputs + 1) * blockElements * Float.BYTES;
    }

    @Override
    public Optional<MergeListener.Watch<?>> watch(TensorTask task) {
        return Optional.ofNullable(watched.get(task))
                .map(inputs -> new OfTensor(task.output().name(), inputs));
    }

    /** A worker's blocks, in which the reference comes first, by number of inputs. */
    private static final class Arranged {
        private final Map<Integer, Block> blocks = new HashMap<>();

        Block of(Block in, int inputs) {
            return blocks.computeIfAbsent(inputs, n -> new Block(in.kernels(), n, in.capacity()));
        }
    }

    /** Sums of one tensor. */
    private final class OfTensor implements MergeListener.Watch<ChangeSums> {
        private final String name;
        private final List<Integer> inputs;
        private final ChangeFold fold;

        OfTensor(String name, List<Integer> inputs) {
            this.name = name;
            this.inputs = inputs;
            this.fold = new ChangeFold(inputs.size() - 1);
        }

        @Override
        public ChangeSums newState() {
            return fold.newState();
        }

        @Override
        public void see(ChangeSums state, Block in, float[] out) {
            Block arranged = in.tool(Arranged.class, Arranged::new).of(in, inputs.size());
            for (int i = 0; i < inputs.size(); i++) {
                int input = inputs.get(i);
                arranged.share(i, input == MergeRows.MERGE ? out : in.input(input));
            }
            arranged.moveTo(in.offset(), in.length());
            fold.fold(state, arranged);
        }

        @Override
        public ChangeSums merge(ChangeSums earlier, ChangeSums later) {
            return fold.merge(earlier, later);
        }

        @Override
        public void done(ChangeSums total) {
            measured.put(name, total.measures(name));
        }
    }
}
