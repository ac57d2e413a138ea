package io.amalgam.method;

import java.util.List;

/**
 * {@code base + lambda * sum of the w_m * factor_m * kept_m that have the majority's sign}, divided
 * by their weights on request; the majority's sign is that of the sum over all models.
 *
 * @param others the inputs that have task vectors; masks, factors and weights in their order
 */
record SignConsensus(
        int base,
        List<Integer> others,
        DeltaMask[] masks,
        float[] factors,
        float[] weights,
        boolean normalize,
        float lambda)
        implements Stage.Combine {
    @Override
    public void combine(Block in, float[] out) {
        float[] origin = in.input(base);
        int[] cuts = in.ints(masks.length);
        if (cuts(in, cuts)) {
            in.kernels()
                    .trimmedConsensus(
                            in.inputs(others),
                            cuts,
                            weights,
                            masks.length,
                            origin,
                            normalize,
                            lambda,
                            out,
                            in.length());
            return;
        }
        float[][] weighted = in.scratchGroup(masks.length);
        for (int m = 0; m < masks.length; m++) {
            float[] x = in.input(others.get(m));
            masks[m].weighted(in, x, origin, factors[m], weights[m], weighted[m]);
        }
        in.kernels()
                .consensus(
                        weighted,
                        weights,
                        masks.length,
                        origin,
                        normalize,
                        lambda,
                        out,
                        in.length());
    }

    /** The masks as cuts of magnitudes, where they are nothing else in this block. */
    private boolean cuts(Block in, int[] cuts) {
        for (int m = 0; m < masks.length; m++) {
            cuts[m] = masks[m].cut(in);
            if (cuts[m] < 0 || factors[m] != 1) {
                return false;
            }
        }
        return true;
    }

    @Override
    public long rowLength() {
        return DeltaMask.rowLength(masks);
    }
}
