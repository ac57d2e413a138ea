package io.amalgam.internal.method.vector;

import io.amalgam.kernel.Kernels;
import io.amalgam.method.Block;
import io.amalgam.method.TensorStep;
import java.util.Arrays;

/**
 * Linear combinations of rows, each with coefficients from the inner products of the inputs' rows:
 * as {@link DeltaVectors#whole} for each row, in one pass.
 */
record RowCombination(DeltaVectors vectors, long rowLength, DeltaVectors.Coefficients coefficients)
        implements TensorStep.Combine {
    @Override
    public void combine(Block in, float[] out) {
        Kernels kernels = in.kernels();
        int count = vectors.count();
        int n = (int) rowLength;
        float[][] differences = vectors.in(in);
        // A row of each vector; the last one holds what is made of them.
        float[][] rows = in.scratchGroup(count + 1);
        double[][] lanes = Gram.lanes(count);
        double[][] gram = new double[count][count];
        for (int from = 0; from < in.length(); from += n) {
            for (int i = 0; i < count; i++) {
                System.arraycopy(differences[i], from, rows[i], 0, n);
            }
            for (double[] sums : lanes) {
                Arrays.fill(sums, 0);
            }
            kernels.gram(rows, count, lanes, n);
            Gram.finish(lanes, gram);
            float[] weights = DeltaVectors.rounded(coefficients.of(gram));
            kernels.weightedSum(rows, weights, count, 1, rows[count], n);
            System.arraycopy(rows[count], 0, out, from, n);
        }
        if (vectors.origin() >= 0) {
            kernels.add(in.input(vectors.origin()), out, out, in.length());
        }
    }
}
