package io.amalgam.internal.engine;

import io.amalgam.checkpoint.FileRegion;
import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.engine.Cancellation;
import io.amalgam.internal.checkpoint.CopiedCodes;
import io.amalgam.internal.encoding.TensorEncoding;
import io.amalgam.kernel.Workspace;
import io.amalgam.method.Block;
import io.amalgam.method.TensorStep;
import io.amalgam.plan.TensorTask;
import io.amalgam.tensor.DType;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** Executes units of work with its own buffers. One thread uses one worker. */
final class Worker implements Closeable {
    /** Bytes of codes copied at a time. */
    private static final int PIECE = 1 << 16;

    private final TensorSink sink;
    private final boolean checkFinite;
    private final Cancellation cancellation;
    private final LongAdder moved;
    private final LongAdder written;
    private final Workspace workspace;
    private final int inputs;
    private final CRC32C crc = new CRC32C();
    private final QuantisedWriter quantised;
    private final GatheredWrites gathered;
    private final StoredCopies copies;
    private final float[] out;
    private final Block usual;

    /** The block of rows that are longer than a usual one; the usual one if there were none. */
    private Block rows;

    private float[] rowsOut;
    private Block block;
    private float[] blockOut;
    private @Nullable SharedReads shared;

    /**
     * @param sink where output goes; closed with the worker
     */
    Worker(PlanRunner.Setup setup, TensorSink sink, Cancellation cancellation) {
        this.sink = sink;
        this.checkFinite = setup.checkFinite();
        this.cancellation = cancellation;
        this.moved = setup.moved();
        this.written = setup.written();
        this.inputs = setup.inputs();
        this.workspace = new Workspace(setup.kernels(), setup.blockElements());
        this.usual = new Block(setup.kernels(), inputs, setup.blockElements());
        this.rows = usual;
        this.block = usual;
        this.quantised = new QuantisedWriter(sink, workspace, moved, written);
        this.gathered = new GatheredWrites(sink, crc, moved, written, setup.blockElements());
        this.copies = new StoredCopies(sink, workspace, crc, cancellation, moved, written);
        this.out = new float[setup.blockElements()];
        this.rowsOut = out;
        this.blockOut = out;
    }

    /** Its scratch arrays, for other work of the same thread. */
    Workspace workspace() {
        return workspace;
    }

    /**
     * Bytes one worker holds: blocks of the inputs, as many again for a method's own use, the
     * output and the I/O buffers.
     */
    static long bytesHeld(int inputs, int blockElements) {
        return (2L * inputs + 3) * blockElements * Float.BYTES
                + Workspace.bytesHeld(blockElements)
                + GatheredWrites.bytesHeld(blockElements);
    }

    /** Bytes held for the rows of a step that are longer than a block. */
    static long rowBytesHeld(int inputs, TensorStep step) {
        long row = TaskRun.rowLength(step);
        long scratch = 0;
        long outputs = 1;
        if (step instanceof TensorStep.Combine combine) {
            scratch = combine.scratchBytes(inputs);
        } else if (step instanceof TensorStep.Reduce<?> reduce) {
            scratch = reduce.scratchBytes(inputs);
            // Other rows are kept for the steps that write.
            outputs = row > TaskRun.UNIT ? 0 : 1;
        }
        return ((inputs + outputs) * Float.BYTES + scratch) * row;
    }

    /** Takes what it reads from here: others of the same thread read it too. */
    void readThrough(SharedReads reads) {
        shared = reads;
    }

    /** Begins a unit that is computed block by block, between those of other merges. */
    void beginSteps() {
        crc.reset();
    }

    /** A block of it. */
    void step(TaskRun.Unit unit, TensorStep.Combine combine, long from, int n) throws IOException {
        fill(unit, from, n);
        combine.combine(block, blockOut);
        write(unit.run(), from, blockOut, n);
    }

    /** The result of the unit. */
    Object endSteps() throws IOException {
        gathered.flush();
        return (int) crc.getValue();
    }

    /**
     * Does a unit; the result is what {@link TaskRun#complete} wants, once the pieces ended until
     * then are written.
     */
    Object run(TaskRun.Unit unit, Scheduler scheduler) throws IOException {
        TaskRun run = unit.run();
        crc.reset();
        TensorStep stage = unit.stage();
        if (run.task.quantiser().isPresent()) {
            quantised.begin(run);
            if (run.task.quantiser().get() instanceof CopiedCodes copied) {
                return copyCodes(copied);
            }
        }
        if (stage instanceof TensorStep.Combine combine) {
            combine(unit, combine);
            releaseRows();
        } else if (stage instanceof TensorStep.Copy copy) {
            copy(unit, copy.input());
        } else if (stage instanceof TensorStep.CopyEqual) {
            copies.equal(unit);
        } else if (stage instanceof TensorStep.CopyLargest) {
            copies.largest(unit);
        } else if (stage instanceof TensorStep.Reduce<?> reduce) {
            return reduce(unit, reduce, scheduler);
        } else if (stage instanceof TensorStep.Sample probe) {
            return probe.next(new Access(run.task));
        } else if (stage instanceof TensorStep.FullTensor whole) {
            return whole(run, whole);
        }
        gathered.end();
        return run.task.quantiser().isPresent() ? quantised.end() : (Object) (int) crc.getValue();
    }

