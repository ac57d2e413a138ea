package io.amalgam.internal.lora.combine;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.engine.InMemory;
import io.amalgam.internal.kernel.KernelProvider;
import io.amalgam.internal.method.builtin.BuiltInMethods;
import io.amalgam.kernel.Kernels;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.ParameterSpec;
import io.amalgam.method.ParameterSpec.Scope;
import io.amalgam.method.TensorCall;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** Any merge method on arrays that are changes: the base, where there is one, is zero. */
final class DeltaMerge {
    private final MergeMethod method;
    private final CombineOptions options;
    private final Kernels kernels = KernelProvider.choose(KernelProvider.Choice.AUTO).kernels();

    /**
     * @throws BadInputException if there is no such method, or a parameter is none of its
     */
    DeltaMerge(CombineOptions options, int adapters) {
        this.method = BuiltInMethods.load().get(options.method());
        this.options = options;
        MethodInfo info = method.info();
        if (adapters < info.minModels() || adapters > info.maxModels()) {
            throw new BadInputException(
                    Problem.expected(
                            "adapters for '" + info.name() + "'", info.modelCount(), adapters));
        }
        for (String name : new TreeSet<>(options.parameters().keySet())) {
            if (info.parameter(name).isEmpty()) {
                throw new BadInputException(
                        Problem.expected(
                                "parameter of '" + info.name() + "'",
                                "one of " + String.join(", ", info.parameterNames()),
                                "'" + name + "'"));
            }
        }
        requireOnce(info);
    }

    /** A parameter that has a setting of its own has no second one. */
    private void requireOnce(MethodInfo info) {
        Object weight = options.parameters().get("weight");
        if (weight != null) {
            throw new BadInputException(
                    Problem.expected(
                                    "parameter 'weight' of '" + info.name() + "'",
                                    "the weights of the adapters",
                                    "'" + weight + "'")
                            .hint("give each adapter its weight, as in 'ADAPTER:0.5'"));
        }
        Object density = options.parameters().get("density");
        if (density != null && options.density().isPresent()) {
            throw new BadInputException(
                    Problem.expected(
                                    "parameter 'density' of '" + info.name() + "'",
                                    "one value",
                                    options.density().get() + " and " + density)
                            .hint("leave out CombineOptions.parameters density"));
        }
    }

    private boolean weighted() {
        return method.info().parameter("weight").isPresent();
    }

    /** Merges arrays of one shape; they may be changed. */
    float[] merge(String name, Shape shape, List<float[]> changes, double[] weights) {
        MethodInfo info = method.info();
        if (changes.size() < info.minModels()) {
            throw new BadInputException(
                    Problem.expected(
                                    "adapters with module '" + name + "' for '" + info.name() + "'",
                                    info.modelCount(),
                                    changes.size())
                            .hint("combine adapters of the same modules, or take another method"));
        }
        boolean based = info.base() != MethodInfo.Base.ORDINARY;
        List<float[]> arrays = new ArrayList<>();
        List<TensorCall.Input> inputs = new ArrayList<>();
        if (based) {
            arrays.add(new float[(int) shape.elements()]);
            inputs.add(new TensorCall.Input("base", values(Scope.PER_MODEL, 1)));
        }
        for (int t = 0; t < changes.size(); t++) {
            float[] change = changes.get(t);
            if (!weighted()) {
                float weight = (float) weights[t];
                for (int i = 0; i < change.length; i++) {
                    change[i] *= weight;
                }
            }
            arrays.add(change);
            inputs.add(
                    new TensorCall.Input(
                            "adapter " + (t + 1), values(Scope.PER_MODEL, weights[t])));
        }
        TensorCall call =
                new TensorCall(
                        new TensorInfo(name, DType.F32, shape),
                        inputs,
                        based ? 0 : -1,
                        values(Scope.SHARED, 1),
                        options.seed());
        return InMemory.run(method.bind(call), arrays, kernels);
    }

    private Map<String, Object> values(Scope scope, double weight) {
        Map<String, Object> values = new HashMap<>();
        for (ParameterSpec spec : method.info().parameters(scope)) {
            Object given = options.parameters().get(spec.name());
            if (spec.name().equals("weight")) {
                given = weight;
            } else if (spec.name().equals("density") && options.density().isPresent()) {
                given = options.density().get();
            }
            if (given != null) {
                values.put(spec.name(), ParameterSpec.coerce(spec, given));
            } else if (spec.defaultValue().isPresent()) {
                values.put(spec.name(), spec.defaultValue().get());
            } else if (spec.required()) {
                throw new BadInputException(
                        Problem.of(
                                        "'"
                                                + method.info().name()
                                                + "' needs the parameter '"
                                                + spec.name()
                                                + "'")
                                .hint("give CombineOptions.parameters " + spec.name() + "=VALUE"));
            }
        }
        return values;
    }
}
