package io.amalgam.cli.judge;

import io.amalgam.ModelLoader;
import io.amalgam.engine.Cancellation;
import io.amalgam.internal.runs.Combination;
import io.amalgam.internal.runs.Objective;
import io.amalgam.internal.runs.WrittenCandidate;
import io.amalgam.runs.Batch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** Judges models that are there by what the options say. */
public record ScoredModels(Objective objective, Combination combination, ModelLoader formats)
        implements Batch.Judge {
    @Override
    public Batch.Score score(Path model, Cancellation cancellation) throws IOException {
        WrittenCandidate candidate =
                new WrittenCandidate(model, place -> formats.open(place, place.toString()));
        Map<String, Double> figures = objective.figures(candidate, cancellation);
        return new Batch.Score(combination.of(figures, objective.losses()), figures);
    }

    @Override
    public boolean smallerIsBetter() {
        return objective.losses();
    }

    @Override
    public String identity() {
        return String.join(" ", objective.identity()) + " " + combination.identity();
    }
}
