package io.amalgam.internal.method.builtin;

import io.amalgam.method.Block;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.ParameterSpec;
import io.amalgam.method.StatefulMethod;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Federated averaging with Adam at the server: {@code d = average - base}, {@code m = beta1 m + (1
 * - beta1) d}, {@code v = beta2 v + (1 - beta2) d^2}, {@code out = base + server_lr m / (sqrt v +
 * tau)}, the average as {@link FedAvg} makes it. {@code m} and {@code v} are kept beside the model;
 * nothing corrects their beginning at 0, as in the paper. Each step float32, rounded.
 *
 * <p>Reddi et al. 2021, "Adaptive Federated Optimization", <a
 * href="https://arxiv.org/abs/2003.00295">arXiv 2003.00295</a>.
 */
public final class FedAdam implements StatefulMethod {
    private static final String FIRST = "first_moment";
    private static final String SECOND = "second_moment";

    private static final MethodInfo INFO =
            new MethodInfo(
                    "fedadam",
                    "federated averaging with Adam at the server",
                    "d = avg - base, m = beta1 * m + (1 - beta1) * d, v = beta2 * v + (1 - beta2) * d^2, out = base + server_lr * m / (sqrt(v) + tau)",
                    MethodInfo.Base.REQUIRED,
                    1,
                    Integer.MAX_VALUE,
                    List.of(
                            Federated.examples(false),
                            share("beta1", 0.9, "what is kept of the mean of changes"),
                            share("beta2", 0.99, "what is kept of the mean of their squares"),
                            ParameterSpec.number(
                                    "server_lr",
                                    ParameterSpec.Scope.SHARED,
                                    0.01,
                                    "how far the server goes"),
                            ParameterSpec.number(
                                            "tau",
                                            ParameterSpec.Scope.SHARED,
                                            1e-3,
                                            "what small changes are measured against")
                                    .atLeast(1e-30, "0.001 is usual")),
                    new MethodInfo.Paper(
                            "Adaptive Federated Optimization", "https://arxiv.org/abs/2003.00295"),
                    "one pass for the model and two for its state, a file of 8 bytes a parameter");

    private static ParameterSpec share(String name, double value, String meaning) {
        return ParameterSpec.number(name, ParameterSpec.Scope.SHARED, value, meaning)
                .within(0, 1, "0.9 keeps nine tenths");
    }

    @Override
    public MethodInfo info() {
        return INFO;
    }

    @Override
    public List<String> state() {
        return List.of(FIRST, SECOND);
    }

    @Override
    public TensorStep bind(TensorCall call) {
        return Step.of(call, "");
    }

    @Override
    public TensorStep bindState(TensorCall call, String part) {
        return Step.of(call, part);
    }

    @Override
    public Map<String, List<String>> modelKeys() {
        return Map.of("examples", Federated.KEYS);
    }

    @Override
    public Optional<MergeMethod> integers() {
        return Optional.of(LargestIntegers.INSTANCE);
    }

    /**
     * @param part which part of the state is wanted; empty for the model
     */
    private record Step(
            int base,
            int first,
            int second,
            WeightedMean average,
            float beta1,
            float rest1,
            float beta2,
            float rest2,
            float rate,
            float tau,
            String part)
            implements TensorStep.Combine {
        static Step of(TensorCall call, String part) {
            return new Step(
                    call.base(),
                    call.state(FIRST),
                    call.state(SECOND),
                    Federated.average(call, call.models()),
                    (float) call.number("beta1"),
                    (float) (1 - call.number("beta1")),
                    (float) call.number("beta2"),
                    (float) (1 - call.number("beta2")),
                    (float) call.number("server_lr"),
                    (float) call.number("tau"),
                    part);
        }

        @Override
        public void combine(Block in, float[] out) {
            average.combine(in, out);
            float[] w = in.input(base);
            float[] m = in.input(first);
            float[] v = in.input(second);
            boolean forFirst = part.equals(FIRST);
            boolean forSecond = part.equals(SECOND);
            for (int i = 0; i < in.length(); i++) {
                float change = out[i] - w[i];
                float mean = beta1 * m[i] + rest1 * change;
                float square = beta2 * v[i] + rest2 * (change * change);
                float moved = w[i] + rate * mean / ((float) Math.sqrt(square) + tau);
                out[i] = forFirst ? mean : forSecond ? square : moved;
            }
        }
    }
}
