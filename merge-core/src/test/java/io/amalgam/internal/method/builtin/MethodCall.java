package io.amalgam.internal.method.builtin;

import io.amalgam.internal.engine.InMemory;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Kernels;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.ParameterSpec;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Calls a method on arrays, with the defaults its parameters have. */
public final class MethodCall {
    private final MergeMethod method;
    private final List<float[]> arrays = new ArrayList<>();
    private final List<TensorCall.Input> inputs = new ArrayList<>();
    private final Map<String, Object> shared;
    private int base = -1;
    private long seed;
    private String tensor = "w";
    private long[] shape = {};
    private Kernels kernels = ScalarKernels.INSTANCE;
    private double position;

    private MethodCall(String name) {
        method = BuiltInMethods.load().get(name);
        shared = defaults(ParameterSpec.Scope.SHARED);
    }

    public static MethodCall of(String method) {
        return new MethodCall(method);
    }

    public MethodCall base(float... values) {
        base = arrays.size();
        return model(values, Map.of());
    }

    public MethodCall model(float[] values, Map<String, Object> parameters) {
        Map<String, Object> all = defaults(ParameterSpec.Scope.PER_MODEL);
        all.putAll(parameters);
        arrays.add(values);
        inputs.add(new TensorCall.Input("m" + arrays.size(), all));
        return this;
    }

    /** What a method kept of an earlier merge. */
    MethodCall state(String part, float... values) {
        arrays.add(values);
        inputs.add(TensorCall.Input.state("state", part));
        return this;
    }

    /** What is known of the model that is input {@code of}; after all models. */
    MethodCall statistic(String name, int of, Shape statisticShape, float... values) {
        arrays.add(values);
        inputs.add(TensorCall.Input.statistic("m" + (of + 1), name, of, statisticShape));
        return this;
    }

    public MethodCall model(float[] values, double weight, double density) {
        return model(values, Map.of("weight", weight, "density", density));
    }

    MethodCall set(String parameter, Object value) {
        shared.put(parameter, value);
        return this;
    }

    MethodCall seed(long value) {
        seed = value;
        return this;
    }

    MethodCall tensor(String name) {
        tensor = name;
        return this;
    }

    /** A shape of that many elements instead of one row. */
    MethodCall shape(long... dims) {
        shape = dims.clone();
        return this;
    }

    public MethodCall kernels(Kernels chosen) {
        kernels = chosen;
        return this;
    }

    /** Of the tensor's layer in its stack. */
    MethodCall position(double value) {
        position = value;
        return this;
    }

    TensorCall call() {
        Shape dims = shape.length == 0 ? Shape.of(arrays.get(0).length) : Shape.of(shape);
        TensorInfo output = new TensorInfo(tensor, DType.F32, dims);
        return new TensorCall(output, inputs, base, shared, seed, position);
    }

    TensorStep bind() {
        return method.bind(call());
    }

    public float[] run() {
        return InMemory.run(bind(), arrays, kernels);
    }

    private Map<String, Object> defaults(ParameterSpec.Scope scope) {
        Map<String, Object> values = new HashMap<>();
        for (ParameterSpec spec : method.info().parameters(scope)) {
            spec.defaultValue().ifPresent(value -> values.put(spec.name(), value));
        }
        return values;
    }
}
