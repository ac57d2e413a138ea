package io.amalgam.lora;

import io.amalgam.linalg.Matrix;
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
public record LowRank(
        String module,
        LoraModule.Kind kind,
        Matrix a,
        Matrix b,
        Shape aShape,
        Optional<float[]> bias) {

    public LowRank {
        if (a.rows() != b.cols()) {
            throw new IllegalArgumentException(
                    "A has " + a.rows() + " rows and B " + b.cols() + " columns");
        }
    }

    /** A linear module's change. */
    public static LowRank linear(String module, Matrix a, Matrix b) {
        return new LowRank(
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
    public LowRank with(Matrix newA, Matrix newB) {
        long[] dims = aShape.dims();
        dims[0] = newA.rows();
        return new LowRank(module, kind, newA, newB, Shape.of(dims), bias);
    }
}
