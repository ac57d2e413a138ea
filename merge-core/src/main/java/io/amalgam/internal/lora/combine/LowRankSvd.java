package io.amalgam.internal.lora.combine;

import io.amalgam.internal.linalg.Matrix;
import io.amalgam.internal.linalg.Svd;
import io.amalgam.internal.linalg.ThinQr;
import java.util.ArrayList;
import java.util.List;

/**
 * The singular values of a sum of low-rank products, without the product: thin QR of both stacked
 * factors and an SVD of the {@code R x R} core, {@code R} the sum of the ranks. {@code O((m + n)
 * R^2)}, exact to float64's rounding.
 */
public final class LowRankSvd {
    private LowRankSvd() {}

    /**
     * Of {@code left right}.
     *
     * @param left {@code m x R}
     * @param right {@code R x n}
     */
    public static Svd of(Matrix left, Matrix right) {
        ThinQr rows = ThinQr.of(left);
        ThinQr cols = ThinQr.of(right.transpose());
        Svd core = Svd.of(rows.r().times(cols.r().transpose()));
        return new Svd(rows.q().times(core.u()), core.s(), cols.q().times(core.v()));
    }

    /** Of the weighted sum of all parts; equal parts are one, with the sum of their weights. */
    static Svd ofSum(List<ModuleFactors> parts) {
        List<ModuleFactors> different = merged(parts, false);
        return of(
                Matrix.beside(different.stream().map(p -> p.matrixB().scaled(p.factor())).toList()),
                Matrix.above(different.stream().map(ModuleFactors::matrixA).toList()));
    }

    /**
     * Gives the first of equal parts the sum of their weights.
     *
     * @param kept whether the others stay, with weight 0, or are left out
     */
    static List<ModuleFactors> merged(List<ModuleFactors> parts, boolean kept) {
        List<ModuleFactors> all = new ArrayList<>();
        for (ModuleFactors part : parts) {
            int same = 0;
            while (same < all.size() && !all.get(same).sameFactors(part)) {
                same++;
            }
            if (same == all.size()) {
                all.add(part);
                continue;
            }
            ModuleFactors first = all.get(same);
            all.set(same, first.withWeight(first.weight() + part.weight()));
            if (kept) {
                all.add(part.withWeight(0));
            }
        }
        return all;
    }
}
