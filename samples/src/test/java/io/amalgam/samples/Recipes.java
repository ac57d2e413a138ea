package io.amalgam.samples;

import io.amalgam.Amalgam;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeListener;
import io.amalgam.internal.engine.MergeEngine;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import io.amalgam.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Merges of recipes that are not files. */
final class Recipes {
    private Recipes() {}

    static void merge(Recipe recipe, Path folder, Path out) throws IOException {
        Amalgam amalgam = Amalgam.load().folders(List.of(Path.of(""), folder));
        try (MergePlan plan = amalgam.plan(recipe, PlanOptions.DEFAULT)) {
            MergeEngine.run(plan, out, Amalgam.engine(), MergeListener.NONE, new Cancellation());
        }
    }
}
