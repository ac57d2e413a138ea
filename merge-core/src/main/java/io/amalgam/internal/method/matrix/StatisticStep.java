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
        boolean based = call.base() >= 0;
        layout.write(
                reader,
                writer,
                call.base(),
                0,
                (row, col, base) -> {
                    double value = merged.get(row, col);
                    double from = based ? base : value;
                    return from + scale * (value - from);
                });
    }

    @Override
    public long bytesHeld() {
        return doubles * Double.BYTES + Dense.libraryBytes(layout.smaller());
    }
}