    /** Pieces of output it has filled. */
    long piecesEnded() {
        return gathered.ended();
    }

    /** The first so many of them are written. */
    long piecesWritten() {
        return gathered.piecesWritten();
    }

    /** Writes what waits, unless its file is being written to. */
    void tryFlush() throws IOException {
        gathered.tryFlush();
    }

    /** Writes what waits. */
    void flush() throws IOException {
        gathered.flush();
    }

    private void combine(TaskRun.Unit unit, TensorStep.Combine combine) throws IOException {
        TaskRun run = unit.run();
        ShownTensor<?> watched = run.watched();
        int step = blockFor(run.task, combine);
        for (long from = unit.from(); from < unit.to(); from += step) {
            step(unit, combine, from, (int) Math.min(step, unit.to() - from));
            if (watched != null) {
                watched.see(unit.number(), block, blockOut, workspace);
            }
        }
    }

    private <S> Object reduce(TaskRun.Unit unit, TensorStep.Reduce<S> reduce, Scheduler scheduler)
            throws IOException {
        @SuppressWarnings("unchecked")
        S state =
                reduce.anyOrder()
                        ? (S) scheduler.borrowState(unit.run(), reduce)
                        : reduce.newState();
        int step = blockFor(unit.run().task, reduce);
        for (long from = unit.from(); from < unit.to(); from += step) {
            fill(unit, from, (int) Math.min(step, unit.to() - from));
            reduce.fold(state, block);
        }
        if (reduce.anyOrder()) {
            scheduler.returnState(unit.run(), state);
        }
        releaseRows();
        return state;
    }

    /**
     * Makes sure a block holds whole rows; returns how many elements it takes at a time: the same
     * whatever rows came before, as sums depend on it.
     */
    private int blockFor(TensorTask task, TensorStep step) {
        long rowLength = TaskRun.rowLength(step);
        if (rowLength <= usual.capacity()) {
            useUsual();
        } else {
            if (rowLength > rows.capacity()) {
                // The shorter ones go first: the two need not fit together.
                rows = usual;
                rowsOut = out;
                useUsual();
                int count = rowLength > TaskRun.UNIT ? task.sources().size() : inputs;
                rows = new Block(workspace.kernels(), count, Math.toIntExact(rowLength));
            }
            boolean writes = step instanceof TensorStep.Combine;
            if (writes && rowsOut.length < rows.capacity()) {
                rowsOut = new float[rows.capacity()];
            }
            block = rows;
            blockOut = rowsOut;
        }
        return (int) Math.max(rowLength, workspace.capacity() / rowLength * rowLength);
    }

    private void useUsual() {
        block = usual;
        blockOut = out;
    }

    /** Lets go of a row that is longer than a unit: only the unit's own memory is declared. */
    private void releaseRows() {
        if (rows.capacity() > TaskRun.UNIT) {
            rows = usual;
            rowsOut = out;
            useUsual();
        }
    }

    private void fill(TaskRun.Unit unit, long from, int n) throws IOException {
        cancellation.throwIfRequested();
        TensorTask task = unit.run().task;
        boolean check = checkFinite && isChecked(unit.stage());
        block.moveTo(from, n);
        for (int i = 0; i < task.sources().size(); i++) {
            if (!task.alongOutput(i) || !isRead(unit.stage(), i)) {
                continue;
            }
            if (shared != null) {
                block.share(i, shared(shared, task, i, from, n, check));
            } else {
                read(task, i, from, n, block.input(i), 0, check);
            }
        }
    }

    private float[] shared(
            SharedReads reads, TensorTask task, int input, long from, int n, boolean check)
            throws IOException {
        SharedReads.Values values =
                reads.read(task.sources().get(input), from, n, workspace, moved);
        if (check && !values.finite() && !workspace.kernels().allFinite(values.array(), 0, n)) {
            throw FiniteCheck.input(task, input, from, values.array(), 0, n);
        }
        return values.array();
    }

    /**
     * Values are checked where they are combined: every input is read there, and each once. A
     * survey is over before: what is wrong in one tensor would show in others first.
     */
    private static boolean isChecked(TensorStep stage) {
        return stage instanceof TensorStep.Combine
                || (stage instanceof ModelPassRun<?>.OfTensor survey && !survey.takesNonfinite());
    }

    private static boolean isRead(TensorStep stage, int input) {
        if (stage instanceof TensorStep.Reduce<?> reduce) {
            return reduce.reads(input);
        }
        return !(stage instanceof TensorStep.Combine combine) || combine.reads(input);
    }

