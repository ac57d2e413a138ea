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
 * Federated averaging with server momentum: {@code v = momentum v + (base - average)}, {@code out =
 * base - server_lr v}, where the base is the server's model and the average the clients', as {@link
 * FedAvg} makes it. {@code v} is kept beside the model. Each step float32, rounded.
 *
 * <p>Hsu et al. 2019, "Measuring the Effects of Non-Identical Data Distribution for Federated
 * Visual Classification", <a href="https://arxiv.org/abs/1909.06335">arXiv 1909.06335</a>.
 */
public final class FedAvgM implements StatefulMethod {
    private static final String MOMENTUM = "momentum";

    private static final MethodInfo INFO =
            new MethodInfo(
                    "fedavgm",
                    "federated averaging with momentum at the server",
                    "v = momentum * v + (base - avg), out = base - server_lr * v, avg as fedavg's",
                    MethodInfo.Base.REQUIRED,
                    1,
                    Integer.MAX_VALUE,
                    List.of(
                            Federated.examples(false),
                            ParameterSpec.number(
                                            MOMENTUM,
                                            ParameterSpec.Scope.SHARED,
                                            0.9,
                                            "what is kept of the last change")
                                    .within(0, 1, "0.9 keeps nine tenths"),
                            ParameterSpec.number(
                                    "server_lr",
                                    ParameterSpec.Scope.SHARED,
                                    1,
                                    "how far the server goes")),
                    new MethodInfo.Paper(
                            "Measuring the Effects of Non-Identical Data Distribution for Federated Visual Classification",
                            "https://arxiv.org/abs/1909.06335"),
                    "one pass for the model and one for its state, a file of 4 bytes a parameter");

    @Override
    public MethodInfo info() {
        return INFO;
    }

    @Override
    public List<String> state() {
        return List.of(MOMENTUM);
    }

    @Override
    public TensorStep bind(TensorCall call) {
        return new Step(call, (float) call.number("server_lr"), false);
    }

    @Override
    public TensorStep bindState(TensorCall call, String part) {
        return new Step(call, 0, true);
    }

    @Override
    public Map<String, List<String>> modelKeys() {
        return Map.of("examples", Federated.KEYS);
    }

    @Override
    public Optional<MergeMethod> integers() {
        return Optional.of(LargestIntegers.INSTANCE);
    }

    private record Step(
            int base, int state, WeightedMean average, float momentum, float rate, boolean forState)
            implements TensorStep.Combine {
        Step(TensorCall call, float rate, boolean forState) {
            this(
                    call.base(),
                    call.state(MOMENTUM),
                    Federated.average(call, call.models()),
                    (float) call.number(MOMENTUM),
                    rate,
                    forState);
        }

        @Override
        public void combine(Block in, float[] out) {
            average.combine(in, out);
            float[] w = in.input(base);
            float[] v = in.input(state);
            for (int i = 0; i < in.length(); i++) {
                float moved = momentum * v[i] + (w[i] - out[i]);
                out[i] = forState ? moved : w[i] - rate * moved;
            }
        }
    }
}
