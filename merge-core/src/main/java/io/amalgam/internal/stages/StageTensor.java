package io.amalgam.internal.stages;

import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.internal.encoding.TensorEncoding;
import io.amalgam.kernel.Kernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.method.Block;
import io.amalgam.method.TensorStep;
import io.amalgam.plan.TensorTask;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.Optional;

/**
 * A tensor of a stage's result. Where the stage has been written, it is read from there; else each
 * block is computed from the stage's own inputs as it is asked for, and rounded to the type the
 * stage writes, so that both give the same values.
 */
final class StageTensor implements TensorSource {
    private final StageCheckpoint stage;
    private final TensorTask task;
    private final TensorStep first;
    private final TensorEncoding written;

    /** What one reader keeps: a block of the stage's inputs, and the block made of it. */
    private record Buffers(Block block, float[] out) {}

    StageTensor(StageCheckpoint stage, TensorTask task) {
        this.stage = stage;
        this.task = task;
        this.first = task.firstStage();
        this.written = TensorEncoding.of(task.output().dtype());
    }

    StageCheckpoint stage() {
        return stage;
    }

    /** Whether blocks can be computed one by one, each by reading its inputs once. */
    boolean elementWise() {
        if (!info().dtype().arithmetic()) {
            return source().flatMap(TensorSource::stored).isPresent();
        }
        return first instanceof TensorStep.Copy
                || (first instanceof TensorStep.Combine combine && combine.rowLength() == 1);
    }

    /** The stage's input that this tensor is a copy of, without rounding. */
    private Optional<TensorSource> source() {
        return first instanceof TensorStep.Copy copy
                        && task.sources().get(copy.input()).info().dtype() == info().dtype()
                ? Optional.of(task.sources().get(copy.input()))
                : Optional.empty();
    }

    @Override
    public TensorInfo info() {
        return task.output();
    }

    @Override
    public boolean read(long from, int count, float[] dst, int at, Workspace workspace)
            throws IOException {
        Optional<TensorSource> other = stage.writtenTensor(this).or(this::source);
        if (other.isPresent()) {
            return other.get().read(from, count, dst, at, workspace);
        }
        Buffers buffers = workspace.kept(stage, Buffers.class, this::buffers);
        boolean finite = true;
        int done = 0;
        while (done < count) {
            // Stages may count on blocks that begin at whole lanes.
            long begin = (from + done) / Kernels.LANES * Kernels.LANES;
            int skipped = (int) (from + done - begin);
            int n = Math.min(workspace.capacity(), skipped + count - done);
            compute(begin, n, buffers, workspace);
            finite &= written.round(buffers.out(), n, workspace);
            System.arraycopy(buffers.out(), skipped, dst, at + done, n - skipped);
            done += n - skipped;
        }
        return finite;
    }

    private Buffers buffers(Workspace workspace) {
        int capacity = workspace.capacity();
        return new Buffers(
                new Block(workspace.kernels(), stage.inputs(), capacity), new float[capacity]);
    }

    private void compute(long begin, int n, Buffers buffers, Workspace workspace)
            throws IOException {
        if (first instanceof TensorStep.Copy copy) {
            task.sources().get(copy.input()).read(begin, n, buffers.out(), 0, workspace);
            return;
        }
        if (!(first instanceof TensorStep.Combine combine)) {
            throw new IllegalStateException("stage of " + identity() + " must be written first");
        }
        Block block = buffers.block();
        for (int i = 0; i < task.sources().size(); i++) {
            if (task.alongOutput(i) && combine.reads(i)) {
                task.sources().get(i).read(begin, n, block.input(i), 0, workspace);
            }
        }
        block.moveTo(begin, n);
        combine.combine(block, buffers.out());
    }

    @Override
    public Optional<StoredTensor> stored() {
        return stage.writtenTensor(this).or(this::source).flatMap(TensorSource::stored);
    }

    @Override
    public long storedBytes() {
        return stage.readThrough() ? task.inputBytes() : info().bytes();
    }

    @Override
    public String identity() {
        return stage.label() + ":" + info().name();
    }
}
