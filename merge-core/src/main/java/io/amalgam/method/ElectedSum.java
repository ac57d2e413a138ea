package io.amalgam.method;

import java.util.Arrays;
import java.util.List;

/**
 * {@link SignConsensus} with another {@link SignVote}: the sign is elected by numbers of models, or
 * before weights are applied.
 *
 * @param others the inputs that have task vectors; masks, factors and weights in their order
 */
record ElectedSum(
        int base,
        List<Integer> others,
        DeltaMask[] masks,
        float[] factors,
        float[] weights,
        boolean normalize,
        float lambda,
        SignVote vote)
        implements Stage.Combine {
    @Override
    public void combine(Block in, float[] out) {
        int n = in.length();
        float[] origin = in.input(base);
        float[][] kept = in.scratchGroup(masks.length);
        float[] election = zeros(in, 0);
        for (int m = 0; m < masks.length; m++) {
            float weight = vote.unweighted() ? 1 : weights[m];
            masks[m].weighted(in, in.input(others.get(m)), origin, factors[m], weight, kept[m]);
            addVotes(in, kept[m], vote.frequency(), election);
        }
        float[] agreed = zeros(in, 1);
        float[] divisor = zeros(in, 2);
        for (int m = 0; m < masks.length; m++) {
            float weight = vote.unweighted() ? weights[m] : 1;
            float share = vote.unweighted() ? 1 : weights[m];
            addAgreeing(kept[m], election, weight, share, agreed, divisor, n);
        }
        for (int i = 0; i < n; i++) {
            float sum = normalize && divisor[i] != 0 ? agreed[i] / divisor[i] : agreed[i];
            out[i] = origin[i] + lambda * sum;
        }
    }

    private static float[] zeros(Block in, int index) {
        float[] zeros = in.scratch(index);
        Arrays.fill(zeros, 0, in.length(), 0f);
        return zeros;
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

    /** Adds what is not zero and has the sign of the election, in which 0 counts as positive. */
    static void addAgreeing(
            float[] x,
            float[] election,
            float weight,
            float share,
            float[] agreed,
            float[] divisor,
            int n) {
        for (int i = 0; i < n; i++) {
            boolean agrees = election[i] >= 0 ? x[i] > 0 : x[i] < 0;
            agreed[i] += agrees ? weight * x[i] : 0;
            divisor[i] += agrees ? share : 0;
        }
    }

    @Override
    public long rowLength() {
        return DeltaMask.rowLength(masks);
    }
}
