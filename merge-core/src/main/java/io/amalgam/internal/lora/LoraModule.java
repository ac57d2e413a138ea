package io.amalgam.internal.lora;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The change of one matrix by an adapter: {@code scale * B A}, with A of {@code rank x in} and B of
 * {@code out x rank}; convolutions count as matrices of {@code out x (in * kernel)}.
 *
 * @param name of the module in the model the adapter was trained for, without {@code .weight}
 * @param kind how its weight lies in the base
 * @param a the factor that comes first in a forward pass
 * @param b the factor that comes second
 * @param scale {@code alpha / rank}, or {@code alpha / sqrt(rank)}
 * @param magnitude DoRA's vector, one number for each output
 * @param bias what is added, times the scale, to the module's bias
 * @param experts where it changes a matrix of each of several experts
 * @param start what training began with
 */
public record LoraModule(
        String name,
        Kind kind,
        TensorSource a,
        TensorSource b,
        double scale,
        Optional<TensorSource> magnitude,
        Optional<TensorSource> bias,
        Optional<Experts> experts,
        Start start) {

    /** A module that is no parameter of experts. */
    public LoraModule(
            String name,
            Kind kind,
            TensorSource a,
            TensorSource b,
            double scale,
            Optional<TensorSource> magnitude,
            Optional<TensorSource> bias) {
        this(name, kind, a, b, scale, magnitude, bias, Optional.empty(), Start.NOTHING);
    }

    /**
     * The experts of PEFT's {@code target_parameters}: A has a rank's rows for each of them, one
     * expert behind the other, B its columns rank by rank, one for each expert. The name of such a
     * module is that of the parameter, with all experts in it.
     *
     * @param module that has the parameter
     * @param parameter its name there
     * @param count of the experts; 1 for a matrix that is not of experts
     */
    public record Experts(String module, String parameter, int count) {}

    /** What the factors began with, which was taken out of the base they were trained over. */
    public enum Start {
        /** {@code B A} was zero, or the base was left as it is. */
        NOTHING,
        /** The base's largest singular values, as many as the rank. */
        PISSA,
        /** The scale times the first columns of Q and rows of R of the base's QR decomposition. */
        OLORA
    }

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

    /** The same factors of a weight that lies otherwise. */
    public LoraModule lying(Kind other) {
        return new LoraModule(name, other, a, b, scale, magnitude, bias, experts, start);
    }

    /** The same factors under another name. */
    public LoraModule named(String other) {
        return new LoraModule(other, kind, a, b, scale, magnitude, bias, experts, start);
    }

    /** The same factors over a base that is already what training went over. */
    public LoraModule begun() {
        return new LoraModule(name, kind, a, b, scale, magnitude, bias, experts, Start.NOTHING);
    }

    /** Of each expert's change, where it changes experts. */
    public int rank() {
        return (int) a.info().shape().dim(0) / experts.map(Experts::count).orElse(1);
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

    /** All its tensors. */
    public List<TensorSource> tensors() {
        List<TensorSource> all = new ArrayList<>(List.of(a, b));
        magnitude.ifPresent(all::add);
        bias.ifPresent(all::add);
        return all;
    }

    /** Numbers in all its tensors. */
    public long parameters() {
        long sum = a.info().elements() + b.info().elements();
        sum += magnitude.map(m -> m.info().elements()).orElse(0L);
        return sum + bias.map(m -> m.info().elements()).orElse(0L);
    }
}
