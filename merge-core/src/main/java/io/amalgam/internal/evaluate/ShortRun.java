package io.amalgam.internal.evaluate;

import io.amalgam.checkpoint.Preparation;
import io.amalgam.error.Problem;
import io.amalgam.internal.forward.BlasArithmetic;
import io.amalgam.internal.forward.LlamaForward;
import io.amalgam.internal.forward.LlamaModel;
import io.amalgam.internal.forward.NextTokens;
import io.amalgam.tensor.DType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** A few tokens through a model, to see whether activations stay within bounds. */
final class ShortRun {
    private static final int TOKENS = 16;
    private static final float LARGEST_F16 = 65504;

    /** Losses above so many times that of guessing are those of a broken model. */
    private static final double BROKEN = 4;

    private final LlamaModel model;
    private final List<Problem> problems;

    ShortRun(LlamaModel model, List<Problem> problems) {
        this.model = model;
        this.problems = problems;
    }

    /** Tokens from the whole vocabulary, not near each other. */
    private int[] tokens() {
        int[] tokens = new int[TOKENS];
        for (int i = 0; i < TOKENS; i++) {
            tokens[i] = (int) ((long) i * i * 7919 % model.vocabulary());
        }
        return tokens;
    }

    /** What was seen. */
    String run(Preparation.Context workers) throws IOException {
        BlasArithmetic arithmetic = new BlasArithmetic(workers);
        LlamaForward forward =
                LlamaForward.readingOnce(model.shape(), model.tensors(), arithmetic, workers);
        List<int[]> sequences = List.of(tokens());
        boolean half =
                model.tensors().values().stream().anyMatch(t -> t.info().dtype() == DType.F16);
        List<Float> largest = new ArrayList<>();
        float[] x =
                forward.run(
                        sequences,
                        model.shape().layers(),
                        (layer, states) -> largest.add(largest(states)));
        Optional<Problem> problem = explosion(largest, half);
        if (problem.isPresent()) {
            problems.add(problem.get());
            return "exploded";
        }
        forward.finish(x);
        double loss = 0;
        double[] losses = new NextTokens(arithmetic, model.head()).losses(x, sequences);
        for (double each : losses) {
            loss += each / losses.length;
        }
        double guessing = Math.log(model.vocabulary());
        if (!(loss < BROKEN * guessing)) {
            problems.add(
                    Problem.expected(
                                    "loss of model '" + model.name() + "' on " + TOKENS + " tokens",
                                    String.format(
                                            Locale.ROOT,
                                            "no more than %.0f, %.0f times that of guessing",
                                            BROKEN * guessing,
                                            BROKEN),
                                    String.format(Locale.ROOT, "%.1f", loss))
                            .hint("a scale or a norm may be wrong"));
        }
        return String.format(
                Locale.ROOT,
                "%d tokens that make no sense: loss %.2f (%.2f by guessing), largest activation %.3g",
                TOKENS,
                loss,
                guessing,
                largest.stream().max(Float::compare).orElse(0f));
    }

    /** NaN where there is one. */
    private static float largest(float[] states) {
        float largest = 0;
        for (float value : states) {
            largest = Math.max(largest, Math.abs(value));
        }
        return largest;
    }

    private Optional<Problem> explosion(List<Float> largest, boolean half) {
        for (int layer = 0; layer < largest.size(); layer++) {
            float value = largest.get(layer);
            boolean finite = Float.isFinite(value);
            if (finite && !(half && value > LARGEST_F16)) {
                continue;
            }
            String where =
                    layer == 0 ? "the embedding's output" : "the output of layer " + (layer - 1);
            return Optional.of(
                    Problem.expected(
                                    where + " of model '" + model.name() + "'",
                                    finite
                                            ? "at most 65504, the largest of its float16"
                                            : "finite numbers",
                                    value)
                            .hint(
                                    finite
                                            ? "write it as bfloat16 or float32"
                                            : "activations explode: a scale or a norm may be wrong"));
        }
        return Optional.empty();
    }
}
