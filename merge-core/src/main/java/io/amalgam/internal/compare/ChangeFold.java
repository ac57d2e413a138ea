package io.amalgam.internal.compare;

import io.amalgam.internal.engine.TensorScan;
import io.amalgam.kernel.Kernels;
import io.amalgam.method.Block;

/**
 * Compares models with a reference, the first input, block by block. Elements that are not finite
 * in one of the inputs are counted and are in no sum.
 */
final class ChangeFold implements TensorScan.Fold<ChangeSums> {
    private static final int ABS = 0x7FFFFFFF;
    private static final int INFINITE = 0x7F800000;

    private final int models;

    ChangeFold(int models) {
        this.models = models;
    }

    @Override
    public ChangeSums newState() {
        return new ChangeSums(models);
    }

    @Override
    public ChangeSums merge(ChangeSums earlier, ChangeSums later) {
        return earlier.plus(later);
    }

    /** A worker's arrays. */
    private static final class Scratch {
        final float[][] clean;
        final float[][] deltas;
        final float[][] pair = new float[2][];
        final double[][][] sums;
        final long[] found;

        Scratch(int models, int capacity) {
            clean = new float[models + 1][];
            deltas = new float[models][capacity];
            sums = new double[models][4][Kernels.LANES];
            found = new long[models];
        }

        void makeClean(int capacity) {
            for (int i = 0; i < clean.length && clean[i] == null; i++) {
                clean[i] = new float[capacity];
            }
        }
    }

    @Override
    public void fold(ChangeSums sums, Block in) {
        Scratch scratch = in.tool(Scratch.class, () -> new Scratch(models, in.capacity()));
        int n = in.length();
        sums.elements += n;
        float[][] inputs = in.inputs();
        if (change(sums, inputs, in, scratch) >= INFINITE) {
            inputs = clean(sums, in, scratch);
            change(sums, inputs, in, scratch);
        }
        Kernels kernels = in.kernels();
        int pair = 0;
        for (int m = 0; m < models; m++) {
            copy(scratch.sums[m], sums.products[m]);
            if (models <= 2) {
                System.arraycopy(scratch.sums[m][3], 0, sums.deltas[pair], 0, Kernels.LANES);
            }
            largest(sums, m, (int) scratch.found[m], scratch.deltas[m], in);
            sums.changed[m] += scratch.found[m] >>> 32;
            pair += models - m;
        }
        if (models == 2) {
            kernels.dot(scratch.deltas[0], scratch.deltas[1], sums.deltas[1], n);
        } else if (models > 2) {
            // The squares once more, but each element is converted once.
            kernels.gram(scratch.deltas, models, sums.deltas, n);
        }
        if (models > 1) {
            conflicts(sums, in, scratch);
        }
    }

    /** Sums with a block's, beside those without it; returns the largest magnitude of a change. */
    private int change(ChangeSums sums, float[][] inputs, Block in, Scratch scratch) {
        int most = 0;
        int pair = 0;
        for (int m = 0; m < models; m++) {
            double[][] with = scratch.sums[m];
            copy(sums.products[m], with);
            System.arraycopy(sums.deltas[pair], 0, with[3], 0, Kernels.LANES);
            float[] deltas = scratch.deltas[m];
            scratch.found[m] =
                    in.kernels().change(inputs[m + 1], inputs[0], with, deltas, in.length());
            most = Math.max(most, (int) scratch.found[m]);
            pair += models - m;
        }
        return most;
    }

    private static void copy(double[][] from, double[][] to) {
        for (int i = 0; i < 3; i++) {
            System.arraycopy(from[i], 0, to[i], 0, Kernels.LANES);
        }
    }

    private static void largest(ChangeSums sums, int model, int largest, float[] deltas, Block in) {
        if (largest > sums.largest[model]) {
            sums.largest[model] = largest;
            int at = 0;
            while ((Float.floatToRawIntBits(deltas[at]) & ABS) != largest) {
                at++;
            }
            sums.largestAt[model] = in.offset() + at;
        }
    }

    private void conflicts(ChangeSums sums, Block in, Scratch scratch) {
        Kernels kernels = in.kernels();
        float[][] two = scratch.pair;
        int pair = 0;
        for (int a = 0; a < models; a++) {
            for (int b = a + 1; b < models; b++) {
                two[0] = scratch.deltas[a];
                two[1] = scratch.deltas[b];
                sums.pairConflicts[pair++] += kernels.countOpposite(two, 2, in.length());
            }
        }
        sums.conflicts =
                models == 2
                        ? sums.pairConflicts[0]
                        : sums.conflicts
                                + kernels.countOpposite(scratch.deltas, models, in.length());
    }

    /** The inputs with 0 in place of what is not finite in one of them, which is counted here. */
    private float[][] clean(ChangeSums sums, Block in, Scratch scratch) {
        scratch.makeClean(in.capacity());
        float[][] clean = scratch.clean;
        for (int i = 0; i < in.length(); i++) {
            boolean finite = true;
            for (int m = 0; m <= models; m++) {
                clean[m][i] = in.input(m)[i];
                finite &= Float.isFinite(clean[m][i]);
            }
            if (!finite) {
                for (int m = 0; m < models; m++) {
                    float base = in.input(0)[i];
                    float model = in.input(m + 1)[i];
                    sums.changed[m] += Float.compare(base, model) == 0 ? 0 : 1;
                    sums.nonfinite[m] += Float.isFinite(base) && Float.isFinite(model) ? 0 : 1;
                    clean[m + 1][i] = 0;
                }
                clean[0][i] = 0;
            }
        }
        return clean;
    }
}
