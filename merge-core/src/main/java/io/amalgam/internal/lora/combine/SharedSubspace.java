package io.amalgam.internal.lora.combine;

import io.amalgam.internal.linalg.Matrix;
import io.amalgam.internal.linalg.Svd;
import io.amalgam.internal.linalg.ThinQr;
import io.amalgam.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Merging of adapters where their changes are small: over bases that all of them share. Any merge
 * method works there as it does on the changes in full; a weighted sum loses nothing.
 */
final class SharedSubspace {
    private SharedSubspace() {}

    /**
     * Core Space: each change is {@code U M_t V^T}, with U and V the principal axes of all factors
     * B and of all A; the {@code R x R} matrices M_t are merged.
     *
     * <p>Panariello et al. 2025, "Accurate and Efficient Low-Rank Model Merging in Core Space", <a
     * href="https://arxiv.org/abs/2509.17786">arXiv 2509.17786</a>.
     */
    static Svd core(String name, List<ModuleFactors> parts, DeltaMerge merge) {
        Matrix u =
                axes(
                        Matrix.beside(
                                parts.stream().map(p -> p.matrixB().scaled(p.scale())).toList()));
        Matrix v = axes(Matrix.beside(parts.stream().map(p -> p.matrixA().transpose()).toList()));
        Matrix uT = u.transpose();
        List<float[]> cores = new ArrayList<>();
        for (ModuleFactors part : parts) {
            Matrix left = uT.times(part.matrixB()).scaled(part.scale());
            cores.add(left.times(part.matrixA().times(v)).floats());
        }
        float[] merged = merge.merge(name, Shape.of(u.cols(), v.cols()), cores, weights(parts));
        Svd svd = Svd.of(Matrix.of(u.cols(), v.cols(), merged));
        return new Svd(u.times(svd.u()), svd.s(), v.times(svd.v()));
    }

    /** Orthonormal columns that span the same, those with most in them first. */
    private static Matrix axes(Matrix stacked) {
        ThinQr qr = ThinQr.of(stacked);
        return qr.q().times(Svd.of(qr.r()).u());
    }

    private static double[] weights(List<ModuleFactors> parts) {
        double[] weights = new double[parts.size()];
        Arrays.setAll(weights, t -> parts.get(t).weight());
        return weights;
    }
}
