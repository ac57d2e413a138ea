package io.amalgam.internal.engine;

import io.amalgam.method.TensorStep;
import java.io.IOException;

/** Checks that a step on a whole tensor writes all elements of its output, and no others. */
final class CheckedWriter implements TensorStep.Writer {
    private final long elements;
    private final TensorStep.Writer to;
    private long written;

    CheckedWriter(long elements, TensorStep.Writer to) {
        this.elements = elements;
        this.to = to;
    }

    /** Runs a step that writes here. */
    void run(TensorStep.FullTensor step, TensorStep.Reader reader) throws IOException {
        step.run(reader, this);
        if (written != elements) {
            throw new IllegalStateException(
                    "expected %d elements written, got %d".formatted(elements, written));
        }
    }

    @Override
    public void write(long from, float[] src, int count) throws IOException {
        if (from < 0 || count < 0 || from > elements - count) {
            throw new IllegalStateException(
                    "expected elements below %d, got %d written from %d on"
                            .formatted(elements, count, from));
        }
        to.write(from, src, count);
        written += count;
    }
}
