package io.amalgam.cli.runs;

import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.ProgressView;
import io.amalgam.cli.merge.PathsMerge;
import io.amalgam.cli.options.ResourceMixin;
import io.amalgam.engine.Cancellation;
import io.amalgam.internal.io.FileWrites;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A greedy soup: from the best model on, each one more is kept if the average with it scores no
 * less than without.
 *
 * <p>Wortsman et al. 2022, "Model soups", recipe 1.
 */
public final class GreedySoup {
    private final Console console;
    private final ScoreCommand command;
    private final Scores known;
    private final ResourceMixin resources;
    private final Cancellation cancellation;
    private final boolean quiet;
    private double best;

    public GreedySoup(
            Console console,
            ScoreCommand command,
            Scores known,
            ResourceMixin resources,
            Cancellation cancellation,
            boolean quiet) {
        this.console = console;
        this.command = command;
        this.known = known;
        this.resources = resources;
        this.cancellation = cancellation;
        this.quiet = quiet;
    }

    private record Scored(Path model, double score) {}

    /** The models of the soup, the best first. */
    public List<Path> choose(List<Path> models, Path candidates) throws IOException {
        List<Scored> order = new ArrayList<>();
        for (Path model : models) {
            double score =
                    known.of(model).isPresent()
                            ? known.of(model).get()
                            : command.score(model, cancellation);
            say(score, "alone: " + model);
            order.add(new Scored(model, score));
        }
        // Stable: of equal scores the model named first comes first.
        order.sort(Comparator.comparingDouble((Scored scored) -> -scored.score()));
        List<Path> chosen = new ArrayList<>(List.of(order.get(0).model()));
        best = order.get(0).score();
        for (Scored next : order.subList(1, order.size())) {
            List<Path> more = new ArrayList<>(chosen);
            more.add(next.model());
            double score = scoreOf(more, candidates);
            say(score, (score >= best ? "with " : "left out: ") + next.model());
            if (score >= best) {
                best = score;
                chosen = more;
            }
        }
        return chosen;
    }

    /** The score of what was chosen. */
    public double best() {
        return best;
    }

    private double scoreOf(List<Path> models, Path candidates) throws IOException {
        Path candidate = candidates.resolve("candidate-" + models.size());
        try {
            try (ProgressView silent = ProgressView.on(console, true)) {
                new PathsMerge("soup", "soup", models, "", io.amalgam.Amalgam.load())
                        .run(
                                candidate,
                                options -> options.overwrite(true),
                                resources,
                                silent,
                                cancellation);
            }
            return command.score(candidate, cancellation);
        } finally {
            FileWrites.deleteTree(candidate);
        }
    }

    private void say(double score, String what) {
        if (!quiet) {
            console.note(Console.oneLine("score " + score + "  " + what));
        }
    }
}
