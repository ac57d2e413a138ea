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
    /** No array of a batch has more elements. */
    private static final long LARGEST = 1L << 30;

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
        checkTokens();
    }

    private void checkTokens() {
        List<Problem> problems = new ArrayList<>();
        for (Domain domain : domains) {
            if (domain.tokens().length < 2) {
                problems.add(
                        Problem.expected(
                                        "tokens of '" + domain.name() + "'",
                                        "at least 2",
                                        domain.tokens().length)
                                .hint("the first predicts the second"));
            }
            for (int token : domain.tokens()) {
                if (token < 0 || token >= model.vocabulary()) {
                    problems.add(
                            Problem.expected(
                                            "tokens of '" + domain.name() + "'",
                                            "numbers from 0 to "
                                                    + (model.vocabulary() - 1)
                                                    + ", the rows of the embedding of '"
                                                    + model.name()
                                                    + "'",
                                            token)
                                    .hint("they were made by another model's tokenizer"));
                    break;
                }
            }
        }
        if (!problems.isEmpty()) {
            throw new BadInputException(problems);
        }
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

    /** How many tokens go through the model at a time. */
    private long tokensAtOnce(EngineOptions options, int longest) {
        long few = bytesHeld(longest, options.threads());
        if (few > options.memory()) {
            throw new BadInputException(
                    Problem.expected(
                                    "memory for a window of " + longest + " tokens",
                                    "at least " + few + " bytes",
                                    options.memory())
                            .hint(
                                    "raise EngineOptions.memory, or take shorter windows: Evaluation.context"));
        }
        long each = Math.max(1, bytesHeld(2L * longest, options.threads()) - few) / longest;
        long more = (options.memory() - few) / Math.max(1, each);
        long wide = Math.max(model.inner(), (long) model.shape().heads() * model.shape().headDim());
        return Math.min(
                longest + more,
                Math.max(longest, LARGEST / Math.max(wide, model.shape().hidden())));
    }

    /** Batches of whole windows. */
    private static List<List<Window>> batches(List<Window> windows, long tokens) {
        List<List<Window>> batches = new ArrayList<>();
        long held = tokens;
        for (Window window : windows) {
            if (held + window.tokens().length > tokens) {
                batches.add(new ArrayList<>());
                held = 0;
            }
            batches.get(batches.size() - 1).add(window);
            held += window.tokens().length;
        }
        return batches;
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
        int longest = windows.stream().mapToInt(w -> w.tokens().length).max().orElse(2);
        List<List<Window>> batches = batches(windows, tokensAtOnce(options, longest));
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
