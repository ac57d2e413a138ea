package io.amalgam.internal.evaluate;

import io.amalgam.checkpoint.Preparation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.internal.engine.ReadingRun;
import io.amalgam.internal.forward.LlamaFisher;
import io.amalgam.internal.forward.LlamaModel;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The diagonal Fisher of a model on a text, by the tokens that follow: the gradient of a window's
 * log probability, squared, in the mean over windows (Matena and Raffel, arXiv 2111.09832). A
 * window's part depends on nothing else, and windows are summed in order.
 */
public final class FisherDiagonal implements Measurement {
    /** What names of these statistics end with. */
    public static final String SUFFIX = ".fisher";

    private final LlamaModel model;
    private final List<int[]> windows;

    /**
     * @param context tokens of a window
     */
    public FisherDiagonal(LlamaModel model, int context, Domain text) {
        Windows.check(model, List.of(text));
        this.model = model;
        this.windows = text.windows(context);
    }

    @Override
    public Map<String, Shape> measured() {
        Map<String, Shape> measured = new TreeMap<>();
        model.parameters()
                .forEach((name, tensor) -> measured.put(name + SUFFIX, tensor.info().shape()));
        return measured;
    }

    @Override
    public Map<String, String> aliases() {
        return Map.of();
    }

    @Override
    public long examples() {
        return windows.size();
    }

    @Override
    public int tokens() {
        return windows.stream().mapToInt(window -> window.length).sum();
    }

    @Override
    public void run(EngineOptions options, Preparation.Context workers, Sink sink)
            throws IOException {
        int longest = windows.stream().mapToInt(window -> window.length).max().orElse(2);
        int threads = options.threads();
        List<List<int[]>> batches =
                Windows.batches(
                        windows,
                        window -> window.length,
                        model,
                        options,
                        tokens ->
                                ReadingRun.bytesHeld(threads)
                                        + LlamaFisher.bytesHeld(model, tokens, longest, threads));
        int steps = LlamaFisher.steps(model.shape());
        WindowBatch.each(
                batches,
                batch -> {
                    LlamaFisher fisher =
                            new LlamaFisher(
                                    model,
                                    workers,
                                    (tensor, from, sums) ->
                                            sink.add(
                                                    batch.part(tensor + SUFFIX, from, sums)
                                                            .requireFinite(
                                                                    "gradients of '"
                                                                            + tensor
                                                                            + "'")));
                    fisher.run(batch.windows(), done -> batch.progressed(workers, done, steps));
                });
    }
}
