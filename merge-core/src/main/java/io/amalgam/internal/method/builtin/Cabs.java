package io.amalgam.internal.method.builtin;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.method.common.EqualNorms;
import io.amalgam.internal.method.common.LayerScale;
import io.amalgam.internal.method.select.PartialSort;
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
 * Conflict-aware and balanced sparsification: models in recipe order each keep, of every {@code
 * m_val} consecutive elements, the {@code n_val} largest changes among the elements no earlier
 * model kept; {@code base + lambda * sum w_i * kept_i}. So no two models change one element.
 *
 * <p>Elements that did not change are never kept; of equal magnitudes the lower index is. A last
 * group of fewer elements keeps {@code max(1, trunc(n_val * its length / m_val))}.
 *
 * <p>Per element float32, each step rounded.
 *
 * <p>Yang et al., "CABS: Conflict-Aware and Balanced Sparsification for Enhancing Model Merging",
 * <a href="https://arxiv.org/abs/2503.01874">arXiv 2503.01874</a>.
 */
public final class Cabs implements MergeMethod {
    private static final MethodInfo INFO =
            new MethodInfo(
                    "cabs",
                    "of every m elements keeps each model's n largest changes that no earlier model claimed",
                    "base + lambda * sum(w_i * largest n_val of every m_val of (d_i where no earlier model kept its own))",
                    MethodInfo.Base.REQUIRED,
                    0,
                    Integer.MAX_VALUE,
                    parameters(),
                    new MethodInfo.Paper(
                            "CABS: Conflict-Aware and Balanced Sparsification for Enhancing Model Merging",
                            "https://arxiv.org/abs/2503.01874"),
                    "one pass, nothing held");

    private static List<ParameterSpec> parameters() {
        List<ParameterSpec> parameters = new ArrayList<>();
        parameters.add(
                ParameterSpec.required(
                        "weight", Scope.PER_MODEL, false, "factor of the model's task vector"));
        parameters.add(
                ParameterSpec.integer(
                                "n_val",
                                Scope.PER_MODEL,
                                64,
                                "how many elements of each group the model may change")
                        .within(0, 65536, "64 of 256 keeps a quarter"));
        parameters.add(
                ParameterSpec.integer("m_val", Scope.SHARED, 256, "elements of a group")
                        .within(1, 65536, "64 of 256 keeps a quarter"));
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
        int group = (int) call.number("m_val");
        float[] weights = new float[others.size()];
        int[] kept = new int[weights.length];
        for (int m = 0; m < weights.length; m++) {
            int input = others.get(m);
            weights[m] = (float) call.number(input, "weight");
            kept[m] = (int) call.number(input, "n_val");
            if (kept[m] > group) {
                throw new BadInputException(
                        Problem.expected(
                                "parameter 'n_val' of model '"
                                        + call.inputs().get(input).model()
                                        + "'",
                                "at most 'm_val', " + group,
                                kept[m]));
            }
        }
        if (others.isEmpty()) {
            return new TensorStep.Copy(call.base());
        }
        float lambda = (float) (call.number("lambda") * LayerScale.factor(call));
        return EqualNorms.then(
                call,
                others,
                factors -> new Claims(call.base(), others, factors, weights, kept, group, lambda));
    }

    /** One worker's scratch. */
    private static final class Scratch {
        int[] bits = {};
        int[] ordered = {};

        static Scratch of(Block in, int group) {
            Scratch scratch = in.tool(Scratch.class, Scratch::new);
            if (scratch.bits.length < group) {
                scratch.bits = new int[group];
                scratch.ordered = new int[group];
            }
            return scratch;
        }
    }

    private record Claims(
            int base,
            List<Integer> others,
            float[] factors,
            float[] weights,
            int[] kept,
            int group,
            float lambda)
            implements TensorStep.Combine {
        @Override
        public long rowLength() {
            return group;
        }

        @Override
        public int scratchBytes(int inputs) {
            return 3 * Float.BYTES + 2 * Integer.BYTES;
        }

        @Override
        public void combine(Block in, float[] out) {
            int n = in.length();
            float[] origin = in.input(base);
            float[] sum = in.scratch(0);
            float[] claimed = in.scratch(1);
            float[] delta = in.scratch(2);
            Arrays.fill(sum, 0, n, 0f);
            Arrays.fill(claimed, 0, n, 0f);
            Scratch scratch = Scratch.of(in, group);
            for (int m = 0; m < weights.length; m++) {
                in.kernels().subtract(in.input(others.get(m)), origin, delta, n);
                for (int at = 0; at < n; at += group) {
                    int length = Math.min(group, n - at);
                    int most = (int) ((long) kept[m] * length / group);
                    if (kept[m] > 0) {
                        most = Math.max(1, most);
                        claim(scratch, delta, at, length, most, m, claimed, sum);
                    }
                }
            }
            in.kernels().addScaled(origin, sum, 1, lambda, out, n);
        }

        private void claim(
                Scratch scratch,
                float[] delta,
                int at,
                int length,
                int most,
                int m,
                float[] claimed,
                float[] sum) {
            int[] bits = scratch.bits;
            for (int i = 0; i < length; i++) {
                int magnitude = Float.floatToRawIntBits(delta[at + i]) & 0x7fffffff;
                bits[i] = claimed[at + i] == 0 ? magnitude : 0;
            }
            int cut = 1;
            int equal = length;
            if (most < length) {
                System.arraycopy(bits, 0, scratch.ordered, 0, length);
                int rank = length - most;
                PartialSort.sort(scratch.ordered, length, rank, rank + 1);
                cut = Math.max(1, scratch.ordered[rank]);
                equal = most;
                for (int i = 0; i < length; i++) {
                    equal -= bits[i] > cut ? 1 : 0;
                }
            }
            for (int i = 0; i < length; i++) {
                if (bits[i] > cut || (bits[i] == cut && equal-- > 0)) {
                    claimed[at + i] = 1;
                    sum[at + i] = weights[m] * (factors[m] * delta[at + i]);
                }
            }
        }
    }
}
