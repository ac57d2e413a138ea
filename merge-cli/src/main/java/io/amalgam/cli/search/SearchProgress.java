package io.amalgam.cli.search;

import io.amalgam.cli.console.Console;
import io.amalgam.error.Problem;
import io.amalgam.internal.runs.Objective;
import io.amalgam.internal.search.SearchListener;
import io.amalgam.internal.search.Trial;
import java.util.List;
import java.util.stream.Collectors;

/** A line for each candidate. */
record SearchProgress(Console console, boolean silent, Objective objective, int budget)
        implements SearchListener {
    @Override
    public void judged(Trial trial, boolean best) {
        if (silent) {
            return;
        }
        String values =
                trial.values().entrySet().stream()
                        .map(entry -> entry.getKey() + "=" + entry.getValue())
                        .collect(Collectors.joining(" "));
        String figure =
                trial.failed()
                        ? "failed: " + trial.problem()
                        : objective.word() + " " + SearchTables.figure(trial.figure());
        console.note(
                Console.oneLine(
                        "[%d/%d] %s%s  %s"
                                .formatted(
                                        trial.number(), budget, figure, best ? " *" : "", values)));
    }

    @Override
    public void resumed(int candidates) {
        if (!silent) {
            console.note("continues after %d candidates of the journal".formatted(candidates));
        }
    }

    @Override
    public void warned(Problem warning) {
        console.warnings(List.of(warning));
    }
}
