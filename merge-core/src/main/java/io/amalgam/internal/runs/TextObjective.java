package io.amalgam.internal.runs;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.error.Problem;
import io.amalgam.internal.engine.ReadingRun;
import io.amalgam.internal.evaluate.Domain;
import io.amalgam.internal.evaluate.Evaluation;
import io.amalgam.internal.evaluate.Loss;
import io.amalgam.internal.evaluate.ModelRun;
import io.amalgam.internal.forward.LlamaModel;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Judged by mean losses on texts, in this process; a merge need not be written for it.
 *
 * @param identity of the texts and of how they are cut
 */
public record TextObjective(
        Texts texts, Windows windows, EngineOptions engine, List<String> identity)
        implements Objective {
    public TextObjective {
        identity = List.copyOf(identity);
    }

    /** The tokens of texts, as a model's tokenizer makes them. */
    @FunctionalInterface
    public interface Texts {
        List<Domain> of(Checkpoint model, String name) throws IOException;
    }

    /** How many tokens a window has. */
    @FunctionalInterface
    public interface Windows {
        int of(LlamaModel model, List<Domain> domains);
    }

    /** This, on one half of each text. */
    public TextObjective half(boolean second) {
        Texts halves =
                (model, name) ->
                        texts.of(model, name).stream().map(domain -> domain.half(second)).toList();
        return new TextObjective(halves, windows, engine, identity);
    }

    @Override
    public boolean losses() {
        return true;
    }

    /** One model takes all processors. */
    @Override
    public boolean isParallel() {
        return false;
    }

    @Override
    public void check(Candidate candidate, Cancellation cancellation) throws IOException {
        try (Checkpoint model = candidate.opened(cancellation)) {
            evaluation(model, candidate.name());
        }
    }

    private Evaluation evaluation(Checkpoint model, String name) throws IOException {
        LlamaModel llama = LlamaModel.of(model, name);
        List<Domain> domains = texts.of(model, name);
        return new Evaluation(llama, windows.of(llama, domains), domains);
    }

    @Override
    public Judging begin(Candidate candidate, Cancellation cancellation) throws IOException {
        try (Checkpoint model = candidate.opened(cancellation)) {
            Evaluation evaluation = evaluation(model, candidate.name());
            List<Loss> losses =
                    ModelRun.run(model, engine, new Silent(), cancellation, evaluation::run);
            Map<String, Double> figures = new LinkedHashMap<>();
            losses.forEach(loss -> figures.put(loss.domain(), loss.mean()));
            return Judging.done(figures);
        }
    }

    private static final class Silent implements ReadingRun.Listener {
        @Override
        public void progressed(long done, long of) {
            // A candidate is judged in seconds.
        }

        @Override
        public void warned(Problem warning) {
            // All candidates would say the same.
        }
    }
}
