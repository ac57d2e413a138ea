package io.amalgam.internal.method.matrix;

import io.amalgam.internal.linalg.Dense;
import io.amalgam.internal.linalg.Matrix;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import java.io.IOException;

/**
 * The mean of the models plus a change that follows from their statistics, of one matrix as a
 * whole, in float64; moved towards the base where the call says so, and rounded once.
 */
record StatisticStep(
        TensorCall call, MatrixLayout layout, StatisticMethod.Solver solver, long doubles)
        implements TensorStep.FullTensor {
    @Override
    public void run(Reader reader, Writer writer) throws IOException {
        Deviations deviations = new Deviations(call, layout, reader);
        Matrix merged = solver.change(deviations);
        merged.add(1, deviations.mean());
        double scale = call.number("scale");
        float[] piece = new float[Math.min(reader.capacity(), layout.elements())];
        for (int from = 0; from < layout.elements(); from += piece.length) {
            int n = Math.min(piece.length, layout.elements() - from);
            if (call.base() >= 0) {
                reader.read(call.base(), from, n, piece, 0);
            }
            for (int i = 0; i < n; i++) {
                int place = layout.place(from + i);
                double value = merged.get(place / layout.cols(), place % layout.cols());
                double from0 = call.base() >= 0 ? piece[i] : value;
                piece[i] = (float) (from0 + scale * (value - from0));
            }
            writer.write(from, piece, n);
        }
    }

    @Override
    public long bytesHeld() {
        return doubles * Double.BYTES + Dense.libraryBytes(layout.smaller());
    }
}
