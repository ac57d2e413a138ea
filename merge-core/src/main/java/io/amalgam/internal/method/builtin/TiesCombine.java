package io.amalgam.internal.method.builtin;

import io.amalgam.internal.method.select.DeltaMask;
import io.amalgam.method.Block;
import io.amalgam.method.TensorStep;
import java.util.List;

/**
 * {@code base + lambda * sum of the w_m * factor_m * kept_m that have the majority's sign}, divided
 * by their weights on request; the majority's sign is that of the sum over all models.
 *
 * @param others the inputs that have task vectors; masks, factors and weights in their order
 */
record TiesCombine(
        int base,
        List<Integer> others,
        DeltaMask[] masks,
        float[] factors,
        float[] weights,
        boolean normalize,
        float lambda)
        implements TensorStep.Combine {
    @Override
    public void combine(Block in, float[] out) {
        float[] origin = in.input(base);
        if (trims(in.offset())) {
            trimmed(in, origin, out);
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

    /** Whether all masks are cuts of magnitudes, and nothing else changes what they keep. */
    private boolean trims(long element) {
        for (int m = 0; m < masks.length; m++) {
            if (masks[m].cutFrom(element) < 0 || factors[m] != 1) {
                return false;
            }
        }
        return true;
    }

    /**
     * In one pass where the cuts hold for the whole block. Where the last of equal magnitudes that
     * is kept lies within it, a block or two a tensor, once for each stretch of it.
     */
    private void trimmed(Block in, float[] origin, float[] out) {
        int n = in.length();
        int[] cuts = in.ints(masks.length);
        int from = 0;
        while (from < n) {
            long end = in.offset() + n;
            for (int m = 0; m < masks.length; m++) {
                cuts[m] = masks[m].cutFrom(in.offset() + from);
                end = Math.min(end, masks[m].cutEnd(in.offset() + from));
            }
            int to = (int) (end - in.offset());
            float[] merged = from == 0 && to == n ? out : in.scratch(0);
            in.kernels()
                    .trimmedConsensus(
                            in.inputs(others),
                            cuts,
                            weights,
                            masks.length,
                            origin,
                            normalize,
                            lambda,
                            merged,
                            n);
            if (merged != out) {
                System.arraycopy(merged, from, out, from, to - from);
            }
            from = to;
        }
    }

    @Override
    public long rowLength() {
        return DeltaMask.rowLength(masks);
    }

    @Override
    public int scratchBytes(int inputs) {
        return DeltaMask.scratchBytes(masks, masks.length);
    }
}