    private void read(
            TensorTask task, int input, long from, int n, float[] dst, int at, boolean check)
            throws IOException {
        TensorSource source = task.sources().get(input);
        int step = workspace.capacity();
        boolean finite = true;
        for (int done = 0; done < n; done += step) {
            int count = Math.min(step, n - done);
            finite &= source.read(from + done, count, dst, at + done, workspace);
        }
        DType type = source.info().dtype();
        moved.add(n * (long) type.blockBytes() / type.blockElements());
        if (check && !finite && !workspace.kernels().allFinite(dst, at, n)) {
            throw FiniteCheck.input(task, input, from, dst, at, n);
        }
    }

    /** Rounds and writes elements of the output. */
    private void write(TaskRun run, long from, float[] src, int n) throws IOException {
        if (run.task.quantiser().isPresent()) {
            quantised.take(from, src, n);
            return;
        }
        DType type = run.task.output().dtype();
        int step = workspace.capacity();
        for (int done = 0; done < n; done += step) {
            int count = Math.min(step, n - done);
            float[] piece = src;
            if (done > 0) {
                System.arraycopy(src, done, out, 0, count);
                piece = out;
            }
            ByteBuffer bytes =
                    gathered.next(
                            run.place, type.bytesFor(from + done), (int) type.bytesFor(count));
            boolean finite = TensorEncoding.of(type).encode(piece, count, bytes, workspace);
            if (checkFinite && !finite) {
                FiniteCheck.result(run.task, from + done, piece, count, workspace.kernels());
            }
        }
    }

    private void copy(TaskRun.Unit unit, int input) throws IOException {
        TensorTask task = unit.run().task;
        Optional<StoredTensor> stored = TaskRun.copied(task, input);
        if (stored.isPresent()) {
            copies.copy(unit, stored.get());
            return;
        }
        for (long from = unit.from(); from < unit.to(); from += workspace.capacity()) {
            int n = (int) Math.min(workspace.capacity(), unit.to() - from);
            cancellation.throwIfRequested();
            read(task, input, from, n, block.input(0), 0, checkFinite);
            write(unit.run(), from, block.input(0), n);
        }
    }

    /** Copies what a quantised tensor is stored as. */
    private Object copyCodes(CopiedCodes codes) throws IOException {
        byte[] piece = new byte[PIECE];
        for (int part = 0; part < codes.sources().size(); part++) {
            FileRegion region = codes.sources().get(part).region();
            for (long at = 0; at < region.length(); ) {
                cancellation.throwIfRequested();
                int n = (int) Math.min(piece.length, region.length() - at);
                region.readFully(at, ByteBuffer.wrap(piece, 0, n));
                quantised.write(part, at, piece, n);
                moved.add(n);
                at += n;
            }
        }
        return quantised.end();
    }

    private Object whole(TaskRun run, TensorStep.FullTensor whole) throws IOException {
        Access access = new Access(run.task);
        if (run.task.quantiser().isPresent()) {
            float[] result = new float[Math.toIntExact(run.task.output().elements())];
            new CheckedWriter(
                            result.length,
                            (from, src, count) ->
                                    System.arraycopy(src, 0, result, Math.toIntExact(from), count))
                    .run(whole, access);
            quantised.take(0, result, result.length);
            return quantised.end();
        }
        new CheckedWriter(
                        run.task.output().elements(),
                        (from, src, count) -> write(run, from, src, count))
                .run(whole, access);
        gathered.flush();
        // Written in any order: the checksum is taken from what arrived.
        return checksumOf(run.place, run.task.output().bytes());
    }

    /** Whether what an earlier run wrote is a copy of an input. */
    boolean isCopy(TaskRun run, int input) throws IOException {
        return copies.isCopy(run, input);
    }

    /** The checksum of a tensor that was written whole, by its place in the layout. */
    int checksumOf(int place, long end) throws IOException {
        crc.reset();
        int step = workspace.capacity() * Long.BYTES;
        for (long at = 0; at < end; at += step) {
            ByteBuffer bytes = workspace.bytes((int) Math.min(step, end - at));
            sink.read(place, at, bytes);
            bytes.flip();
            crc.update(bytes);
        }
        return (int) crc.getValue();
    }

    @Override
    public void close() throws IOException {
        sink.close();
    }

    /** A task's inputs for stages that read where they like. */
    private final class Access implements TensorStep.Reader {
        private final TensorTask task;

        Access(TensorTask task) {
            this.task = task;
        }

        @Override
        public int capacity() {
            return workspace.capacity();
        }

        @Override
        public void read(int input, long from, int count, float[] dst, int at) throws IOException {
            cancellation.throwIfRequested();
            Worker.this.read(task, input, from, count, dst, at, checkFinite);
        }
    }
}
