package io.amalgam.internal.method.builtin;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.ParameterSpec;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Averages with weights that follow from number and order of the models: equal weights for all,
 * equal weights for the last few, and exponentially decaying weights. Each is one fused
 * multiply-add for each model in recipe order, in float32, divided once by the weights' sum.
 */
public final class Averages implements MergeMethod {
    private final MethodInfo info;
    private final Function<TensorCall, WeightedMean> mean;

    private Averages(MethodInfo info, Function<TensorCall, WeightedMean> mean) {
        this.info = info;
        this.mean = mean;
    }

    /** The members of the family. */
    public static List<MergeMethod> family() {
        return List.of(
                new Averages(
                        info(
                                "soup",
                                "plain average of the models",
                                "sum(x_i) / n",
                                List.of(),
                                new MethodInfo.Paper(
                                        "Model soups", "https://arxiv.org/abs/2203.05482")),
                        call -> WeightedMean.of(from(call, 0))),
                new Averages(
                        info(
                                "ema",
                                "exponential moving average over the models in their order",
                                "m_1 = x_1, m_i = decay * m_(i-1) + (1 - decay) * x_i",
                                List.of(decay()),
                                new MethodInfo.Paper(
                                        "Exponential Moving Average of Weights in Deep Learning",
                                        "https://arxiv.org/abs/2411.18704")),
                        Averages::falling),
                new Averages(
                        info(
                                "lawa",
                                "plain average of the last models",
                                "sum(x_i) / last, over the last models",
                                List.of(last()),
                                new MethodInfo.Paper(
                                        "Stop Wasting My Time! Saving Days of ImageNet and BERT Training with Latest Weight Averaging",
                                        "https://arxiv.org/abs/2209.14981")),
                        Averages::latest));
    }

    private static MethodInfo info(
            String name,
            String summary,
            String formula,
            List<ParameterSpec> parameters,
            MethodInfo.Paper paper) {
        return new MethodInfo(
                name,
                summary,
                formula,
                MethodInfo.Base.ORDINARY,
                1,
                Integer.MAX_VALUE,
                parameters,
                paper,
                "one pass, nothing held");
    }

    private static ParameterSpec decay() {
        return ParameterSpec.required(
                        "decay",
                        ParameterSpec.Scope.SHARED,
                        false,
                        "what is kept of the average at each further model")
                .within(0, 1, "0.9 keeps nine tenths");
    }

    private static ParameterSpec last() {
        return new ParameterSpec(
                "last",
                ParameterSpec.Scope.SHARED,
                ParameterSpec.Kind.INTEGER,
                Optional.empty(),
                true,
                false,
                Optional.of(new ParameterSpec.Range(1, 1_000_000, "it counts models")),
                "how many models, counted from the end");
    }

    @Override
    public MethodInfo info() {
        return info;
    }

    @Override
    public TensorStep bind(TensorCall call) {
        return mean.apply(call);
    }

    private static WeightedMean falling(TensorCall call) {
        double decay = call.number("decay");
        float[] weights = new float[call.models().size()];
        double weight = 1;
        for (int i = weights.length - 1; i > 0; i--) {
            weights[i] = (float) ((1 - decay) * weight);
            weight *= decay;
        }
        weights[0] = (float) weight;
        return WeightedMean.of(from(call, 0), weights);
    }

    private static WeightedMean latest(TensorCall call) {
        int models = call.models().size();
        int last = (int) call.number("last");
        if (last > models) {
            throw new BadInputException(
                    Problem.expected("parameter 'last'", "at most " + models, last)
                            .hint("the recipe has " + models + " models"));
        }
        return WeightedMean.of(from(call, models - last));
    }

    private static List<Integer> from(TensorCall call, int first) {
        return IntStream.range(first, call.models().size()).boxed().toList();
    }
}
