package io.amalgam.internal.forward;

import io.amalgam.checkpoint.Preparation;
import io.amalgam.checkpoint.TensorSource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;

/**
 * Gradients of linear layers and of vectors, for several sequences. What a sequence adds depends on
 * it alone; sums over sequences are in their order, in float64.
 *
 * @param ends where each sequence's rows end
 */
record LinearGradients(Preparation.Context context, List<Integer> ends, SumSink sink) {
    static final int TILE = 256;

    /** Rows of one sequence that are worked on together. */
    record Tile(int row, int n) {}

    List<Tile> tiles() {
        List<Tile> tiles = new ArrayList<>();
        int start = 0;
        for (int end : ends) {
            for (int row = start; row < end; row += TILE) {
                tiles.add(new Tile(row, Math.min(TILE, end - row)));
            }
            start = end;
        }
        return tiles;
    }

    int rows() {
        return ends.get(ends.size() - 1);
    }

    static FloatPointer copy(float[] x) {
        FloatPointer copy = new FloatPointer((long) x.length);
        copy.put(x);
        return copy;
    }

    /**
     * The gradient with respect to a layer's inputs: {@code dy W}, added to what is there.
     *
     * @param dy [rows, out]
     * @param dx [rows, in]
     */
    void inputs(TensorSource weight, float[] dy, float[] dx) throws IOException {
        int out = (int) weight.info().shape().dim(0);
        int in = (int) weight.info().shape().dim(1);
        List<Tile> tiles = tiles();
        int panel = BlasArithmetic.panelRows(in);
        try (FloatPointer gradients = copy(dy);
                FloatPointer sums = copy(dx);
                FloatPointer weights = new FloatPointer((long) panel * in)) {
            for (int from = 0; from < out; from += panel) {
                int first = from;
                int n = Math.min(panel, out - from);
                load(weight, first, n, weights);
                context.forRanges(
                        tiles.size(),
                        1,
                        (begin, end, own) -> {
                            for (Tile tile : tiles.subList(begin, end)) {
                                context.checkCancelled();
                                Gemm.addPlain(
                                        gradients.getPointer((long) tile.row() * out + first),
                                        weights,
                                        sums.getPointer((long) tile.row() * in),
                                        tile.n(),
                                        in,
                                        n,
                                        out);
                            }
                        });
            }
            sums.get(dx);
        }
    }

    /** Reads rows of a matrix, by all workers. */
    void load(TensorSource weight, int first, int n, FloatPointer to) throws IOException {
        int in = (int) weight.info().shape().dim(1);
        context.forRanges(
                n,
                64,
                (from, end, own) -> {
                    float[] rows = new float[(end - from) * in];
                    long at = (long) (first + from) * in;
                    Weights.read(weight, at, rows, rows.length, Rounding.NONE, own);
                    to.getPointer((long) from * in).put(rows);
                });
    }

    /**
     * Squares of the gradient of a weight.
     *
     * @param dy [rows, out]
     * @param x [rows, in]
     */
    void weight(String name, float[] dy, int out, float[] x, int in) throws IOException {
        try (FloatPointer gradients = copy(dy);
                FloatPointer inputs = copy(x)) {
            context.forRanges(
                    out,
                    BlasArithmetic.panelRows(in),
                    (from, to, own) -> {
                        Squares squares = new Squares((to - from) * in);
                        try (FloatPointer result = new FloatPointer((long) (to - from) * in)) {
                            int start = 0;
                            for (int end : ends) {
                                context.checkCancelled();
                                Gemm.addProducts(
                                        gradients.getPointer((long) start * out + from),
                                        inputs.getPointer((long) start * in),
                                        result,
                                        to - from,
                                        in,
                                        end - start,
                                        out,
                                        0);
                                result.get(squares.gradient);
                                squares.add();
                                start = end;
                            }
                        }
                        sink.add(name, (long) from * in, squares.sums);
                    });
        }
    }

    /**
     * Squares of the gradient of a vector that each row, or each head of a row, adds to.
     *
     * @param parts [rows, any number of times the width]
     */
    void vector(String name, float[] parts, int width) throws IOException {
        int perRow = parts.length / rows();
        double[] sums = new double[width];
        int start = 0;
        for (int end : ends) {
            double[] sum = new double[width];
            for (int at = start * perRow; at < end * perRow; at += width) {
                for (int i = 0; i < width; i++) {
                    sum[i] += parts[at + i];
                }
            }
            for (int i = 0; i < width; i++) {
                sums[i] += sum[i] * sum[i];
            }
            start = end;
        }
        sink.add(name, 0, sums);
    }

    /** Squares of one sequence's gradient after the other, summed. */
    static final class Squares {
        final float[] gradient;
        final double[] sums;

        Squares(int elements) {
            this.gradient = new float[elements];
            this.sums = new double[elements];
        }

        void add() {
            for (int i = 0; i < sums.length; i++) {
                sums[i] += (double) gradient[i] * gradient[i];
            }
        }
    }
}
