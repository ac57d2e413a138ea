package io.amalgam.internal.engine;

import io.amalgam.checkpoint.FileRegion;
import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.engine.Cancellation;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.kernel.Workspace;
import io.amalgam.plan.TensorTask;
import io.amalgam.tensor.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Tensors that are taken as they are stored, without arithmetic: copies from file to file, and
 * integers and booleans. A part of a {@link Worker}.
 */
final class StoredCopies {
    private final TensorSink sink;
    private final Workspace workspace;
    private final CRC32C crc;
    private final Cancellation cancellation;
    private final LongAdder moved;
    private final LongAdder written;
    private @Nullable ByteBuffer compared;

    /**
     * @param crc takes what {@link #equal} and {@link #largest} write
     */
    StoredCopies(
            TensorSink sink,
            Workspace workspace,
            CRC32C crc,
            Cancellation cancellation,
            LongAdder moved,
            LongAdder written) {
        this.sink = sink;
        this.workspace = workspace;
        this.crc = crc;
        this.cancellation = cancellation;
        this.moved = moved;
        this.written = written;
    }

    /** Copies the bytes of a unit, by the operating system where it can. */
    void copy(TaskRun.Unit unit, StoredTensor stored) throws IOException {
        DType type = stored.info().dtype();
        FileRegion region = stored.region();
        int task = unit.run().place;
        long end = type.bytesFor(unit.to());
        long at = type.bytesFor(unit.from());
        while (at < end) {
            cancellation.throwIfRequested();
            long done = sink.copy(task, at, region, at, end - at);
            if (done == 0) {
                done = throughBuffer(region, at, end - at, task);
            }
            moved.add(2 * done);
            written.add(done);
            at += done;
        }
    }

    /** Reads and writes at most a buffer's bytes of a copied tensor; returns how many. */
    private int throughBuffer(FileRegion region, long at, long count, int task) throws IOException {
        ByteBuffer bytes =
                workspace.bytes((int) Math.min((long) workspace.capacity() * Long.BYTES, count));
        region.readFully(at, bytes);
        sink.write(task, at, bytes.flip());
        return bytes.limit();
    }

    /** Whether what an earlier run wrote is a copy of an input. */
    boolean isCopy(TaskRun run, int input) throws IOException {
        Optional<StoredTensor> stored = TaskRun.copied(run.task, input);
        if (stored.isEmpty()) {
            return false;
        }
        ByteBuffer there = compared();
        long end = stored.get().info().bytes();
        for (long at = 0; at < end; at += there.capacity()) {
            cancellation.throwIfRequested();
            int n = (int) Math.min(there.capacity(), end - at);
            ByteBuffer bytes = workspace.bytes(n);
            stored.get().region().readFully(at, bytes);
            sink.read(run.place, at, there.clear().limit(n));
            if (!bytes.flip().equals(there.flip())) {
                return false;
            }
        }
        return true;
    }

    /** Copies a unit of a tensor that must be the same in all models. */
    void equal(TaskRun.Unit unit) throws IOException {
        TensorTask task = unit.run().task;
        DType type = task.output().dtype();
        ByteBuffer compared = compared();
        StoredTensor first = stored(task, 0);
        long end = type.bytesFor(unit.to());
        for (long at = type.bytesFor(unit.from()); at < end; at += compared.capacity()) {
            cancellation.throwIfRequested();
            int n = (int) Math.min(compared.capacity(), end - at);
            for (int i = 1; i < task.sources().size(); i++) {
                ByteBuffer bytes = workspace.bytes(n);
                first.region().readFully(at, bytes);
                bytes.flip();
                compared.clear().limit(n);
                stored(task, i).region().readFully(at, compared);
                compared.flip();
                if (!bytes.equals(compared)) {
                    throw unequal(task, i);
                }
            }
            ByteBuffer bytes = workspace.bytes(n);
            first.region().readFully(at, bytes);
            bytes.flip();
            writeBytes(unit.run(), at, bytes);
        }
    }

    /** Writes the largest of all models, element by element. */
    void largest(TaskRun.Unit unit) throws IOException {
        TensorTask task = unit.run().task;
        DType type = task.output().dtype();
        ByteBuffer other = compared();
        int step = other.capacity() / Long.BYTES * Long.BYTES;
        long end = type.bytesFor(unit.to());
        for (long at = type.bytesFor(unit.from()); at < end; at += step) {
            cancellation.throwIfRequested();
            int n = (int) Math.min(step, end - at);
            ByteBuffer kept = workspace.bytes(n);
            stored(task, 0).region().readFully(at, kept);
            kept.flip();
            for (int i = 1; i < task.sources().size(); i++) {
                other.clear().limit(n);
                stored(task, i).region().readFully(at, other);
                other.flip();
                Integers.keepLarger(type, kept, other);
            }
            writeBytes(unit.run(), at, kept);
        }
    }

    private void writeBytes(TaskRun run, long position, ByteBuffer bytes) throws IOException {
        int length = bytes.remaining();
        crc.update(bytes);
        bytes.rewind();
        sink.write(run.place, position, bytes);
        moved.add(length);
        written.add(length);
    }

    private ByteBuffer compared() {
        if (compared == null) {
            compared =
                    ByteBuffer.allocateDirect(workspace.capacity()).order(ByteOrder.LITTLE_ENDIAN);
        }
        return compared;
    }

    private static StoredTensor stored(TensorTask task, int input) {
        return task.sources()
                .get(input)
                .stored()
                .orElseThrow(() -> new IllegalStateException("computed tensors have arithmetic"));
    }

    private static BadInputException unequal(TensorTask task, int input) {
        return new BadInputException(
                Problem.of(
                                task.output().dtype()
                                        + " tensor '"
                                        + task.output().name()
                                        + "' of model '"
                                        + task.call().inputs().get(input).model()
                                        + "' differs from that of '"
                                        + task.call().inputs().get(0).model()
                                        + "'")
                        .hint(
                                "integers and booleans are copied, never averaged; is one of the models quantised?"));
    }
}
