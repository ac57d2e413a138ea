package io.amalgam.internal.forward;

import io.amalgam.checkpoint.Preparation;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The diagonal Fisher of a model on texts: for each parameter the square of the derivative of a
 * text's log probability, summed over texts. Forward, only the inputs of layers are kept; on the
 * way back each layer computes again what happens inside, and is done with.
 */
public final class LlamaFisher {
    private final LlamaModel model;
    private final BlasArithmetic arithmetic;
    private final Preparation.Context context;
    private final SumSink sink;

    public LlamaFisher(LlamaModel model, Preparation.Context context, SumSink sink) {
        this.model = model;
        this.arithmetic = new BlasArithmetic(context);
        this.context = context;
        this.sink = sink;
    }

    /**
     * Memory for so many tokens, in bytes.
     *
     * @param longest tokens of a text
     */
    public static long bytesHeld(LlamaModel model, long tokens, int longest, int threads) {
        LlamaShape shape = model.shape();
        long wide = Math.max(shape.hidden(), (long) shape.heads() * shape.headDim());
        long widest = Math.max(wide, model.inner());
        long kept = (long) shape.layers() * shape.hidden();
        // Arrays of the stream and of attention, of the feed-forward part, copies for BLAS.
        long layer = 18 * wide + 6 * model.inner() + 3 * widest;
        long panel = (long) BlasArithmetic.panelRows((int) widest) * widest;
        long logits = 2L * LinearGradients.TILE * BlasArithmetic.panelRows(shape.hidden());
        long worker =
                Float.BYTES * (2 * panel + logits)
                        // Sums, and their copy on the way to a file.
                        + 2 * Double.BYTES * panel
                        + AttentionGradients.bytesHeld(longest, shape.headDim())
                        + BlasArithmetic.bytesPerWorker((int) widest);
        return Float.BYTES * (tokens * (kept + layer) + panel)
                + threads * worker
                + NextTokens.bytesHeld(shape, model.vocabulary(), tokens)
                // Sums of one vector, and one sequence's.
                + 2L * Double.BYTES * widest;
    }

    /** Hears of each step. */
    @FunctionalInterface
    public interface Steps {
        void done(int steps) throws IOException;
    }

    /** Steps of a run. */
    public static int steps(LlamaShape shape) {
        return 2 * shape.layers() + 2;
    }

    /** Runs the model on texts, forward and back. */
    public void run(List<int[]> sequences, Steps steps) throws IOException {
        LlamaShape shape = model.shape();
        int layers = shape.layers();
        LlamaForward forward =
                LlamaForward.readingOnce(shape, model.tensors(), arithmetic, context);
        List<float[]> inputs = new ArrayList<>();
        float[] last =
                forward.run(
                        sequences,
                        layers,
                        (layer, states) -> {
                            if (layer < layers) {
                                inputs.add(states.clone());
                            }
                            steps.done(layer);
                        });
        LinearGradients linear = new LinearGradients(context, LlamaForward.ends(sequences), sink);
        LayerGradients back =
                new LayerGradients(
                        new LayerParts(shape, model.tensors(), arithmetic, context),
                        linear,
                        forward.tables(sequences));
        float[] states = last.clone();
        forward.finish(states);
        VocabularyGradients ends =
                new VocabularyGradients(
                        linear,
                        new NextTokens(arithmetic, model.head()),
                        model.head(),
                        sequences,
                        states);
        float[] gradient = new float[last.length];
        back.norm(LlamaModel.NORM, last, ends.ofStates(), gradient, shape.hidden());
        steps.done(layers + 1);
        for (int layer = layers - 1; layer >= 0; layer--) {
            back.run(layer, inputs.remove(layer), gradient);
            steps.done(2 * layers + 1 - layer);
        }
        embeddings(ends, gradient);
        steps.done(steps(shape));
    }

    private void embeddings(VocabularyGradients ends, float[] gradient) throws IOException {
        ends.weight(LlamaModel.EMBEDDING, model.tied(), gradient);
        if (!model.tied()) {
            float @Nullable [] none = null;
            ends.weight(LlamaModel.HEAD, true, none);
        }
    }
}
