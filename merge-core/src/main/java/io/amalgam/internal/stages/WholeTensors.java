package io.amalgam.internal.stages;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.internal.checkpoint.TensorReads;
import io.amalgam.internal.encoding.TensorEncoding;
import io.amalgam.internal.engine.InMemory;
import io.amalgam.kernel.Kernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.plan.TensorTask;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Tensors that are computed whole when they are first read, and held until they have been read once
 * to their end. Readers that go from tensor to tensor, some workers a little ahead, compute each
 * once.
 */
final class WholeTensors {
    /** More tensors than workers read at a time: what was begun and left is dropped. */
    private static final int MOST = 16;

    private final Kernels kernels;
    private final Map<Computed, Held> held = new LinkedHashMap<>();
    private long bytesHeld;

    private static final class Held {
        private final float[] values;
        private long read;

        Held(float[] values) {
            this.values = values;
        }
    }

    WholeTensors(Kernels kernels) {
        this.kernels = kernels;
    }

    /**
     * @param label of the model they are of, for identities
     */
    TensorSource of(TensorTask task, String label) {
        long elements = task.output().elements();
        for (TensorSource source : task.sources()) {
            elements += source.info().elements();
        }
        bytesHeld = Math.max(bytesHeld, elements * Float.BYTES);
        return new Computed(task, label);
    }

    /**
     * One tensor with its inputs, and another that was begun: an embedding, of which rows are read.
     */
    long bytesHeld() {
        return 2 * bytesHeld;
    }

    private synchronized float[] valuesOf(Computed tensor, int count, Workspace workspace)
            throws IOException {
        Held values = held.get(tensor);
        if (values == null) {
            if (held.size() == MOST) {
                held.remove(held.keySet().iterator().next());
            }
            values = new Held(tensor.compute(workspace));
            held.put(tensor, values);
        }
        values.read += count;
        if (values.read >= values.values.length) {
            held.remove(tensor);
        }
        return values.values;
    }

    private final class Computed implements TensorSource {
        private final TensorTask task;
        private final String label;

        Computed(TensorTask task, String label) {
            this.task = task;
            this.label = label;
        }

        float[] compute(Workspace workspace) throws IOException {
            List<float[]> inputs = new ArrayList<>();
            for (TensorSource source : task.sources()) {
                inputs.add(TensorReads.of(source, workspace));
            }
            float[] result = InMemory.run(task.firstStage(), inputs, kernels);
            TensorEncoding written = TensorEncoding.of(task.output().dtype());
            int step = workspace.capacity();
            float[] piece = new float[step];
            for (int from = 0; from < result.length; from += step) {
                int n = Math.min(step, result.length - from);
                System.arraycopy(result, from, piece, 0, n);
                written.round(piece, n, workspace);
                System.arraycopy(piece, 0, result, from, n);
            }
            return result;
        }

        @Override
        public TensorInfo info() {
            return task.output();
        }

        @Override
        public boolean read(long from, int count, float[] dst, int at, Workspace workspace)
                throws IOException {
            System.arraycopy(valuesOf(this, count, workspace), (int) from, dst, at, count);
            return workspace.kernels().allFinite(dst, at, count);
        }

        @Override
        public long storedBytes() {
            return task.inputBytes();
        }

        @Override
        public String identity() {
            return label + ":" + info().name();
        }
    }
}
