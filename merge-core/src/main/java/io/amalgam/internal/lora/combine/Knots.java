package io.amalgam.internal.lora.combine;

import io.amalgam.internal.linalg.Matrix;
import io.amalgam.internal.linalg.Svd;
import io.amalgam.internal.linalg.ThinQr;
import io.amalgam.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * KnOTS: the changes of a module side by side are {@code U S [V_1^T .. V_T^T]}; the {@code S V_t^T}
 * are merged, {@code R x in} each. The changes are never formed: U and S come from the factors' QR.
 *
 * <p>Stoica et al. 2024, "Model merging with SVD to tie the Knots", <a
 * href="https://arxiv.org/abs/2410.19735">arXiv 2410.19735</a>. As in the authors' program, all
 * modules are merged as one vector: a density is a share of the whole adapter. Core Space's program
 * merges the {@code V_t^T} of each module on its own and multiplies by S afterwards.
 *
 * @param outer what the merged rows are multiplied by, {@code out x R}
 * @param shared R
 * @param tied for each part {@code R x in} elements, row-major
 */
record Knots(
        String module, List<ModuleFactors> parts, Matrix outer, int shared, List<float[]> tied) {
    /** Directions with less of the largest singular value than this are rounding. */
    private static final double NOTHING = 1e-6;

    /**
     * @param scaled whether the singular values are multiplied in before the merge
     */
    static Knots of(String module, List<ModuleFactors> parts, boolean scaled) {
        ThinQr left = ThinQr.of(Matrix.beside(parts.stream().map(ModuleFactors::matrixB).toList()));
        List<ThinQr> rights = new ArrayList<>();
        List<Matrix> blocks = new ArrayList<>();
        int from = 0;
        for (ModuleFactors part : parts) {
            ThinQr right = ThinQr.of(part.matrixA().transpose());
            rights.add(right);
            Matrix rows = left.r().columns(from, from + part.rank()).scaled(part.scale());
            blocks.add(rows.times(right.r().transpose()));
            from += part.rank();
        }
        Svd svd = Svd.of(Matrix.beside(blocks));
        int rank = 0;
        while (rank < svd.s().length && svd.s()[rank] > NOTHING * svd.s()[0]) {
            rank++;
        }
        Svd kept = svd.truncated(Math.max(rank, 1));
        List<float[]> tied = new ArrayList<>();
        int at = 0;
        for (ThinQr right : rights) {
            int width = right.q().cols();
            Matrix own = kept.v().rows(at, at + width).transpose();
            Matrix rows = scaled ? own.scaledRows(kept.s()) : own;
            tied.add(rows.times(right.q().transpose()).floats());
            at += width;
        }
        Matrix u = left.q().times(kept.u());
        Matrix outer = scaled ? u : u.scaledColumns(kept.s());
        return new Knots(module, parts, outer, kept.s().length, tied);
    }

    /** Elements of each part. */
    int elements() {
        return Math.multiplyExact(shared, parts.get(0).in());
    }

    /** The change of which the merged rows are a part. */
    Svd change(float[] merged) {
        return LowRankSvd.of(outer, Matrix.of(shared, parts.get(0).in(), merged));
    }

    /** Merges this module alone. */
    Svd merged(DeltaMerge merge) {
        double[] weights = new double[parts.size()];
        Arrays.setAll(weights, t -> parts.get(t).weight());
        return change(merge.merge(module, Shape.of(shared, parts.get(0).in()), tied, weights));
    }

    /**
     * Merges all modules as one vector.
     *
     * @param weights of all adapters; one without a module counts as zeros there
     * @return the merged rows of each module
     */
    static List<float[]> together(List<Knots> modules, double[] weights, DeltaMerge merge) {
        int all = 0;
        for (Knots module : modules) {
            all = Math.addExact(all, module.elements());
        }
        List<float[]> vectors = new ArrayList<>();
        for (int t = 0; t < weights.length; t++) {
            vectors.add(new float[all]);
        }
        int at = 0;
        for (Knots module : modules) {
            for (int p = 0; p < module.parts.size(); p++) {
                float[] own = module.tied.get(p);
                System.arraycopy(
                        own, 0, vectors.get(module.parts.get(p).adapter()), at, own.length);
            }
            at += module.elements();
        }
        float[] merged = merge.merge("all modules", Shape.of(1, all), vectors, weights);
        List<float[]> pieces = new ArrayList<>();
        at = 0;
        for (Knots module : modules) {
            pieces.add(Arrays.copyOfRange(merged, at, at + module.elements()));
            at += module.elements();
        }
        return pieces;
    }
}
