package io.amalgam.internal.engine;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.FileRegion;
import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.internal.checkpoint.ForwardingCheckpoint;
import io.amalgam.kernel.Workspace;
import io.amalgam.plan.ModelSource;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;

/**
 * Models that tell of every block read from them: how tests do something in the middle of a merge.
 */
final class Watched {
    /** What happens at a read, before it. */
    interface Read {
        /**
         * @param number of the read over all models, from 1
         */
        void at(long number) throws IOException;
    }

    private Watched() {}

    static ModelSource watch(ModelSource models, Read read) {
        AtomicLong reads = new AtomicLong();
        return ref ->
                new WatchedCheckpoint(
                        models.open(ref), tensor -> new WatchedTensor(tensor, read, reads));
    }

    /** Models whose tensors' bytes the system copies as the test says. */
    static ModelSource watchCopies(ModelSource models, WatchedChannel.Copy copy) {
        return ref ->
                new WatchedCheckpoint(
                        models.open(ref),
                        tensor ->
                                tensor instanceof StoredTensor stored
                                        ? new StoredTensor(
                                                stored.model(),
                                                stored.info(),
                                                new FileRegion(
                                                        new WatchedChannel(
                                                                stored.region().channel(), copy),
                                                        stored.region().file(),
                                                        stored.region().offset(),
                                                        stored.region().length()))
                                        : tensor);
    }

    private static final class WatchedCheckpoint extends ForwardingCheckpoint {
        private final UnaryOperator<TensorSource> watch;

        WatchedCheckpoint(Checkpoint model, UnaryOperator<TensorSource> watch) {
            super(model);
            this.watch = watch;
        }

        @Override
        public Map<String, TensorSource> tensors() {
            Map<String, TensorSource> watched = new LinkedHashMap<>();
            model().tensors().forEach((name, tensor) -> watched.put(name, watch.apply(tensor)));
            return watched;
        }
    }

    private record WatchedTensor(TensorSource tensor, Read read, AtomicLong reads)
            implements TensorSource {
        @Override
        public TensorInfo info() {
            return tensor.info();
        }

        @Override
        public boolean read(long from, int count, float[] dst, int at, Workspace workspace)
                throws IOException {
            read.at(reads.incrementAndGet());
            return tensor.read(from, count, dst, at, workspace);
        }

        @Override
        public Optional<StoredTensor> stored() {
            return tensor.stored();
        }

        @Override
        public long storedBytes() {
            return tensor.storedBytes();
        }

        @Override
        public String identity() {
            return tensor.identity();
        }
    }
}
