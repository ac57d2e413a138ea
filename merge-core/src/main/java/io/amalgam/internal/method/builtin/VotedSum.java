package io.amalgam.internal.method.builtin;

import io.amalgam.internal.method.common.WeightSums;
import io.amalgam.internal.method.select.DeltaMask;
import io.amalgam.method.Block;
import io.amalgam.method.TensorStep;
import java.util.Arrays;
import java.util.List;

/**
 * {@link TiesCombine} with another {@link SignVote}: the sign is elected by numbers of models, or
 * before weights are applied. Also with weights of both signs, whose sums may be 0 but for
 * rounding.
 *
 * @param others the inputs that have task vectors; masks, factors and weights in their order
 */
record VotedSum(
        int base,
        List<Integer> others,
        DeltaMask[] masks,
        float[] factors,
        float[] weights,
        boolean normalize,
        float lambda,
        SignVote vote)
        implements TensorStep.Combine {
    @Override
    public void combine(Block in, float[] out) {
        int n = in.length();
        float[] origin = in.input(base);
        float[][] kept = in.scratchGroup(masks.length);
        float[] election = in.scratch(0);
        Arrays.fill(election, 0, n, 0f);
        for (int m = 0; m < masks.length; m++) {
            float weight = vote.unweighted() ? 1 : weights[m];
            masks[m].weighted(in, in.input(others.get(m)), origin, factors[m], weight, kept[m]);
            addVotes(in, kept[m], vote.frequency(), election);
        }
        float[] ones = new float[weights.length];
        Arrays.fill(ones, 1);
        float[] agreed = in.scratch(1);
        float[] divisor = in.scratch(2);
        in.kernels()
                .agreeing(
                        election,
                        kept,
                        vote.unweighted() ? weights : ones,
                        vote.unweighted() ? ones : weights,
                        weights.length,
                        agreed,
                        divisor,
                        n);
        float nothing = vote.unweighted() ? 0 : WeightSums.rounding(weights);
        for (int i = 0; i < n; i++) {
            boolean divided = normalize && Math.abs(divisor[i]) > nothing;
            float sum = divided ? agreed[i] / divisor[i] : agreed[i];
            out[i] = origin[i] + lambda * sum;
        }
    }

    /** Adds a model's vector to the sums whose signs win, or only the signs of its elements. */
    static void addVotes(Block in, float[] x, boolean frequency, float[] election) {
        if (!frequency) {
            in.kernels().add(election, x, election, in.length());
            return;
        }
        for (int i = 0; i < in.length(); i++) {
            election[i] += Math.signum(x[i]);
        }
    }

    @Override
    public long rowLength() {
        return DeltaMask.rowLength(masks);
    }

    @Override
    public int scratchBytes(int inputs) {
        return DeltaMask.scratchBytes(masks, masks.length + 3);
    }
}
