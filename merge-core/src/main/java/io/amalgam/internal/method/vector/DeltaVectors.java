package io.amalgam.internal.method.vector;

import io.amalgam.method.Block;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import java.util.List;

/**
 * The vectors a method works with: some inputs, or their differences to another. What is made of
 * them is a linear combination whose coefficients follow from their inner products, for a tensor as
 * a whole, for each of its rows, or for each of its columns.
 *
 * <p>Differences are taken per element in float32, before any product: products of the inputs
 * themselves would have lost the digits in which models near each other differ.
 *
 * @param inputs the vectors, in order
 * @param origin the input they are taken from; {@link #NO_ORIGIN} for the inputs as they are
 */
public record DeltaVectors(List<Integer> inputs, int origin) {
    public static final int NO_ORIGIN = -1;

    public DeltaVectors {
        inputs = List.copyOf(inputs);
    }

    /** Coefficients of a combination from the inner products of the vectors. */
    public interface Coefficients {
        double[] of(double[][] gram);
    }

    int count() {
        return inputs.size();
    }

    boolean reads(int input) {
        return input == origin || inputs.contains(input);
    }

    /** The vectors' elements in a block; at least {@link #count()} arrays. */
    float[][] in(Block block) {
        if (origin < 0) {
            return block.inputs(inputs);
        }
        float[][] differences = block.scratchGroup(count());
        for (int i = 0; i < differences.length; i++) {
            float[] x = block.input(inputs.get(i));
            block.kernels().subtract(x, block.input(origin), differences[i], block.length());
        }
        return differences;
    }

    /** Each tensor is one vector. */
    public TensorStep whole(Coefficients coefficients) {
        return new Gram(this, gram -> combination(coefficients.of(gram)));
    }

    /** Each row, along the last axis, is a vector of its own. */
    public TensorStep rows(TensorCall call, Coefficients coefficients) {
        long length = call.output().shape().rowLength();
        return length == call.elements() || call.elements() == 0
                ? whole(coefficients)
                : new RowCombination(this, length, coefficients);
    }

    /** Each column, along the first axis, is a vector of its own. */
    public TensorStep columns(TensorCall call, Coefficients coefficients) {
        long rows = call.output().shape().rank() == 0 ? 1 : call.output().shape().dim(0);
        return rows == call.elements() || call.elements() == 0
                ? whole(coefficients)
                : new ColumnCombination(this, rows, call.elements() / rows, coefficients);
    }

    /** {@code origin + sum c_i v_i}, coefficients rounded to float32. */
    public TensorStep.Combine combination(double[] coefficients) {
        float[] rounded = rounded(coefficients);
        return (in, out) -> {
            float[][] x = in.inputs(inputs);
            int n = in.length();
            if (origin < 0) {
                in.kernels().weightedSum(x, rounded, rounded.length, 1, out, n);
            } else {
                float[] from = in.input(origin);
                in.kernels().addDeltas(x, rounded, rounded.length, from, 1, 1, out, n);
            }
        };
    }

    static float[] rounded(double[] coefficients) {
        float[] rounded = new float[coefficients.length];
        for (int i = 0; i < rounded.length; i++) {
            rounded[i] = (float) coefficients[i];
        }
        return rounded;
    }
}
