package io.amalgam.internal.lora.taskvector;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import java.io.IOException;

/**
 * The changes of largest magnitude between two tensors, exact, in fixed memory: magnitudes order as
 * their bits do, which are counted by their upper half, and in the half where the cut lies by their
 * lower. Of equal ones the first are kept. Float32 differences; squares are summed in float64 in
 * the order of the tensor.
 */
final class LargestChanges {
    private static final int BLOCK = 1 << 14;
    private static final int LOW_BITS = 15;
    private static final int LOW = (1 << LOW_BITS) - 1;

    private final TensorSource base;
    private final TensorSource tuned;
    private long changed;
    private double squares;
    private long kept;
    private int cut = 1;
    private long equalKept = Long.MAX_VALUE;

    private LargestChanges(TensorSource base, TensorSource tuned) {
        this.base = base;
        this.tuned = tuned;
    }

    /** Gets blocks of changes in order. */
    private interface Blocks {
        void take(long from, float[] change, int n) throws IOException;
    }

    /** Gets what is kept, in order. */
    interface Entries {
        void take(long index, float change) throws IOException;
    }

    /**
     * Reads both tensors, once if all that changed is kept, else twice.
     *
     * @param share of all elements, rounded up
     */
    static LargestChanges of(TensorSource base, TensorSource tuned, double share)
            throws IOException {
        LargestChanges largest = new LargestChanges(base, tuned);
        largest.select(share);
        return largest;
    }

    TensorSource base() {
        return base;
    }

    /** Elements that differ. */
    long changed() {
        return changed;
    }

    long kept() {
        return kept;
    }

    /** The sum of all changes' squares. */
    double squares() {
        return squares;
    }

    private void select(double share) throws IOException {
        long[] high = new long[1 << (31 - LOW_BITS)];
        each(
                (from, change, n) -> {
                    for (int i = 0; i < n; i++) {
                        int bits = bits(change[i]);
                        high[bits >>> LOW_BITS]++;
                        changed += bits == 0 ? 0 : 1;
                        squares += (double) change[i] * change[i];
                    }
                });
        kept = Math.min(changed, (long) Math.ceil(share * base.info().elements()));
        if (kept == changed) {
            return;
        }
        int bin = high.length - 1;
        long above = 0;
        while (above + high[bin] < kept) {
            above += high[bin--];
        }
        int top = bin;
        long[] low = new long[LOW + 1];
        each(
                (from, change, n) -> {
                    for (int i = 0; i < n; i++) {
                        int bits = bits(change[i]);
                        if (bits >>> LOW_BITS == top) {
                            low[bits & LOW]++;
                        }
                    }
                });
        int last = LOW;
        while (above + low[last] < kept) {
            above += low[last--];
        }
        cut = top << LOW_BITS | last;
        equalKept = kept - above;
    }

    /** Reads both tensors once more. */
    void each(Entries entries) throws IOException {
        long[] equal = {equalKept};
        each(
                (from, change, n) -> {
                    for (int i = 0; i < n; i++) {
                        int bits = bits(change[i]);
                        if (bits > cut || (bits == cut && equal[0]-- > 0)) {
                            entries.take(from + i, change[i]);
                        }
                    }
                });
    }

    private static int bits(float change) {
        return Float.floatToRawIntBits(change) & Integer.MAX_VALUE;
    }

    private void each(Blocks blocks) throws IOException {
        Workspace workspace = new Workspace(ScalarKernels.INSTANCE, BLOCK);
        float[] change = new float[BLOCK];
        float[] origin = new float[BLOCK];
        long elements = base.info().elements();
        for (long from = 0; from < elements; from += BLOCK) {
            int n = (int) Math.min(BLOCK, elements - from);
            tuned.read(from, n, change, 0, workspace);
            base.read(from, n, origin, 0, workspace);
            for (int i = 0; i < n; i++) {
                change[i] -= origin[i];
                if (!Float.isFinite(change[i])) {
                    throw new BadInputException(
                            Problem.expected(
                                    "change of tensor '" + base.info().name() + "'",
                                    "finite numbers",
                                    change[i] + " at element " + (from + i)));
                }
            }
            blocks.take(from, change, n);
        }
    }
}
