package io.amalgam.internal.method.matrix;

import io.amalgam.internal.linalg.Matrix;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import java.io.IOException;
import java.util.List;

/**
 * The task vectors of one matrix, {@code w_t (W_t - W_0)} in float64, outputs as rows. Each is read
 * when it is asked for, and not kept.
 */
public final class TaskVectors {
    private final TensorCall call;
    private final MatrixLayout layout;
    private final TensorStep.Reader reader;
    private final int slice;
    private final List<Integer> models;

    TaskVectors(TensorCall call, MatrixLayout layout, TensorStep.Reader reader, int slice) {
        this.call = call;
        this.layout = layout;
        this.reader = reader;
        this.slice = slice;
        this.models = MatrixParameters.tasks(call);
    }

    public int count() {
        return models.size();
    }

    public int rows() {
        return layout.rows();
    }

    public int cols() {
        return layout.cols();
    }

    public int smaller() {
        return layout.smaller();
    }

    /** The index among the call's inputs of a task's model. */
    public int input(int task) {
        return models.get(task);
    }

    public Matrix get(int task) throws IOException {
        return difference(models.get(task), call.number(models.get(task), "weight"));
    }

    /** A factor of the difference between an input and the base. */
    public Matrix difference(int input, double factor) throws IOException {
        return layout.difference(reader, input, call.base(), slice, factor);
    }

    /** The sum of all. */
    public Matrix sum() throws IOException {
        Matrix sum = get(0);
        for (int task = 1; task < count(); task++) {
            sum.add(1, get(task));
        }
        return sum;
    }
}
