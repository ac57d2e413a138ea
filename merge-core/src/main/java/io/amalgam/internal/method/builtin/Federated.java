package io.amalgam.internal.method.builtin;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.ParameterSpec;
import io.amalgam.method.TensorCall;
import java.util.List;

/** Shared parts of federated methods: clients are weighted by their numbers of examples. */
final class Federated {
    /** Keys of a client's config.json, or of its weights' metadata, that give its examples. */
    static final List<String> KEYS = List.of("examples", "num_examples");

    static final MethodInfo.Paper FEDAVG =
            new MethodInfo.Paper(
                    "Communication-Efficient Learning of Deep Networks from Decentralized Data",
                    "https://arxiv.org/abs/1602.05629");

    private Federated() {}

    static ParameterSpec examples(boolean forBase) {
        return ParameterSpec.required(
                        "examples",
                        ParameterSpec.Scope.PER_MODEL,
                        forBase,
                        "how many examples the client learnt from; its config.json or metadata says it where the recipe does not")
                .within(0, 1e15, "it counts examples");
    }

    /**
     * The clients' average: {@code sum n_k x_k / sum n_k}, in float32.
     *
     * @throws BadInputException if no client has examples
     */
    static WeightedMean average(TensorCall call, List<Integer> clients) {
        float[] weights = new float[clients.size()];
        double sum = 0;
        // The weights' own sum would round at each step.
        for (int i = 0; i < weights.length; i++) {
            double examples = call.number(clients.get(i), "examples");
            weights[i] = (float) examples;
            sum += examples;
        }
        if (sum == 0) {
            throw new BadInputException(
                    Problem.expected("parameter 'examples'", "one client that has some", "0 of all")
                            .hint("give each client the number of its examples"));
        }
        return weights.length == 1
                ? WeightedMean.of(clients)
                : new WeightedMean(clients, weights, (float) sum);
    }
}
