package io.amalgam.internal.forward;

import io.amalgam.checkpoint.TensorSource;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/**
 * How well tokens are predicted: the negative logarithm of the probability of each token after the
 * first of its sequence. Logits are held for a panel of the vocabulary at a time; sums of
 * exponentials are merged in the order of the panels, in float64.
 */
public final class NextTokens {
    private final BlasArithmetic arithmetic;
    private final TensorSource head;

    /**
     * @param head [vocabulary, width]
     */
    public NextTokens(BlasArithmetic arithmetic, TensorSource head) {
        this.arithmetic = arithmetic;
        this.head = head;
    }

    /** Memory held for so many tokens, in bytes. */
    public static long bytesHeld(LlamaShape shape, long vocabulary, long tokens) {
        long panels = vocabulary / BlasArithmetic.panelRows(shape.hidden()) + 1;
        return tokens * (2 * panels + 1) * Double.BYTES;
    }

    /**
     * Losses of all tokens but each sequence's first, in order.
     *
     * @param states the stream after the final norm, [tokens, width]
     */
    public double[] losses(float[] states, List<int[]> sequences) throws IOException {
        int[] wanted = wanted(sequences);
        int tokens = wanted.length;
        float[] logits = new float[tokens];
        double[] sums = logSums(states, sequences, wanted, logits);
        double[] losses = new double[tokens - sequences.size()];
        int next = 0;
        for (int t = 0; t < tokens; t++) {
            if (wanted[t] >= 0) {
                losses[next++] = sums[t] - logits[t];
            }
        }
        return losses;
    }

    /** The token that each predicts; -1 for the last of a sequence. */
    static int[] wanted(List<int[]> sequences) {
        int[] wanted = new int[sequences.stream().mapToInt(s -> s.length).sum()];
        Arrays.fill(wanted, -1);
        int at = 0;
        for (int[] sequence : sequences) {
            System.arraycopy(sequence, 1, wanted, at, sequence.length - 1);
            at += sequence.length;
        }
        return wanted;
    }

    /**
     * The logarithm of the sum of exponentials of each token's logits.
     *
     * @param logits get those of the tokens that are wanted
     */
    double[] logSums(float[] states, List<int[]> sequences, int[] wanted, float[] logits)
            throws IOException {
        int tokens = wanted.length;
        int width = (int) head.info().shape().dim(1);
        int panelRows = BlasArithmetic.panelRows(width);
        int panels = (int) ((head.info().shape().dim(0) + panelRows - 1) / panelRows);
        float[][] most = new float[panels][tokens];
        double[][] sums = new double[panels][tokens];
        arithmetic.multiply(
                head,
                states,
                LlamaForward.ends(sequences),
                (y, row, n, from, rows) -> {
                    int panel = from / panelRows;
                    for (int i = 0; i < n; i++) {
                        most[panel][row + i] = largest(y, i * rows, rows);
                        sums[panel][row + i] = sum(y, i * rows, rows, most[panel][row + i]);
                        int target = wanted[row + i] - from;
                        if (target >= 0 && target < rows) {
                            logits[row + i] = y[i * rows + target];
                        }
                    }
                });
        double[] all = new double[tokens];
        for (int t = 0; t < tokens; t++) {
            all[t] = logSum(most, sums, t);
        }
        return all;
    }

    private static float largest(float[] y, int at, int n) {
        float largest = Float.NEGATIVE_INFINITY;
        for (int i = at; i < at + n; i++) {
            largest = Math.max(largest, y[i]);
        }
        return largest;
    }

    private static double sum(float[] y, int at, int n, float most) {
        double sum = 0;
        for (int i = at; i < at + n; i++) {
            sum += FastExp.of(y[i] - most);
        }
        return sum;
    }

    private static double logSum(float[][] most, double[][] sums, int token) {
        double largest = Double.NEGATIVE_INFINITY;
        for (float[] panel : most) {
            largest = Math.max(largest, panel[token]);
        }
        double sum = 0;
        for (int p = 0; p < most.length; p++) {
            sum += sums[p][token] * StrictMath.exp(most[p][token] - largest);
        }
        return largest + StrictMath.log(sum);
    }
}
