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
            write(change.of(new TaskVectors(call, layout, reader, slice)), slice, reader, writer);
        }
    }

    private void write(Matrix change, int slice, Reader reader, Writer writer) throws IOException {
        int elements = layout.elements();
        float[] piece = new float[Math.min(reader.capacity(), elements)];
        long start = (long) slice * elements;
        for (int from = 0; from < elements; from += piece.length) {
            int n = Math.min(piece.length, elements - from);
            reader.read(call.base(), start + from, n, piece, 0);
            for (int i = 0; i < n; i++) {
                int place = layout.place(from + i);
                double moved = change.get(place / layout.cols(), place % layout.cols());
                piece[i] = (float) (piece[i] + scale * moved);
            }
            writer.write(start + from, piece, n);
        }
    }

    @Override
    public long bytesHeld() {
        return doubles * Double.BYTES + Dense.libraryBytes(layout.smaller());
    }
}
