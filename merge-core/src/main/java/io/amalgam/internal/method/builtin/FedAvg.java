package io.amalgam.internal.method.builtin;

import io.amalgam.method.MergeMethod;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Federated averaging: the clients' models, each counting as much as it had examples, {@code sum
 * n_k x_k / sum n_k}. One fused multiply-add for each client in recipe order, in float32, divided
 * once. Of integers, which count batches, the largest is taken.
 *
 * <p>McMahan et al. 2017, "Communication-Efficient Learning of Deep Networks from Decentralized
 * Data", <a href="https://arxiv.org/abs/1602.05629">arXiv 1602.05629</a>.
 */
public final class FedAvg implements MergeMethod {
    private static final MethodInfo INFO =
            new MethodInfo(
                    "fedavg",
                    "average of clients' models by their numbers of examples",
                    "sum(n_k * x_k) / sum(n_k), n_k the client's examples",
                    MethodInfo.Base.ORDINARY,
                    1,
                    Integer.MAX_VALUE,
                    List.of(Federated.examples(true)),
                    Federated.FEDAVG,
                    "one pass, nothing held");

    @Override
    public MethodInfo info() {
        return INFO;
    }

    @Override
    public TensorStep bind(TensorCall call) {
        return Federated.average(call, call.models());
    }

    @Override
    public Map<String, List<String>> modelKeys() {
        return Map.of("examples", Federated.KEYS);
    }

    @Override
    public Optional<MergeMethod> integers() {
        return Optional.of(LargestIntegers.INSTANCE);
    }
}
