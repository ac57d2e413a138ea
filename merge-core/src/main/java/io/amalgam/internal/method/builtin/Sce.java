package io.amalgam.internal.method.builtin;

import io.amalgam.internal.method.common.LaneSums;
import io.amalgam.internal.method.common.LayerScale;
import io.amalgam.internal.method.select.MagnitudeCut;
import io.amalgam.internal.method.select.TopMagnitudes;
import io.amalgam.internal.method.select.Variance;
import io.amalgam.kernel.Kernels;
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
import org.jspecify.annotations.Nullable;

/**
 * SCE: selects the elements whose task vectors vary most over the models, calculates a weight for
 * each model from the squares of what is left of its vector, and erases what is against the
 * majority's sign.
 *
 * <p>Of the elements whose {@link Variance} is not 0, the share {@code select_topk} with the
 * largest is kept, ties at the lowest indices first. Weights are {@code w_i = mean(d_i^2)} over the
 * tensor, divided by their sum; all equal where that sum is below 1e-6. The result is {@code base +
 * sum(agreeing w_i d_i) / max(sum of their w_i, 1e-6)}. Per element float32, sums of squares in
 * float64.
 *
 * <p>Wan et al., "FuseChat: Knowledge Fusion of Chat Models", <a
 * href="https://arxiv.org/abs/2408.07990">arXiv 2408.07990</a>.
 */
public final class Sce implements MergeMethod {
    private static final double NEGLIGIBLE = 1e-6;

    /** Far more than a sum in another order differs by. */
    private static final double SURELY_NEGLIGIBLE = 0.999 * NEGLIGIBLE;

    private static final MethodInfo INFO =
            new MethodInfo(
                    "sce",
                    "selects what varies most over the models, weighs models by their changes, erases minority signs",
                    "base + sum(w_i * d_i with the majority sign) / sum(those w_i), w_i = mean(d_i^2), d_i where its variance over the models is largest",
                    MethodInfo.Base.REQUIRED,
                    0,
                    Integer.MAX_VALUE,
                    parameters(),
                    new MethodInfo.Paper(
                            "FuseChat: Knowledge Fusion of Chat Models",
                            "https://arxiv.org/abs/2408.07990"),
                    "two or three passes; a list of 4 MiB a worker");

    private static List<ParameterSpec> parameters() {
        List<ParameterSpec> parameters = new ArrayList<>();
        parameters.add(
                ParameterSpec.number(
                                "select_topk",
                                Scope.SHARED,
                                1,
                                "share of the elements that differ between models which is kept")
                        .within(0, 1, "1 keeps every element, 0.1 a tenth of them"));
        parameters.add(SignVote.METHOD);
        parameters.addAll(LayerScale.parameters());
        parameters.add(ParameterSpec.flag("int8_mask", false, "accepted; changes nothing"));
        return parameters;
    }

    @Override
    public MethodInfo info() {
        return INFO;
    }

    @Override
    public TensorStep bind(TensorCall call) {
        List<Integer> others = call.models();
        double share = call.number("select_topk");
        boolean frequency = SignVote.frequency(call);
        if (others.isEmpty() || share <= 0) {
            return new TensorStep.Copy(call.base());
        }
        Variance variance = new Variance(call.base(), others);
        Selection all = new Selection(variance, null, frequency, (float) LayerScale.factor(call));
        return share >= 1
                ? new Squares(all, call.elements())
                : select(all, call.elements(), (float) share);
    }

    /**
     * What is merged and how.
     *
     * @param cut of the variances; null where every element is selected
     * @param scale factor of what is added to the base
     */
    private record Selection(
            Variance variance, @Nullable MagnitudeCut cut, boolean frequency, float scale) {
        Selection with(MagnitudeCut found) {
            return new Selection(variance, found, frequency, scale);
        }

        int models() {
            return variance.others().size();
        }

        /** The task vectors, 0 where not selected. */
        float[][] deltas(Block in) {
            int n = in.length();
            float[] origin = in.input(variance.base());
            float[] variances = in.scratch(0);
            if (cut != null) {
                variance.values(in, variances);
            }
            // After the variances, which take the same scratch.
            float[][] deltas = in.scratchGroup(models());
            for (int m = 0; m < deltas.length; m++) {
                float[] x = in.input(variance.others().get(m));
                if (cut == null) {
                    in.kernels().subtract(x, origin, deltas[m], n);
                } else {
                    select(in, x, origin, variances, cut, deltas[m]);
                }
            }
            return deltas;
        }

        private static void select(
                Block in,
                float[] x,
                float[] origin,
                float[] variances,
                MagnitudeCut cut,
                float[] delta) {
            int n = in.length();
            int plain = cut.cut(in);
            int above = plain >= 0 ? plain : cut.bits() + 1;
            in.kernels().selectedDelta(x, origin, variances, above, delta, n);
            long equals = plain >= 0 ? 0 : cut.equalsBefore() - in.offset();
            for (int i = 0; i < equals; i++) {
                if (Float.floatToRawIntBits(variances[i]) == cut.bits()) {
                    delta[i] = x[i] - origin[i];
                }
            }
        }
    }

