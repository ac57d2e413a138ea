package io.amalgam.internal.method.builtin;

import io.amalgam.internal.engine.InMemory;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.internal.plan.StatePart;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.ParameterSpec;
import io.amalgam.method.StatefulMethod;
import io.amalgam.method.TensorCall;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/** Calls a method on models that are cut into tensors, with the defaults its parameters have. */
public final class ModelCall {
    private final MergeMethod method;
    private final List<float[]> models = new ArrayList<>();
    private final List<Map<String, Object>> parameters = new ArrayList<>();
    private final Map<String, Object> shared;
    private final Set<List<Integer>> absent = new HashSet<>();
    private int base = -1;
    private int[] sizes = {};

    private ModelCall(String name) {
        method = BuiltInMethods.load().get(name);
        shared = defaults(ParameterSpec.Scope.SHARED);
    }

    public static ModelCall of(String method) {
        return new ModelCall(method);
    }

    /** How many elements the tensors have, in order. */
    public ModelCall cut(int... elements) {
        sizes = elements;
        return this;
    }

    public ModelCall base(float[] flat) {
        base = models.size();
        return model(flat, Map.of());
    }

    /**
     * A model with all its tensors one after another. The last ones of a method that keeps state
     * are the parts it kept before.
     */
    public ModelCall model(float[] flat, Map<String, Object> values) {
        Map<String, Object> all = defaults(ParameterSpec.Scope.PER_MODEL);
        all.putAll(values);
        models.add(flat);
        parameters.add(all);
        return this;
    }

    /** A tensor that a model, numbered from 0 in the order of adding, does not have. */
    ModelCall without(int tensor, int model) {
        absent.add(List.of(tensor, model));
        return this;
    }

    public ModelCall set(String parameter, Object value) {
        shared.put(parameter, value);
        return this;
    }

    List<TensorCall> calls() {
        List<TensorCall> calls = new ArrayList<>();
        List<TensorCall.Input> inputs = new ArrayList<>();
        List<String> parts =
                method instanceof StatefulMethod stateful ? stateful.state() : List.of();
        int states = models.size() - parts.size();
        for (int m = 0; m < models.size(); m++) {
            inputs.add(
                    m < states
                            ? new TensorCall.Input("m" + m, parameters.get(m))
                            : TensorCall.Input.state("state", parts.get(m - states)));
        }
        for (int t = 0; t < sizes.length; t++) {
            TensorInfo info = new TensorInfo("t" + t, DType.F32, Shape.of(sizes[t]));
            calls.add(new TensorCall(info, present(t, inputs), base, shared, 0));
        }
        return calls;
    }

    private <T> List<T> present(int tensor, List<T> ofModels) {
        return IntStream.range(0, ofModels.size())
                .filter(m -> !absent.contains(List.of(tensor, m)))
                .mapToObj(ofModels::get)
                .toList();
    }

    MergeMethod method() {
        return method;
    }

    /** The merged tensors one after another. */
    public float[] run() {
        return run(method);
    }

    /** New state of a method that keeps some. */
    public float[] runState(String part) {
        return run(new StatePart((StatefulMethod) method, part));
    }

    private float[] run(MergeMethod called) {
        List<List<float[]>> tensors = new ArrayList<>();
        int from = 0;
        for (int t = 0; t < sizes.length; t++) {
            int at = from;
            int to = at + sizes[t];
            tensors.add(
                    present(t, models).stream().map(m -> Arrays.copyOfRange(m, at, to)).toList());
            from = to;
        }
        float[] flat = new float[from];
        int at = 0;
        for (float[] merged : InMemory.merge(called, calls(), tensors, ScalarKernels.INSTANCE)) {
            System.arraycopy(merged, 0, flat, at, merged.length);
            at += merged.length;
        }
        return flat;
    }

    private Map<String, Object> defaults(ParameterSpec.Scope scope) {
        Map<String, Object> values = new HashMap<>();
        for (ParameterSpec spec : method.info().parameters(scope)) {
            spec.defaultValue().ifPresent(value -> values.put(spec.name(), value));
        }
        return values;
    }
}
