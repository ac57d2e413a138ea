package io.amalgam.internal.forward;

import io.amalgam.checkpoint.TensorSource;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;
import org.jspecify.annotations.Nullable;

/**
 * Gradients of the log probability of a text at its two ends: the head and the embedding. Logits
 * are computed again for a panel of the vocabulary at a time, so a head that is the embedding too
 * can wait for the gradient of the latter.
 */
final class VocabularyGradients {
    private final LinearGradients gradients;
    private final TensorSource head;
    private final List<int[]> sequences;
    private final float[] states;
    private final int[] wanted;
    private final double[] logSums;

    /**
     * @param states the stream after the final norm, [tokens, width]
     */
    VocabularyGradients(
            LinearGradients gradients,
            NextTokens next,
            TensorSource head,
            List<int[]> sequences,
            float[] states)
            throws IOException {
        this.gradients = gradients;
        this.head = head;
        this.sequences = sequences;
        this.states = states;
        this.wanted = NextTokens.wanted(sequences);
        this.logSums = next.logSums(states, sequences, wanted, new float[wanted.length]);
    }

    private int width() {
        return (int) head.info().shape().dim(1);
    }

    private int vocabulary() {
        return (int) head.info().shape().dim(0);
    }

    /** The gradient with respect to the stream after the final norm. */
    float[] ofStates() throws IOException {
        int width = width();
        int panel = BlasArithmetic.panelRows(width);
        float[] result = new float[states.length];
        List<LinearGradients.Tile> tiles = gradients.tiles();
        try (FloatPointer inputs = LinearGradients.copy(states);
                FloatPointer sums = LinearGradients.copy(result);
                FloatPointer weights = new FloatPointer((long) panel * width)) {
            for (int from = 0; from < vocabulary(); from += panel) {
                int first = from;
                int n = Math.min(panel, vocabulary() - from);
                gradients.load(head, first, n, weights);
                gradients
                        .context()
                        .forRanges(
                                tiles.size(),
                                1,
                                (begin, end, own) -> {
                                    for (LinearGradients.Tile tile : tiles.subList(begin, end)) {
                                        long at = (long) tile.row() * width;
                                        try (FloatPointer logits =
                                                logits(inputs, weights, tile, first, n)) {
                                            Gemm.addPlain(
                                                    logits,
                                                    weights,
                                                    sums.getPointer(at),
                                                    tile.n(),
                                                    width,
                                                    n,
                                                    n);
                                        }
                                    }
                                });
            }
            sums.get(result);
        }
        return result;
    }

    /** The gradients with respect to some logits of a tile's tokens. */
    private FloatPointer logits(
            FloatPointer inputs,
            FloatPointer weights,
            LinearGradients.Tile tile,
            int first,
            int n) {
        gradients.context().checkCancelled();
        float[] y = new float[tile.n() * n];
        FloatPointer logits = new FloatPointer((long) y.length);
        FloatPointer rows = inputs.getPointer((long) tile.row() * width());
        Gemm.transposed(rows, weights, logits, tile.n(), n, width());
        logits.get(y);
        for (int i = 0; i < tile.n(); i++) {
            int token = tile.row() + i;
            for (int j = i * n; j < (i + 1) * n; j++) {
                y[j] = wanted[token] < 0 ? 0 : -FastExp.of((float) (y[j] - logSums[token]));
            }
            int target = wanted[token] - first;
            if (target >= 0 && target < n) {
                y[i * n + target] += 1;
            }
        }
        logits.put(y);
        return logits;
    }

    /**
     * Squares of the gradient of the head, or of the embedding, or of a matrix that is both.
     *
     * @param inputs the gradient with respect to what the embedding puts out, where it is that
     */
    void weight(String name, boolean isHead, float @Nullable [] inputs) throws IOException {
        int width = width();
        try (FloatPointer all = LinearGradients.copy(isHead ? states : new float[0])) {
            gradients
                    .context()
                    .forRanges(
                            vocabulary(),
                            BlasArithmetic.panelRows(width),
                            (from, to, own) -> {
                                LinearGradients.Squares squares =
                                        new LinearGradients.Squares((to - from) * width);
                                try (FloatPointer panel =
                                        isHead
                                                ? new FloatPointer((long) (to - from) * width)
                                                : new FloatPointer()) {
                                    if (isHead) {
                                        Weights.read(
                                                head,
                                                (long) from * width,
                                                squares.gradient,
                                                squares.gradient.length,
                                                Rounding.NONE,
                                                own);
                                        panel.put(squares.gradient);
                                    }
                                    sequences(all, panel, isHead, inputs, from, to, squares);
                                }
                                gradients.sink().add(name, (long) from * width, squares.sums);
                            });
        }
    }

    private void sequences(
            FloatPointer all,
            FloatPointer panel,
            boolean isHead,
            float @Nullable [] inputs,
            int from,
            int to,
            LinearGradients.Squares squares) {
        int start = 0;
        for (int[] sequence : sequences) {
            Arrays.fill(squares.gradient, 0);
            if (isHead) {
                ofHead(all, panel, new LinearGradients.Tile(start, sequence.length), from, squares);
            }
            boolean any = isHead;
            for (int i = 0; inputs != null && i < sequence.length; i++) {
                if (sequence[i] >= from && sequence[i] < to) {
                    add(inputs, start + i, squares.gradient, sequence[i] - from);
                    any = true;
                }
            }
            if (any) {
                squares.add();
            }
            start += sequence.length;
        }
    }

    private void ofHead(
            FloatPointer all,
            FloatPointer panel,
            LinearGradients.Tile sequence,
            int from,
            LinearGradients.Squares squares) {
        int width = width();
        int n = squares.gradient.length / width;
        try (FloatPointer sum = LinearGradients.copy(squares.gradient)) {
            int end = sequence.row() + sequence.n();
            for (int row = sequence.row(); row < end; row += LinearGradients.TILE) {
                LinearGradients.Tile tile =
                        new LinearGradients.Tile(row, Math.min(LinearGradients.TILE, end - row));
                try (FloatPointer logits = logits(all, panel, tile, from, n)) {
                    FloatPointer rows = all.getPointer((long) row * width);
                    Gemm.addProducts(logits, rows, sum, n, width, tile.n(), n, 1);
                }
            }
            sum.get(squares.gradient);
        }
    }

    private void add(float[] inputs, int row, float[] gradient, int to) {
        int width = width();
        for (int i = 0; i < width; i++) {
            gradient[to * width + i] += inputs[row * width + i];
        }
    }
}
