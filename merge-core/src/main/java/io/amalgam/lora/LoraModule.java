package io.amalgam.lora;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.tensor.Shape;
import java.util.Optional;

/**
 * What an adapter adds to one matrix: {@code scale * B A}, with A of {@code rank x in} and B of
 * {@code out x rank}; convolutions count as matrices of {@code out x (in * kernel)}.
 *
 * @param name of the module in the model the adapter was trained for, without {@code .weight}
 * @param kind how its weight lies in the base
 * @param a the factor that comes first in a forward pass
 * @param b the factor that comes second
 * @param scale {@code alpha / rank}, or {@code alpha / sqrt(rank)}
 * @param magnitude DoRA's vector, one number for each output
 * @param bias what is added, times the scale, to the module's bias
 */
public record LoraModule(
        String name,
        Kind kind,
        TensorSource a,
        TensorSource b,
        double scale,
        Optional<TensorSource> magnitude,
        Optional<TensorSource> bias) {

    /** How a module's weight lies in a checkpoint. */
    public enum Kind {
        /** {@code out x in}; convolutions have their kernel behind. */
        LINEAR,
        /** {@code in x out}: {@code fan_in_fan_out}. */
        TRANSPOSED,
        /** {@code tokens x width}: an embedding, whose {@code in} are the tokens. */
        EMBEDDING;

        /** Whether the change lies in the base as the transpose of {@code B A}. */
        public boolean flipped() {
            return this != LINEAR;
        }
    }

    public int rank() {
        return (int) a.info().shape().dim(0);
    }

    /** Columns of A. */
    public long in() {
        Shape shape = a.info().shape();
        long in = 1;
        for (int axis = 1; axis < shape.rank(); axis++) {
            in *= shape.dim(axis);
        }
        return in;
    }

    /** Rows of B. */
    public long out() {
        return b.info().shape().dim(0);
    }

    /** Numbers in all its tensors. */
    public long parameters() {
        long sum = a.info().elements() + b.info().elements();
        sum += magnitude.map(m -> m.info().elements()).orElse(0L);
        return sum + bias.map(m -> m.info().elements()).orElse(0L);
    }
}
