package io.amalgam.internal.method.matrix;

import io.amalgam.internal.linalg.Dense;
import io.amalgam.internal.linalg.Matrix;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import java.io.IOException;

/**
 * The base plus a change that is computed for each matrix of the tensor as a whole, in float64; the
 * result is rounded once.
 *
 * @param doubles of heap and of LAPACK's memory that a change takes at the most
 */
record MatrixStep(
        TensorCall call,
        MatrixLayout layout,
        double scale,
        MatrixMethod.Change change,
        long doubles)
        implements TensorStep.FullTensor {
    @Override
    public void run(Reader reader, Writer writer) throws IOException {
        for (int slice = 0; slice < layout.count(); slice++) {
            Matrix moved = change.of(new TaskVectors(call, layout, reader, slice));
            layout.write(
                    reader,
                    writer,
                    call.base(),
                    slice,
                    (row, col, base) -> base + scale * moved.get(row, col));
        }
    }

    @Override
    public long bytesHeld() {
        return doubles * Double.BYTES + Dense.libraryBytes(layout.smaller());
    }
}
