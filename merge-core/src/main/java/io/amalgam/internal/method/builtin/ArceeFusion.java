package io.amalgam.internal.method.builtin;

import io.amalgam.internal.method.select.Ranking;
import io.amalgam.internal.method.select.TopMagnitudes;
import io.amalgam.method.Block;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import java.util.List;

/**
 * Takes from the other model the elements that matter most, and the base's elsewhere. An element's
 * importance is {@code |x - base| * KL}, with KL the divergence of the softmax of the base's row
 * from that of the other's row, both with 1e-8 added; elements at or above {@code median + 1.5 *
 * (third quartile - first quartile)} of the tensor's importances are taken.
 *
 * <p>Softmax and divergence in float64, importance in float32. The quartiles are exact, of all
 * elements; mergekit draws a sample of a million. Rows are along the last axis.
 *
 * <p>Defined by mergekit; Goddard et al. 2024, <a href="https://arxiv.org/abs/2403.13257">arXiv
 * 2403.13257</a>.
 */
public final class ArceeFusion implements MergeMethod {
    private static final MethodInfo INFO =
            new MethodInfo(
                    "arcee_fusion",
                    "takes the other model's most important changes, leaves the base elsewhere",
                    "x where I >= median(I) + 1.5 (Q3(I) - Q1(I)), else base; I = |x - base| KL(softmax(x) || softmax(base))",
                    MethodInfo.Base.REQUIRED,
                    1,
                    1,
                    List.of(),
                    new MethodInfo.Paper(
                            "Arcee's MergeKit: A Toolkit for Merging Large Language Models",
                            "https://arxiv.org/abs/2403.13257"),
                    "three passes; one number a row, one row in float64, and a list of up to 4 MiB a worker");

    @Override
    public MethodInfo info() {
        return INFO;
    }

    @Override
    public TensorStep bind(TensorCall call) {
        int base = call.base();
        int other = call.models().get(0);
        long elements = call.elements();
        long row = call.output().shape().rowLength();
        if (elements == 0 || row == 1) {
            // The softmax of one element is 1 whatever it is: all are of equal importance, 0.
            return new TensorStep.Copy(other);
        }
        return new RowDivergences(
                other,
                base,
                row,
                elements / row,
                found -> fuse(new Importance(other, base, row, found), elements));
    }

    private static TensorStep fuse(Importance importance, long elements) {
        float[] quartiles = new float[3];
        TopMagnitudes search = new TopMagnitudes(elements);
        for (int q = 0; q < 3; q++) {
            int slot = q;
            long below = (long) ((q + 1) * 0.25 * (elements - 1));
            search.addThreshold(importance, elements - below, value -> quartiles[slot] = value);
        }
        return search.then(
                () -> {
                    float spread = quartiles[2] - quartiles[0];
                    return new Fusion(importance, quartiles[1] + 1.5f * spread);
                });
    }

    /**
     * {@code |x - base|} times the divergence of the element's row.
     *
     * @param divergences one for each row
     */
    record Importance(int other, int base, long rowLength, float[] divergences) implements Ranking {
        @Override
        public List<Integer> inputs() {
            return List.of(other, base);
        }

        @Override
        public void values(Block in, float[] dst) {
            float[] x = in.input(other);
            float[] origin = in.input(base);
            eachRow(
                    in,
                    (from, to, divergence) ->
                            in.kernels().distance(x, origin, divergence, dst, from, to));
        }

        /** Visits the rows of a block, whole or in part. */
        void eachRow(Block in, RowVisitor visitor) {
            int row = (int) (in.offset() / rowLength);
            int from = 0;
            while (from < in.length()) {
                int to = (int) Math.min(in.length(), (row + 1) * rowLength - in.offset());
                visitor.visit(from, to, divergences[row]);
                from = to;
                row++;
            }
        }
    }

    private interface RowVisitor {
        void visit(int from, int to, float divergence);
    }

    private record Fusion(Importance importance, float threshold) implements TensorStep.Combine {
        @Override
        public void combine(Block in, float[] out) {
            float[] x = in.input(importance.other());
            float[] origin = in.input(importance.base());
            importance.eachRow(
                    in,
                    (from, to, divergence) ->
                            in.kernels().farther(x, origin, divergence, threshold, out, from, to));
        }
    }
}
