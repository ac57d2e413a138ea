package io.amalgam.internal.method.builtin;

import io.amalgam.internal.method.common.EqualNorms;
import io.amalgam.internal.method.common.LayerScale;
import io.amalgam.internal.method.select.DeltaMask;
import io.amalgam.method.Block;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.ParameterSpec;
import io.amalgam.method.ParameterSpec.Scope;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Consensus of TALL masks: of the sum of all task vectors, {@code t = sum w_i d_i}, only the
 * elements stay that at least {@code k} models need, where model {@code i} needs an element if
 * {@code |w_i d_i| >= threshold_i * |t - w_i d_i|}. What none or one of them needs is dropped.
 *
 * <p>Per element float32, each step rounded, models in recipe order.
 *
 * <p>Wang et al., "Localizing Task Information for Improved Model Merging and Compression", <a
 * href="https://arxiv.org/abs/2405.07813">arXiv 2405.07813</a>.
 */
public final class ConsensusMasks implements MergeMethod {
    private static final MethodInfo INFO =
            new MethodInfo(
                    "consensus",
                    "adds the sum of task vectors where enough models need it",
                    "base + lambda * t where at least k models have |w_i d_i| >= threshold_i * |t - w_i d_i|, t = sum(w_i * d_i)",
                    MethodInfo.Base.REQUIRED,
                    0,
                    Integer.MAX_VALUE,
                    parameters(),
                    new MethodInfo.Paper(
                            "Localizing Task Information for Improved Model Merging and Compression",
                            "https://arxiv.org/abs/2405.07813"),
                    "one pass, nothing held");

    private static List<ParameterSpec> parameters() {
        List<ParameterSpec> parameters = new ArrayList<>();
        parameters.add(
                ParameterSpec.number(
                        "weight", Scope.PER_MODEL, 1, "factor of the model's task vector"));
        parameters.add(
                ParameterSpec.number(
                                "threshold",
                                Scope.PER_MODEL,
                                0.4,
                                "how large a model's own change must be, as a share of the others' together, to be needed")
                        .within(0, 1e6, "the paper takes 0.2 to 0.6"));
        parameters.add(
                ParameterSpec.integer("k", Scope.SHARED, 2, "how many models must need an element")
                        .within(0, 1e6, "0 keeps all, 2 drops what only one model needs"));
        parameters.add(
                ParameterSpec.number(
                        "lambda", Scope.SHARED, 1, "factor of the merged task vector"));
        parameters.add(EqualNorms.PARAMETER);
        parameters.addAll(LayerScale.parameters());
        return parameters;
    }

    @Override
    public MethodInfo info() {
        return INFO;
    }

    @Override
    public TensorStep bind(TensorCall call) {
        List<Integer> others = call.models();
        if (others.isEmpty()) {
            return new TensorStep.Copy(call.base());
        }
        float[] weights = new float[others.size()];
        float[] thresholds = new float[weights.length];
        for (int m = 0; m < weights.length; m++) {
            weights[m] = (float) call.number(others.get(m), "weight");
            thresholds[m] = (float) call.number(others.get(m), "threshold");
        }
        int k = (int) call.number("k");
        float lambda = (float) (call.number("lambda") * LayerScale.factor(call));
        return EqualNorms.then(
                call,
                others,
                factors ->
                        new Needed(call.base(), others, factors, weights, thresholds, k, lambda));
    }

    private record Needed(
            int base,
            List<Integer> others,
            float[] factors,
            float[] weights,
            float[] thresholds,
            int k,
            float lambda)
            implements TensorStep.Combine {
        @Override
        public void combine(Block in, float[] out) {
            int n = in.length();
            float[] origin = in.input(base);
            float[][] vectors = in.scratchGroup(weights.length);
            float[] sum = in.scratch(0);
            float[] needs = in.scratch(1);
            Arrays.fill(sum, 0, n, 0f);
            Arrays.fill(needs, 0, n, 0f);
            for (int m = 0; m < weights.length; m++) {
                float[] x = in.input(others.get(m));
                DeltaMask.ALL.weighted(in, x, origin, factors[m], weights[m], vectors[m]);
                in.kernels().add(sum, vectors[m], sum, n);
            }
            for (int m = 0; m < weights.length; m++) {
                float[] own = vectors[m];
                float threshold = thresholds[m];
                for (int i = 0; i < n; i++) {
                    boolean needed = Math.abs(own[i]) >= threshold * Math.abs(sum[i] - own[i]);
                    needs[i] += needed ? 1 : 0;
                }
            }
            for (int i = 0; i < n; i++) {
                out[i] = origin[i] + lambda * (needs[i] >= k ? sum[i] : 0);
            }
        }
    }
}