    /**
     * Searches for the boundary of what is selected. Squares are summed beside in any order, for an
     * upper bound that decides about nothing but a pass.
     */
    private static TensorStep select(Selection all, long elements, float share) {
        Variance variance = all.variance();
        MagnitudeCut[] found = new MagnitudeCut[1];
        TopMagnitudes search = new TopMagnitudes(elements);
        search.addShareOfNonzero(variance, share, cut -> found[0] = cut);
        return search.then(
                (in, lanes) -> squares(variance, in, lanes),
                squares -> {
                    if (found[0] == null || found[0].keepsNothing()) {
                        return new TensorStep.Copy(variance.base());
                    }
                    Selection selected = all.with(found[0]);
                    boolean equal = Kernels.total(squares) / elements < SURELY_NEGLIGIBLE;
                    return equal
                            ? new Erase(selected, equalWeights(selected.models()))
                            : new Squares(selected, elements);
                });
    }

    private static void squares(Variance variance, Block in, double[] lanes) {
        float[] origin = in.input(variance.base());
        for (int input : variance.others()) {
            in.kernels().addSquares(in.input(input), origin, lanes, in.length());
        }
    }

    private static float[] equalWeights(int models) {
        float[] weights = new float[models];
        Arrays.fill(weights, 1f / models);
        return weights;
    }

    /** Sums the squares of what is selected of each task vector. */
    private record Squares(Selection selection, long elements)
            implements TensorStep.Reduce<double[][]> {
        @Override
        public double[][] newState() {
            return new double[selection.models()][Kernels.LANES];
        }

        @Override
        public long bytesKept(long units) {
            return LaneSums.bytes(selection.models(), units);
        }

        @Override
        public void fold(double[][] state, Block in) {
            float[][] deltas = selection.deltas(in);
            for (int m = 0; m < deltas.length; m++) {
                in.kernels().dot(deltas[m], deltas[m], state[m], in.length());
            }
        }

        @Override
        public double[][] merge(double[][] earlier, double[][] later) {
            return LaneSums.add(earlier, later);
        }

        @Override
        public TensorStep next(double[][] total) {
            double[] means = new double[total.length];
            double sum = 0;
            for (int m = 0; m < means.length; m++) {
                means[m] = Kernels.total(total[m]) / elements;
                sum += means[m];
            }
            float[] weights = new float[means.length];
            for (int m = 0; m < weights.length; m++) {
                weights[m] = sum < NEGLIGIBLE ? 1f / weights.length : (float) (means[m] / sum);
            }
            return new Erase(selection, weights);
        }
    }

    /** Adds what agrees with the majority. */
    private record Erase(Selection selection, float[] weights) implements TensorStep.Combine {
        @Override
        public void combine(Block in, float[] out) {
            int n = in.length();
            float[] origin = in.input(selection.variance().base());
            float[][] deltas = selection.deltas(in);
            float[] election = in.scratch(0);
            float[] agreed = in.scratch(1);
            float[] divisor = in.scratch(2);
            Arrays.fill(election, 0, n, 0f);
            for (float[] delta : deltas) {
                VotedSum.addVotes(in, delta, selection.frequency(), election);
            }
            in.kernels()
                    .agreeing(
                            election, deltas, weights, weights, weights.length, agreed, divisor, n);
            float least = (float) NEGLIGIBLE;
            float scale = selection.scale();
            for (int i = 0; i < n; i++) {
                out[i] = origin[i] + scale * (agreed[i] / Math.max(divisor[i], least));
            }
        }
    }
}
