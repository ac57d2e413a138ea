package io.amalgam.internal.method.builtin;

import io.amalgam.internal.method.common.LayerScale;
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
 * Adds what only one model changed whole, and what several changed as their mean: {@code base + sum
 * over the c models with |d_i| > epsilon of d_i / c}, per element. {@code ramplus_tl} scales what
 * only model {@code i} changed by {@code 1 + r * clamp(shared_i / unique_i, 0, alpha)}, with the
 * numbers of elements of this tensor it changed with others and alone; a model that changed none
 * alone has {@code alpha} for the ratio.
 *
 * <p>Per element float32, each step rounded, models in recipe order.
 */
public final class Ram implements MergeMethod {
    private final MethodInfo info;
    private final boolean plus;

    private Ram(boolean plus) {
        this.plus = plus;
        List<ParameterSpec> parameters = new ArrayList<>();
        if (plus) {
            parameters.add(
                    ParameterSpec.number(
                            "r", Scope.SHARED, 0.1, "how much the ratio counts that follows"));
            parameters.add(
                    ParameterSpec.number(
                            "alpha",
                            Scope.SHARED,
                            0.2,
                            "largest ratio of elements changed with others to those changed alone"));
        }
        parameters.add(
                ParameterSpec.number(
                        "epsilon", Scope.SHARED, 1e-5, "changes up to this size count as none"));
        parameters.addAll(LayerScale.parameters());
        this.info =
                new MethodInfo(
                        plus ? "ramplus_tl" : "ram",
                        plus
                                ? "as ram, and scales up what one model alone changed"
                                : "adds what one model alone changed, averages what several changed",
                        plus
                                ? "base + sum(d_i / c where |d_i| > epsilon), l_i d_i where c = 1, l_i = 1 + r * min(shared_i / unique_i, alpha)"
                                : "base + sum(d_i / c where |d_i| > epsilon), c the number of such models",
                        MethodInfo.Base.REQUIRED,
                        0,
                        Integer.MAX_VALUE,
                        parameters,
                        new MethodInfo.Paper(
                                "Behavior Knowledge Merge in Reinforced Agentic Models (RAM)",
                                "https://arxiv.org/abs/2601.13572"),
                        plus ? "two passes, a few numbers" : "one pass, nothing held");
    }

    public static List<MergeMethod> both() {
        return List.of(new Ram(false), new Ram(true));
    }

    @Override
    public MethodInfo info() {
        return info;
    }

    @Override
    public TensorStep bind(TensorCall call) {
        List<Integer> others = call.models();
        if (others.isEmpty()) {
            return new TensorStep.Copy(call.base());
        }
        float epsilon = (float) call.number("epsilon");
        float scale = (float) LayerScale.factor(call);
        if (plus) {
            return new Overlaps(call, others, epsilon, scale);
        }
        float[] ones = new float[others.size()];
        Arrays.fill(ones, 1);
        return new Add(call.base(), others, epsilon, ones, scale);
    }

    /** How many models changed each element, to {@code counts}. */
    private static void count(
            Block in, int base, List<Integer> others, float epsilon, float[] counts) {
        float[] origin = in.input(base);
        int n = in.length();
        Arrays.fill(counts, 0, n, 0f);
        for (int input : others) {
            float[] x = in.input(input);
            for (int i = 0; i < n; i++) {
                counts[i] += Math.abs(x[i] - origin[i]) > epsilon ? 1 : 0;
            }
        }
    }

    /**
     * @param alone factor of what only one model changed, for each
     */
    private record Add(int base, List<Integer> others, float epsilon, float[] alone, float scale)
            implements TensorStep.Combine {
        @Override
        public void combine(Block in, float[] out) {
            int n = in.length();
            float[] origin = in.input(base);
            float[] counts = in.scratch(0);
            float[] sum = in.scratch(1);
            count(in, base, others, epsilon, counts);
            Arrays.fill(sum, 0, n, 0f);
            for (int m = 0; m < alone.length; m++) {
                float[] x = in.input(others.get(m));
                float unique = alone[m];
                for (int i = 0; i < n; i++) {
                    float delta = x[i] - origin[i];
                    float factor = counts[i] == 1 ? unique : 1 / counts[i];
                    sum[i] += Math.abs(delta) > epsilon ? delta * factor : 0;
                }
            }
            in.kernels().addScaled(origin, sum, 1, scale, out, n);
        }
    }

    /** Counts, for each model, the elements it changed with others and alone: exact. */
    private record Overlaps(TensorCall call, List<Integer> others, float epsilon, float scale)
            implements TensorStep.Reduce<long[][]> {
        @Override
        public boolean anyOrder() {
            return true;
        }

        @Override
        public long[][] newState() {
            return new long[others.size()][2];
        }

        @Override
        public void fold(long[][] state, Block in) {
            float[] origin = in.input(call.base());
            float[] counts = in.scratch(0);
            count(in, call.base(), others, epsilon, counts);
            for (int m = 0; m < state.length; m++) {
                float[] x = in.input(others.get(m));
                int changed = 0;
                int alone = 0;
                for (int i = 0; i < in.length(); i++) {
                    int active = Math.abs(x[i] - origin[i]) > epsilon ? 1 : 0;
                    changed += active;
                    alone += counts[i] == 1 ? active : 0;
                }
                state[m][0] += changed - alone;
                state[m][1] += alone;
            }
        }

        @Override
        public long[][] merge(long[][] earlier, long[][] later) {
            for (int m = 0; m < earlier.length; m++) {
                earlier[m][0] += later[m][0];
                earlier[m][1] += later[m][1];
            }
            return earlier;
        }

        @Override
        public TensorStep next(long[][] total) {
            double most = call.number("alpha");
            float[] alone = new float[total.length];
            for (int m = 0; m < alone.length; m++) {
                double ratio = total[m][0] / Math.max(total[m][1], call.number("epsilon"));
                alone[m] = (float) (1 + call.number("r") * Math.max(0, Math.min(most, ratio)));
            }
            return new Add(call.base(), others, epsilon, alone, scale);
        }
    }
}
