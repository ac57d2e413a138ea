package io.amalgam.internal.evaluate;

import io.amalgam.checkpoint.Preparation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.engine.ReadingRun;
import io.amalgam.internal.forward.BlasArithmetic;
import io.amalgam.internal.forward.LlamaForward;
import io.amalgam.internal.forward.LlamaModel;
import io.amalgam.internal.forward.NextTokens;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The losses of a model on texts. Windows go through the model together, as many as fit the memory,
 * so that the weights are read once for each such batch. A window's loss depends on nothing else.
 */
public final class Evaluation {
    private final LlamaModel model;
    private final int context;
    private final List<Domain> domains;

    /**
     * @param context tokens of a window, 2 or more
     */
    public Evaluation(LlamaModel model, int context, List<Domain> domains) {
        this.model = model;
        this.context = context;
        this.domains = List.copyOf(domains);
        Windows.check(model, this.domains);
    }

    /** A window and the number of its domain. */
    private record Window(int domain, int[] tokens) {}

    private List<Window> windows() {
        List<Window> windows = new ArrayList<>();
        for (int d = 0; d < domains.size(); d++) {
            for (int[] window : domains.get(d).windows(context)) {
                windows.add(new Window(d, window));
            }
        }
        return windows;
    }

    /** Memory for so many tokens at a time, in bytes. */
    private long bytesHeld(long tokens, int threads) {
        long inner = model.inner();
        int wide = (int) Math.max(inner, model.shape().hidden());
        // What is outside of the heap: the input of a linear layer, and attention's parts.
        long outside = Float.BYTES * (tokens * wide + threads * 260L * context);
        return ReadingRun.bytesHeld(threads)
                + LlamaForward.bytesAtOnce(model.shape(), tokens, inner)
                + NextTokens.bytesHeld(model.shape(), model.vocabulary(), tokens)
                + threads * BlasArithmetic.bytesPerWorker(wide)
                + outside;
    }

    /**
     * Runs the model.
     *
     * @param options give memory
     * @return the loss of each domain, in order
     * @throws BadInputException if not even one window fits the memory, or the model's numbers are
     *     not finite
     */
    public List<Loss> run(EngineOptions options, Preparation.Context workers) throws IOException {
        List<Window> windows = windows();
        List<List<Window>> batches =
                Windows.batches(
                        windows,
                        window -> window.tokens().length,
                        model,
                        options,
                        tokens -> bytesHeld(tokens, options.threads()));
        double[] sums = new double[domains.size()];
        long[] counts = new long[domains.size()];
        int[] numbers = new int[domains.size()];
        BlasArithmetic arithmetic = new BlasArithmetic(workers);
        LlamaForward forward =
                LlamaForward.readingOnce(model.shape(), model.tensors(), arithmetic, workers);
        NextTokens head = new NextTokens(arithmetic, model.head());
        int steps = model.shape().layers() + 1;
        for (int b = 0; b < batches.size(); b++) {
            List<int[]> sequences = batches.get(b).stream().map(Window::tokens).toList();
            long before = (long) b * steps;
            long all = (long) batches.size() * steps;
            float[] x =
                    forward.run(
                            sequences,
                            model.shape().layers(),
                            (layer, states) -> workers.progressed(before + layer, all));
            forward.finish(x);
            double[] losses = head.losses(x, sequences);
            int at = 0;
            for (Window window : batches.get(b)) {
                int d = window.domain();
                double sum = 0;
                for (int i = 1; i < window.tokens().length; i++) {
                    sum += losses[at++];
                }
                sums[d] += sum;
                counts[d] += window.tokens().length - 1;
                numbers[d]++;
            }
            workers.progressed(before + steps, all);
        }
        List<Loss> results = new ArrayList<>();
        for (int d = 0; d < sums.length; d++) {
            results.add(new Loss(domains.get(d).name(), counts[d], numbers[d], sums[d]));
            if (!Double.isFinite(sums[d])) {
                throw new BadInputException(
                        Problem.expected(
                                        "loss of model '"
                                                + model.name()
                                                + "' on '"
                                                + domains.get(d).name()
                                                + "'",
                                        "a finite number",
                                        sums[d])
                                .hint("'amalgam check' finds the tensor"));
            }
        }
        return results;
    }
}
