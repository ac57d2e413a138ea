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
        final int[][] bits;
        final float[][] clean;
        final float[][] deltas;
        final double[][] sums = new double[4][];

        Scratch(int models, int capacity) {
            bits = new int[models][capacity + 1];
            clean = new float[models + 1][];
            deltas = new float[models][capacity];
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
        int most = bits(inputs, in, scratch);
        if (most >= INFINITE) {
            inputs = clean(sums, in, scratch);
            bits(inputs, in, scratch);
        }
        Kernels kernels = in.kernels();
        float[] base = inputs[0];
        int pair = 0;
        for (int m = 0; m < models; m++) {
            float[] model = inputs[m + 1];
            System.arraycopy(sums.products[m], 0, scratch.sums, 0, 3);
            scratch.sums[3] = sums.deltas[pair];
            kernels.change(model, base, scratch.sums, scratch.deltas[m], n);
            largest(sums, m, scratch.bits[m], in);
            sums.changed[m] += n - kernels.countZeros(scratch.deltas[m], n);
            pair += models - m;
        }
        pair = 0;
        for (int m = 0; m < models; m++) {
            pair++;
            for (int other = m + 1; other < models; other++) {
                kernels.dot(scratch.deltas[m], scratch.deltas[other], sums.deltas[pair++], n);
            }
        }
        if (models > 1) {
            conflicts(sums, scratch.bits, n);
        }
    }

    /** The differences as bits; returns the largest magnitude. */
    private int bits(float[][] inputs, Block in, Scratch scratch) {
        int most = 0;
        for (int m = 0; m < models; m++) {
            int largest =
                    in.kernels().deltaBits(inputs[m + 1], inputs[0], scratch.bits[m], in.length());
            scratch.bits[m][in.capacity()] = largest;
            most = Math.max(most, largest);
        }
        return most;
    }

    private static void largest(ChangeSums sums, int model, int[] bits, Block in) {
        int largest = bits[in.capacity()];
        if (largest > sums.largest[model]) {
            sums.largest[model] = largest;
            int at = 0;
            while ((bits[at] & ABS) != largest) {
                at++;
            }
            sums.largestAt[model] = in.offset() + at;
        }
    }

    private void conflicts(ChangeSums sums, int[][] bits, int n) {
        int pair = 0;
        for (int a = 0; a < models; a++) {
            for (int b = a + 1; b < models; b++) {
                sums.pairConflicts[pair++] += opposite(bits[a], bits[b], n);
            }
        }
        if (models == 2) {
            sums.conflicts = sums.pairConflicts[0];
            return;
        }
        // The first becomes what some raised, the second what some lowered.
        int[] up = bits[0];
        int[] down = bits[1];
        for (int i = 0; i < n; i++) {
            int a = up[i];
            int b = down[i];
            up[i] = raised(a) | raised(b);
            down[i] = lowered(a) | lowered(b);
        }
        for (int m = 2; m < models; m++) {
            int[] other = bits[m];
            for (int i = 0; i < n; i++) {
                up[i] |= raised(other[i]);
                down[i] |= lowered(other[i]);
            }
        }
        int count = 0;
        for (int i = 0; i < n; i++) {
            count += up[i] & down[i];
        }
        sums.conflicts += count;
    }

    private static int raised(int bits) {
        return (((bits & ABS) + ABS) >>> 31) & ~(bits >>> 31);
    }

    private static int lowered(int bits) {
        return (((bits & ABS) + ABS) >>> 31) & (bits >>> 31);
    }

    private static int opposite(int[] a, int[] b, int n) {
        int count = 0;
        for (int i = 0; i < n; i++) {
            int both = (((a[i] & ABS) + ABS) & ((b[i] & ABS) + ABS)) >>> 31;
            count += both & ((a[i] ^ b[i]) >>> 31);
        }
        return count;
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
