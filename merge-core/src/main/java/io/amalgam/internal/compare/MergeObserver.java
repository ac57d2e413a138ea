package io.amalgam.internal.compare;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.engine.MergeListener;
import io.amalgam.method.Block;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.TensorTask;
import io.amalgam.tensor.TensorInfo;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Measures the tensors of a merge while they are computed. Without a sample its sums are those of
 * {@link MergeComparison}, which reads all elements, to the bit.
 */
public final class MergeObserver implements MergeListener.Observer {
    /** The sample that costs little beside a merge. */
    public static final int SAMPLE = 16;

    /** Tensors of at most so many elements are measured whole. */
    public static final long WHOLE = 1 << 18;

    private final MergeRows rows;
    private final int oneIn;
    private final IdentityHashMap<TensorTask, List<Integer>> watched = new IdentityHashMap<>();
    private final Map<String, Measures> measured = new ConcurrentHashMap<>();

    /**
     * @param name what the merge is called
     * @param oneIn how many elements of a large tensor one is measured of; 1 measures all
     */
    public MergeObserver(MergePlan plan, String name, int oneIn) {
        this.oneIn = oneIn;
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

    /** How many elements one was measured of, where a tensor was so large; otherwise 1. */
    int oneIn() {
        boolean sampled =
                watched.keySet().stream()
                        .map(TensorTask::output)
                        .anyMatch(info -> oneIn(info.elements()) > 1 && isMeasured(info.name()));
        return sampled ? oneIn : 1;
    }

    private int oneIn(long elements) {
        return elements > WHOLE ? oneIn : 1;
    }

    private boolean isMeasured(String tensor) {
        return measured.containsKey(tensor);
    }

    /** What was measured, by name of the tensor, of the models that have it. */
    Map<String, Measures> measured() {
        return Map.copyOf(measured);
    }

    @Override
    public long bytesHeld(int inputs, int blockElements) {
        // The arranged block, three arrays for each model, and the copy of a stretch.
        return 5L * (inputs + 1) * blockElements * Float.BYTES;
    }

    @Override
    public Optional<MergeListener.Watch<?>> watch(TensorTask task) {
        return Optional.ofNullable(watched.get(task))
                .map(inputs -> new OfTensor(task.output(), inputs));
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
        private final TensorInfo info;
        private final List<Integer> inputs;
        private final ChangeFold fold;

        OfTensor(TensorInfo info, List<Integer> inputs) {
            this.info = info;
            this.inputs = inputs;
            this.fold = new ChangeFold(inputs.size() - 1);
        }

        @Override
        public int oneIn() {
            return MergeObserver.this.oneIn(info.elements());
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
            Measures seen = total.measures(info.name());
            measured.put(info.name(), oneIn() == 1 ? seen : seen.estimated(info.elements()));
        }
    }
}
