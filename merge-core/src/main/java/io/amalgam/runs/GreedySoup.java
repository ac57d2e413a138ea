package io.amalgam.runs;

import io.amalgam.Amalgam;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeListener;
import io.amalgam.internal.engine.MergeEngine;
import io.amalgam.internal.io.FileWrites;
import io.amalgam.internal.runs.PathsRecipe;
import io.amalgam.plan.MergePlan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A greedy soup: from the best model on, each further one is kept if the average with it scores at
 * least as high as without.
 *
 * <p>Wortsman et al. 2022, "Model soups", recipe 1, <a
 * href="https://arxiv.org/abs/2203.05482">arXiv 2203.05482</a>. For use by one thread at a time.
 */
public final class GreedySoup extends Amalgam.Settings<GreedySoup> {
    private final Scorer scorer;
    private final Map<Path, Double> known = new HashMap<>();
    private Listener listener = (model, score, kept) -> {};

    private GreedySoup(Scorer scorer) {
        super(Amalgam.load());
        this.scorer = scorer;
    }

    /** A soup of models that are scored by this. */
    public static GreedySoup by(Scorer scorer) {
        return new GreedySoup(Objects.requireNonNull(scorer, "scorer"));
    }

    /** Scores a model; a higher score is better. */
    @FunctionalInterface
    public interface Scorer {
        /**
         * The score of the model at a path, a finite number.
         *
         * @throws IOException if it cannot be scored
         */
        double score(Path model, Cancellation cancellation) throws IOException;
    }

    /** How a model was judged. */
    public enum Verdict {
        /** Scored alone. */
        ALONE,
        /** Kept: the average with it scores at least as high. */
        KEPT,
        LEFT_OUT
    }

    /** Hears of scores, from the thread that makes the soup. */
    @FunctionalInterface
    public interface Listener {
        /**
         * A score is known.
         *
         * @param model that was scored, alone or as part of an average
         */
        void scored(Path model, double score, Verdict verdict);
    }

    /**
     * The models of a soup.
     *
     * @param models the best first
     * @param score of their average
     */
    public record Choice(List<Path> models, double score) {
        public Choice {
            models = List.copyOf(models);
        }
    }

    /** Scores of single models that are known already; these are not scored again. */
    public GreedySoup known(Map<Path, Double> scores) {
        known.putAll(scores);
        return this;
    }

    /** Hears of scores. */
    public GreedySoup listener(Listener listener) {
        this.listener = Objects.requireNonNull(listener, "listener");
        return this;
    }

    /**
     * Chooses models.
     *
     * @param models at least one
     * @param folder for averages while they are scored; they are removed
     * @throws io.amalgam.error.BadInputException if models cannot be averaged or scored
     * @throws IOException if reading, writing or scoring fails
     * @throws io.amalgam.engine.MergeCancelledException if stopped
     */
    public Choice choose(List<Path> models, Path folder) throws IOException {
        record Scored(Path model, double score) {}
        List<Scored> order = new ArrayList<>();
        for (Path model : models) {
            Double before = known.get(model);
            double score = before != null ? before : scorer.score(model, cancellation());
            listener.scored(model, score, Verdict.ALONE);
            order.add(new Scored(model, score));
        }
        // Stable: of equal scores the model named first comes first.
        order.sort(Comparator.comparingDouble((Scored scored) -> -scored.score()));
        List<Path> chosen = new ArrayList<>(List.of(order.get(0).model()));
        double best = order.get(0).score();
        for (Scored next : order.subList(1, order.size())) {
            List<Path> more = new ArrayList<>(chosen);
            more.add(next.model());
            double score = scoreOf(more, folder);
            boolean keep = score >= best;
            listener.scored(next.model(), score, keep ? Verdict.KEPT : Verdict.LEFT_OUT);
            if (keep) {
                best = score;
                chosen = more;
            }
        }
        return new Choice(chosen, best);
    }

    private double scoreOf(List<Path> models, Path folder) throws IOException {
        Path candidate = folder.resolve("candidate-" + models.size());
        try (MergePlan plan =
                amalgam().plan(PathsRecipe.of("soup", "soup", models, ""), planOptions())) {
            MergeEngine.run(
                    plan,
                    candidate,
                    engineOptions().overwrite(true),
                    MergeListener.NONE,
                    cancellation());
            return scorer.score(candidate, cancellation());
        } finally {
            FileWrites.deleteTree(candidate);
        }
    }
}
