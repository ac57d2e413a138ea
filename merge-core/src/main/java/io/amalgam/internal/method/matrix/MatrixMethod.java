package io.amalgam.internal.method.matrix;

import io.amalgam.internal.linalg.Matrix;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * A method that makes one change to the base of the task vectors of a matrix as a whole. What is no
 * matrix, or excluded, is treated as the parameter {@code rest} says.
 */
public abstract class MatrixMethod implements MergeMethod {
    private final MethodInfo info;

    protected MatrixMethod(MethodInfo info) {
        this.info = info;
    }

    @Override
    public final MethodInfo info() {
        return info;
    }

    @Override
    public final TensorStep bind(TensorCall call) {
        check(call);
        TensorStep rest = SummedRest.of(call);
        Optional<MatrixLayout> layout = MatrixParameters.layout(call);
        List<Integer> tasks = MatrixParameters.tasks(call);
        if (layout.isEmpty() || tasks.isEmpty()) {
            return rest;
        }
        return step(
                call,
                layout.get(),
                MatrixParameters.scale(call),
                vectors -> change(vectors, call),
                doubles(layout.get(), tasks.size()));
    }

    /** The base plus a factor of a change to each matrix. */
    public static TensorStep step(
            TensorCall call, MatrixLayout layout, double scale, Change change, long doubles) {
        return new MatrixStep(call, layout, scale, change, doubles);
    }

    /** The change of one matrix, without the factor. */
    public interface Change {
        Matrix of(TaskVectors tasks) throws IOException;
    }

    /**
     * Looks at a method's own parameters.
     *
     * @throws io.amalgam.error.BadInputException if they are wrong
     */
    protected void check(TensorCall call) {}

    /** The change to one matrix, before {@code alpha}. */
    protected abstract Matrix change(TaskVectors tasks, TensorCall call) throws IOException;

    /** The most doubles that {@link #change} holds, on the heap and in LAPACK. */
    protected abstract long doubles(MatrixLayout layout, int tasks);
}
