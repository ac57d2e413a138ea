package io.amalgam.method;

import io.amalgam.kernel.CounterRandom;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * One output tensor to compute: type, shape, inputs, and the values of all parameters for it.
 * Immutable.
 *
 * @param output the tensor to write
 * @param inputs the tensors it is made of: those of models, the base among them, in recipe order;
 *     after them statistics and state
 * @param base index of the base model's tensor among the inputs; -1 without
 * @param shared values of shared parameters; a parameter that is unset and has no default is absent
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
        inputs = withBase(inputs, base);
        shared = Map.copyOf(shared);
    }

    private static List<Input> withBase(List<Input> inputs, int base) {
        List<Input> all = new ArrayList<>(inputs);
        if (base >= 0) {
            all.set(base, all.get(base).asBase());
        }
        boolean besides = false;
        for (int i = 0; i < all.size(); i++) {
            boolean ofModel = all.get(i).role().ofModel();
            if ((all.get(i).role() == Role.BASE && i != base) || (besides && ofModel)) {
                throw new IllegalArgumentException("one base, and models first: " + inputs);
            }
            besides |= !ofModel;
        }
        return List.copyOf(all);
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

    /** What an input is to the method. */
    public enum Role {
        /** The base model's tensor. */
        BASE,
        /** The tensor of a model that is merged. */
        MODEL,
        /** What a {@link StatefulMethod} kept of an earlier merge. */
        STATE,
        /** What is known of a model's tensor beside its values; see {@link Statistic}. */
        STATISTIC;

        /** Whether it is the tensor of a model, with that model's parameters. */
        public boolean ofModel() {
            return this == BASE || this == MODEL;
        }
    }

    /**
     * One tensor that is read.
     *
     * @param model what the user calls the model, or the file of the state
     * @param part the name of the state or statistic; empty for a model's tensor
     * @param of index of the input that a statistic describes; -1 for other roles
     * @param values of the per-model parameters, as {@link #shared}
     * @param shape its shape; empty for that of the output
     */
    public record Input(
            Role role,
            String model,
            String part,
            int of,
            Map<String, Object> values,
            Optional<Shape> shape) {
        public Input {
            values = Map.copyOf(values);
        }

        /** A model's tensor; that of the base if the call says so. */
        public Input(String model, Map<String, Object> values) {
            this(Role.MODEL, model, "", -1, values, Optional.empty());
        }

        /** A part of a method's state. */
        public static Input state(String file, String part) {
            return new Input(Role.STATE, file, part, -1, Map.of(), Optional.empty());
        }

        /** A statistic of the tensor that is input {@code of}. */
        public static Input statistic(String model, String name, int of, Shape shape) {
            return new Input(Role.STATISTIC, model, name, of, Map.of(), Optional.of(shape));
        }

        private Input asBase() {
            if (!role.ofModel()) {
                throw new IllegalArgumentException("the base is a model: " + this);
            }
            return new Input(Role.BASE, model, part, of, values, shape);
        }
    }

    /**
     * A statistic that a method reads beside each model's tensor, such as a diagonal Fisher or the
     * Gram matrix of a layer's inputs.
     *
     * @param name as in files of statistics, where it is called {@code <tensor>.<name>}
     * @param shape what shape it has for an output tensor; empty for tensors that have none
     */
    public record Statistic(String name, Function<TensorInfo, Optional<Shape>> shape) {}

    /** The same call with other inputs. */
    public TensorCall withInputs(List<Input> others) {
        return new TensorCall(output, others, base, shared, seed, position);
    }

    /** Number of elements of the output. */
    public long elements() {
        return output.elements();
    }

    /** Indices of the models' tensors, the base not among them, in order. */
    public List<Integer> models() {
        return inputs(Role.MODEL);
    }

    /** Indices of the inputs of a role, in order. */
    public List<Integer> inputs(Role role) {
        return IntStream.range(0, inputs.size())
                .filter(i -> inputs.get(i).role() == role)
                .boxed()
                .toList();
    }

    /** Index of the input that holds a part of a method's state. */
    public int state(String part) {
        return inputs(Role.STATE).stream()
                .filter(i -> inputs.get(i).part().equals(part))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no state '" + part + "'"));
    }

    /**
     * Index of the input that holds a statistic of a model's tensor; empty where there is none,
     * then for all models of the tensor.
     */
    public OptionalInt statistic(int input, String name) {
        return inputs(Role.STATISTIC).stream()
                .mapToInt(i -> i)
                .filter(i -> inputs.get(i).of() == input && inputs.get(i).part().equals(name))
                .findFirst();
    }

    /** The shape of an input: the output's, unless it is a statistic. */
    public Shape shape(int input) {
        return inputs.get(input).shape().orElse(output.shape());
    }

    /** A numeric parameter of one input; it has a value when a method is bound. */
    public double number(int input, String name) {
        return (Double) value(inputs.get(input).values(), name);
    }

    /** A number that a model may lack. */
    public Optional<Double> optionalNumber(int input, String name) {
        return Optional.ofNullable((Double) inputs.get(input).values().get(name));
    }

    /** A shared numeric parameter. */
    public double number(String name) {
        return (Double) value(shared, name);
    }

    /** A shared boolean. */
    public boolean flag(String name) {
        return (Boolean) value(shared, name);
    }

    /** A shared text. */
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
