package io.amalgam;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.error.Suggestions;
import io.amalgam.internal.engine.InMemory;
import io.amalgam.internal.kernel.KernelProvider;
import io.amalgam.internal.method.builtin.BuiltInMethods;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.MergeMethod.FailedException;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.ParameterSpec;
import io.amalgam.method.StatefulMethod;
import io.amalgam.method.TensorCall;
import io.amalgam.tensor.TensorInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Any merge method on ND4J arrays: the same arithmetic as merges of files, to the bit.
 *
 * <pre>{@code
 * INDArray merged = ArrayMerge.with("ties")
 *         .base(base)
 *         .model(tuned1, Map.of("weight", 0.5, "density", 0.2))
 *         .model(tuned2, Map.of("weight", 0.3))
 *         .merge();
 * }</pre>
 *
 * <p>Whole-model methods treat the array as the whole model; the state of stateful methods starts
 * at 0.
 *
 * <p>Not thread-safe; {@link #merge()} does not change it.
 */
public final class ArrayMerge {
    private final MergeMethod method;
    private final List<INDArray> arrays = new ArrayList<>();
    private final List<TensorCall.Input> inputs = new ArrayList<>();
    private final Map<String, Object> shared = new LinkedHashMap<>();
    private int base = -1;
    private long seed;
    private String name = "tensor";

    private ArrayMerge(MergeMethod method) {
        this.method = method;
        method.info()
                .parameters(ParameterSpec.Scope.SHARED)
                .forEach(spec -> setDefault(spec, shared));
    }

    /**
     * @throws BadInputException if there is no such method
     */
    public static ArrayMerge with(String method) {
        return new ArrayMerge(BuiltInMethods.load().get(Objects.requireNonNull(method, "method")));
    }

    /**
     * Merges with a custom method, which need not be registered with {@link
     * java.util.ServiceLoader}.
     */
    public static ArrayMerge with(MergeMethod method) {
        return new ArrayMerge(method);
    }

    /** Sets the base; methods without a base treat it as a further model. */
    public ArrayMerge base(INDArray array) {
        if (method.info().base() != MethodInfo.Base.ORDINARY) {
            base = arrays.size();
        }
        return add(array, Map.of(), "base");
    }

    /** Adds a model's array with its parameters, numbers or booleans by name. */
    public ArrayMerge model(INDArray array, Map<String, ?> parameters) {
        return add(array, parameters, "model " + (arrays.size() + 1));
    }

    private ArrayMerge add(INDArray array, Map<String, ?> parameters, String model) {
        Objects.requireNonNull(array, "array");
        Map<String, Object> values = new HashMap<>();
        method.info()
                .parameters(ParameterSpec.Scope.PER_MODEL)
                .forEach(spec -> setDefault(spec, values));
        parameters.forEach((key, value) -> set(key, ParameterSpec.Scope.PER_MODEL, value, values));
        arrays.add(array);
        inputs.add(new TensorCall.Input(model, values));
        return this;
    }

    /** Sets a parameter that all models share. */
    public ArrayMerge parameter(String parameter, Object value) {
        set(parameter, ParameterSpec.Scope.SHARED, value, shared);
        return this;
    }

    /**
     * Seed and tensor name of the random numbers; the same pair gives the same numbers as in a
     * merge of files.
     */
    public ArrayMerge random(long newSeed, String tensorName) {
        this.seed = newSeed;
        this.name = Objects.requireNonNull(tensorName, "tensorName");
        return this;
    }

    /**
     * Merges.
     *
     * @return a new FLOAT array of the inputs' shape; an empty one if they are empty
     * @throws BadInputException if arrays or parameters do not fit the method, or an array holds
     *     integers or booleans
     */
    public INDArray merge() {
        check();
        if (arrays.get(0).isEmpty()) {
            return Nd4j.empty(DataType.FLOAT);
        }
        TensorInfo output =
                new TensorInfo(name, io.amalgam.tensor.DType.F32, ArrayTypes.shape(arrays.get(0)));
        List<TensorCall.Input> all = new ArrayList<>(inputs);
        List<float[]> values = new ArrayList<>(arrays.stream().map(ArrayTypes::floats).toList());
        if (method instanceof StatefulMethod stateful) {
            // As in a first merge: nothing is kept from an earlier one.
            for (String part : stateful.state()) {
                all.add(TensorCall.Input.state(part, part));
                values.add(new float[values.get(0).length]);
            }
        }
        TensorCall call = new TensorCall(output, all, base, shared, seed);
        float[] merged;
        try {
            merged =
                    InMemory.run(
                            method.bind(call),
                            values,
                            KernelProvider.choose(KernelProvider.Choice.AUTO).kernels());
        } catch (RuntimeException e) {
            throw FailedException.of(method.info().name(), name, e);
        }
        return ArrayTypes.array(merged, output.shape().dims());
    }

    private void check() {
        MethodInfo info = method.info();
        if (info.base() == MethodInfo.Base.REQUIRED && base < 0) {
            throw new BadInputException(Problem.of("'" + info.name() + "' needs a base array"));
        }
        int others = arrays.size() - (base >= 0 ? 1 : 0);
        if (arrays.isEmpty() || others < info.minModels() || others > info.maxModels()) {
            throw new BadInputException(
                    Problem.expected(
                            "models for '" + info.name() + "'", info.modelCount(), others));
        }
        for (INDArray array : arrays) {
            if (!array.dataType().isFPType()) {
                throw new BadInputException(
                        Problem.expected("type of an input", "a floating type", array.dataType())
                                .hint("integers and booleans are never averaged"));
            }
            INDArray first = arrays.get(0);
            if (array.isEmpty() != first.isEmpty() || !array.equalShapes(first)) {
                throw new BadInputException(
                        Problem.expected("shape of an input", shape(first), shape(array)));
            }
        }
        for (ParameterSpec spec : info.parameters()) {
            boolean perModel = spec.scope() == ParameterSpec.Scope.PER_MODEL;
            for (int i = 0; i < (perModel ? inputs.size() : 1); i++) {
                Map<String, Object> values = perModel ? inputs.get(i).values() : shared;
                boolean needed = spec.required() && (!perModel || i != base || spec.forBase());
                if (needed && !values.containsKey(spec.name())) {
                    throw new BadInputException(
                            Problem.of(
                                    "'"
                                            + info.name()
                                            + "' needs the parameter '"
                                            + spec.name()
                                            + "'"));
                }
            }
        }
    }

    private static String shape(INDArray array) {
        return array.isEmpty() ? "an empty array" : ArrayTypes.shape(array).toString();
    }

    private void set(
            String key, ParameterSpec.Scope scope, Object value, Map<String, Object> values) {
        Optional<ParameterSpec> spec = method.info().parameter(key).filter(s -> s.scope() == scope);
        if (spec.isEmpty()) {
            List<String> names =
                    method.info().parameters(scope).stream().map(ParameterSpec::name).toList();
            Problem problem =
                    Problem.expected(
                            "parameter '" + key + "' of '" + method.info().name() + "'",
                            "one of " + names,
                            "'" + key + "'");
            throw new BadInputException(
                    Suggestions.nearest(key, names)
                            .map(name -> problem.hint("did you mean '" + name + "'?"))
                            .orElse(problem));
        }
        values.put(key, ParameterSpec.coerce(spec.get(), value));
    }

    private static void setDefault(ParameterSpec spec, Map<String, Object> values) {
        spec.defaultValue().ifPresent(value -> values.put(spec.name(), value));
    }
}
