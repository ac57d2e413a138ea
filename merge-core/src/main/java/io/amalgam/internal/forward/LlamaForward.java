package io.amalgam.internal.forward;

import io.amalgam.checkpoint.Preparation;
import io.amalgam.checkpoint.TensorSource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The forward pass of Llama-kind models, layer by layer: every weight is read once for all
 * sequences of a run; of activations those of one layer are held, and of the feed-forward part
 * those of as many tokens as fit {@link #HELD} elements, unless all are asked for.
 */
public final class LlamaForward {
    /** Elements of the feed-forward part's inner activations that are held at a time. */
    private static final int HELD = 1 << 22;

    private final LlamaShape shape;
    private final LayerParts parts;
    private final Rounding rounding;
    private final Preparation.Context context;
    private final long held;

    /** Memory held for so many tokens, in bytes, where their inner activations are cut to fit. */
    public static long bytesHeld(LlamaShape shape, long tokens, long inner) {
        return bytes(shape, tokens, Math.max(inner, Math.min(tokens * inner, HELD)));
    }

    /** Memory held for so many tokens, in bytes, where each weight is read once. */
    public static long bytesAtOnce(LlamaShape shape, long tokens, long inner) {
        return bytes(shape, tokens, tokens * inner);
    }

    /**
     * Some ten arrays of the width of the residual stream or of attention, and four of the
     * feed-forward part's.
     */
    private static long bytes(LlamaShape shape, long tokens, long innerElements) {
        long wide = Math.max(shape.hidden(), (long) shape.heads() * shape.headDim());
        return Float.BYTES * (10 * tokens * wide + 4 * innerElements);
    }

    /** Hears of each layer's input. */
    @FunctionalInterface
    public interface States {
        /** Hears nothing. */
        States NONE = (layer, states) -> {};

        /**
         * @param states [tokens, width] of all sequences, one after the other
         */
        void enter(int layer, float[] states) throws IOException;
    }

    private LlamaForward(
            LlamaShape shape,
            Map<String, ? extends TensorSource> tensors,
            Arithmetic arithmetic,
            Preparation.Context context,
            long held) {
        this.shape = shape;
        this.parts = new LayerParts(shape, tensors, arithmetic, context);
        this.rounding = arithmetic.rounding();
        this.context = context;
        this.held = held;
    }

    /** A pass that holds little, and reads weights of the feed-forward part as often as it must. */
    public static LlamaForward holdingLittle(
            LlamaShape shape,
            Map<String, ? extends TensorSource> tensors,
            Arithmetic arithmetic,
            Preparation.Context context) {
        return new LlamaForward(shape, tensors, arithmetic, context, HELD);
    }

    /** A pass that reads each weight once. */
    public static LlamaForward readingOnce(
            LlamaShape shape,
            Map<String, ? extends TensorSource> tensors,
            Arithmetic arithmetic,
            Preparation.Context context) {
        return new LlamaForward(shape, tensors, arithmetic, context, Long.MAX_VALUE);
    }

    /**
     * Runs the first layers.
     *
     * @param layers how many of them; the listener hears of the input of one more
     * @return the residual stream after them, [tokens, width]
     */
    public float[] run(List<int[]> sequences, int layers, States listener) throws IOException {
        List<Integer> ends = ends(sequences);
        List<Rotary.Table> tables = tables(sequences);
        float[] x = embed(sequences);
        listener.enter(0, x);
        for (int layer = 0; layer < layers; layer++) {
            LlamaLayer current = new LlamaLayer(parts, layer, ends, held);
            current.attend(x, tables);
            current.feedForward(x);
            listener.enter(layer + 1, x);
        }
        return x;
    }

    /** The final norm, in place. */
    public void finish(float[] x) throws IOException {
        parts.norm(x, shape.hidden(), LlamaModel.NORM);
    }

    /** Where each sequence's rows end. */
    public static List<Integer> ends(List<int[]> sequences) {
        List<Integer> ends = new ArrayList<>();
        int tokens = 0;
        for (int[] sequence : sequences) {
            tokens += sequence.length;
            ends.add(tokens);
        }
        return ends;
    }

    /** A table for each sequence; those of one length share one. */
    List<Rotary.Table> tables(List<int[]> sequences) {
        List<Rotary.Table> tables = new ArrayList<>();
        for (int s = 0; s < sequences.size(); s++) {
            int length = sequences.get(s).length;
            boolean same = s > 0 && sequences.get(s - 1).length == length;
            tables.add(same ? tables.get(s - 1) : shape.rotary().table(length, rounding));
        }
        return tables;
    }

    private float[] embed(List<int[]> sequences) throws IOException {
        TensorSource embedding = parts.tensor(LlamaModel.EMBEDDING);
        int width = shape.hidden();
        float[] x = new float[sequences.stream().mapToInt(s -> s.length).sum() * width];
        float[] row = new float[width];
        int at = 0;
        for (int[] sequence : sequences) {
            for (int token : sequence) {
                Weights.read(
                        embedding, (long) token * width, row, width, rounding, context.workspace());
                System.arraycopy(row, 0, x, at, width);
                at += width;
            }
        }
        return x;
    }
}
