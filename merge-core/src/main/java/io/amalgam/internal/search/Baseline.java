package io.amalgam.internal.search;

import io.amalgam.error.Problem;
import io.amalgam.internal.runs.Objective;
import io.amalgam.internal.runs.PlannedCandidate;
import io.amalgam.internal.stages.StagedPlan;
import io.amalgam.plan.MergePlan;
import io.amalgam.recipe.Location;
import io.amalgam.recipe.ModelEntry;
import io.amalgam.recipe.ParameterValue.Scalar;
import io.amalgam.recipe.Parameters;
import io.amalgam.recipe.Recipe;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Judges what the result is compared with, once. */
final class Baseline {
    private final SearchSetup setup;
    private final SearchJournal journal;

    Baseline(SearchSetup setup, SearchJournal journal) {
        this.setup = setup;
        this.journal = journal;
    }

    /** Judges a merge unless the journal knows it. */
    Trial judged(
            String kind,
            Map<String, String> values,
            Objective objective,
            PlannedCandidate.Planner planner)
            throws IOException {
        Map<String, String> key =
                kind.endsWith("held-out")
                        ? with(values, String.join(" ", objective.identity()))
                        : values;
        Optional<Trial> known = journal.known(kind, key);
        if (known.isPresent()) {
            return known.get();
        }
        PlannedCandidate candidate =
                new PlannedCandidate(
                        kind.equals("held-out") ? "the best candidate" : "the plain average",
                        planner,
                        setup.folder().resolve(kind),
                        setup.engine());
        try (Running running = new Running(0, key, candidate)) {
            running.begin(objective, setup.cancellation());
            while (!running.isDone(Objective.Judging.MILLIS)) {
                setup.cancellation().throwIfRequested();
            }
            Trial trial = running.trial(setup);
            journal.add(kind, trial);
            if (trial.failed()) {
                setup.listener()
                        .warned(
                                Problem.of(candidate.name() + " could not be judged")
                                        .hint(trial.problem()));
            }
            return trial;
        }
    }

    private static Map<String, String> with(Map<String, String> values, String objective) {
        Map<String, String> key = new LinkedHashMap<>(values);
        key.put("(by)", objective);
        return key;
    }

    /** The average of the recipe's models without its base; none where they are no whole models. */
    Optional<Trial> average(Objective objective, String kind) throws IOException {
        Map<String, String> start = setup.recipe().values(setup.recipe().start());
        Recipe average;
        try (StagedPlan plan = setup.planner().plan(setup.recipe().template().fill(start))) {
            List<ModelEntry> models = plan.result().map(Baseline::models).orElse(List.of());
            if (models.size() < 2 || !plan.steps().isEmpty()) {
                return Optional.empty();
            }
            average =
                    Recipe.ofModels(
                            "linear",
                            models,
                            Optional.empty(),
                            Parameters.of(Map.of("weight", new Scalar(1.0, Location.NONE))));
        }
        return Optional.of(
                        judged(
                                kind,
                                Map.of(),
                                objective,
                                () -> StagedPlan.of(setup.planner().plan(average))))
                .filter(trial -> !trial.failed());
    }

    /** Its models without the base, equal among each other. */
    private static List<ModelEntry> models(MergePlan merge) {
        return merge.recipe().models().stream()
                .map(ModelEntry::model)
                .filter(model -> !merge.recipe().baseModel().equals(Optional.of(model)))
                .map(model -> ModelEntry.of(model, Parameters.EMPTY))
                .toList();
    }
}
