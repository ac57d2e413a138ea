package io.amalgam.method;

import io.amalgam.kernel.CounterRandom;
import io.amalgam.tensor.TensorInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One output tensor to compute: type, shape, inputs, and the values of all parameters for it.
 * Immutable.
 *
 * @param output the tensor to write
 * @param inputs in recipe order
 * @param base index of the base model's tensor in the inputs; -1 if there is none
 * @param shared values of shared parameters; unset parameters without a default are absent
 * @param seed of the merge's random numbers
 * @param position of the tensor's layer in its stack, from 0 for the first to 1 for the last; 0
 *     outside of layers
 */
public record TensorCall(
        TensorInfo output,
        List<Input> inputs,
        int base,
        Map<String, Object> shared,
        long seed,
        double position) {

    public TensorCall {
        inputs = List.copyOf(inputs);
        shared = Map.copyOf(shared);
    }

    /** A tensor outside of layers. */
    public TensorCall(
            TensorInfo output,
            List<Input> inputs,
            int base,
            Map<String, Object> shared,
            long seed) {
        this(output, inputs, base, shared, seed, 0);
    }

    /**
     * @param model the user's name for the model
     * @param values of the per-model parameters, as {@link #shared}
     */
    public record Input(String model, Map<String, Object> values) {
        public Input {
            values = Map.copyOf(values);
        }
    }

    public long elements() {
        return output.elements();
    }

    /** Indices of the inputs that are not the base, in order. */
    public List<Integer> models() {
        List<Integer> others = new ArrayList<>();
        for (int i = 0; i < inputs.size(); i++) {
            if (i != base) {
                others.add(i);
            }
        }
        return others;
    }

    /** A numeric parameter of one input; it has a value when a method is bound. */
    public double number(int input, String name) {
        return (Double) value(inputs.get(input).values(), name);
    }

    public Optional<Double> optionalNumber(int input, String name) {
        return Optional.ofNullable((Double) inputs.get(input).values().get(name));
    }

    /** A shared numeric parameter. */
    public double number(String name) {
        return (Double) value(shared, name);
    }

    public boolean flag(String name) {
        return (Boolean) value(shared, name);
    }

    public String text(String name) {
        return (String) value(shared, name);
    }

    /** The key of one input's random numbers. */
    public long randomKey(int input) {
        return CounterRandom.key(seed, output.name(), input);
    }

    private static Object value(Map<String, Object> values, String name) {
        Object value = values.get(name);
        if (value == null) {
            throw new IllegalStateException("parameter '" + name + "' has no value");
        }
        return value;
    }
}
