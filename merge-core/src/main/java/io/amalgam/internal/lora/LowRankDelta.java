package io.amalgam.internal.lora;

import io.amalgam.internal.linalg.Matrix;
import io.amalgam.tensor.Shape;
import java.util.Optional;

/**
 * One module's change in memory: {@code B A}.
 *
 * @param module its name, without {@code .weight}
 * @param a {@code rank x in}
 * @param b {@code out x rank}
 * @param aShape of the stored A: as {@code a}, or with a convolution's kernel behind
 * @param bias added to the module's bias
 */
public record LowRankDelta(
        String module,
        LoraModule.Kind kind,
        Matrix a,
        Matrix b,
        Shape aShape,
        Optional<float[]> bias) {

    public LowRankDelta {
        if (a.rows() != b.cols()) {
            throw new IllegalArgumentException(
                    "A has " + a.rows() + " rows and B " + b.cols() + " columns");
        }
    }

    /** A linear module's change. */
    public static LowRankDelta linear(String module, Matrix a, Matrix b) {
        return new LowRankDelta(
                module,
                LoraModule.Kind.LINEAR,
                a,
                b,
                Shape.of(a.rows(), a.cols()),
                Optional.empty());
    }

    public int rank() {
        return a.rows();
    }

    /** The same module with other factors. */
    public LowRankDelta with(Matrix newA, Matrix newB) {
        long[] dims = aShape.dims();
        dims[0] = newA.rows();
        return new LowRankDelta(module, kind, newA, newB, Shape.of(dims), bias);
    }
}
