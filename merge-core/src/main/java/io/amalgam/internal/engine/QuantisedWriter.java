package io.amalgam.internal.engine;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.encoding.Quantiser;
import io.amalgam.kernel.Workspace;
import io.amalgam.plan.TensorTask;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Gathers a unit's values until a quantiser can encode them, and writes what comes of it. In a run
 * that measures it only looks for the largest. One worker uses one.
 */
final class QuantisedWriter implements Quantiser.Target {
    /** Elements encoded at a time where steps are short. */
    private static final int LONG = 1 << 14;

    /** Codes and scales take less than this for each element while they are made. */
    private static final int BYTES_MADE = 6;

    private final TensorSink sink;
    private final Workspace workspace;
    private final LongAdder moved;
    private final LongAdder written;
    private float[] gathered = new float[0];
    private int filled;
    private @Nullable TaskRun run;
    private CRC32C[] sums = new CRC32C[0];
    private long[] bytes = new long[0];
    private float largest;

    QuantisedWriter(TensorSink sink, Workspace workspace, LongAdder moved, LongAdder written) {
        this.sink = sink;
        this.workspace = workspace;
        this.moved = moved;
        this.written = written;
    }

    /** Bytes a worker holds for a tensor. */
    static long bytesHeld(TensorTask task) {
        return task.quantiser()
                .map(
                        q ->
                                (long) Math.max(q.step(), LONG) * (Float.BYTES + BYTES_MADE)
                                        + q.bytesKept())
                .orElse(0L);
    }

    /** Begins a unit of a quantised tensor. */
    void begin(TaskRun next) {
        run = next;
        filled = 0;
        largest = 0;
        int parts = next.task.written().size();
        sums = new CRC32C[parts];
        bytes = new long[parts];
        for (int part = 0; part < parts; part++) {
            sums[part] = new CRC32C();
        }
    }

    /** Takes the unit's next values. */
    void take(long from, float[] src, int n) throws IOException {
        TaskRun current = Objects.requireNonNull(run);
        if (!workspace.kernels().allFinite(src, 0, n)) {
            throw nonfinite(current.task, from, src, n);
        }
        if (current.measures) {
            for (int i = 0; i < n; i++) {
                largest = Math.max(largest, Math.abs(src[i]));
            }
            return;
        }
        int step = quantiser(current).step();
        long elements = current.task.output().elements();
        for (int at = 0; at < n; ) {
            int ready = from + n == elements ? n - at : (n - at) / step * step;
            if (filled == 0 && ready > 0) {
                int count = Math.min(ready, Math.max(step, LONG / step * step));
                encode(current, src, at, count, from + at);
                at += count;
                continue;
            }
            if (gathered.length < step) {
                gathered = new float[step];
            }
            int count = Math.min(n - at, step - filled);
            System.arraycopy(src, at, gathered, filled, count);
            filled += count;
            at += count;
            if (filled == step || from + at == elements) {
                encode(current, gathered, 0, filled, from + at - filled);
                filled = 0;
            }
        }
    }

    private static Quantiser quantiser(TaskRun run) {
        return run.task.quantiser().orElseThrow();
    }

    private void encode(TaskRun current, float[] values, int at, int count, long from)
            throws IOException {
        quantiser(current).encode(values, at, count, from, current.largest, this, workspace);
    }

    @Override
    public void write(int stored, long position, byte[] made, int count) throws IOException {
        TaskRun current = Objects.requireNonNull(run);
        sums[stored].update(made, 0, count);
        int most = workspace.capacity() * Long.BYTES;
        for (int done = 0; done < count; done += most) {
            int n = Math.min(most, count - done);
            ByteBuffer buffer = workspace.bytes(n);
            buffer.put(made, done, n).flip();
            sink.write(current.place + stored, position + done, buffer);
        }
        bytes[stored] += count;
        moved.add(count);
        written.add(count);
    }

    /** What the unit gave: the largest magnitude, or the sums of what was written. */
    Object end() {
        if (Objects.requireNonNull(run).measures) {
            return largest;
        }
        int[] crcs = new int[sums.length];
        for (int part = 0; part < sums.length; part++) {
            crcs[part] = (int) sums[part].getValue();
        }
        return new TaskRun.Parts(crcs, bytes.clone());
    }

    private static BadInputException nonfinite(TensorTask task, long from, float[] src, int n) {
        int bad = 0;
        while (bad < n - 1 && Float.isFinite(src[bad])) {
            bad++;
        }
        return new BadInputException(
                Problem.expected(
                                "merged tensor '" + task.output().name() + "'",
                                "finite numbers, which can be quantised",
                                src[bad] + " at element " + (from + bad))
                        .hint("check the weights, or write it dense"));
    }
}
