package io.amalgam.internal.search;

import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.internal.runs.Combination;
import io.amalgam.internal.runs.Objective;
import io.amalgam.internal.stages.StagedPlan;
import io.amalgam.plan.MergePlan;
import io.amalgam.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * What a search is made with.
 *
 * @param heldOut judges the result on what the search has not seen
 * @param budget the most candidates to judge
 * @param patience candidates in a row without a better one after which it ends; 0 for no such end
 * @param jobs candidates judged at a time, where the objective allows
 * @param folder of the journal, and of candidates while they are judged
 * @param restart whether an earlier journal is dropped
 */
public record SearchSetup(
        SearchRecipe recipe,
        Planner planner,
        Objective objective,
        Optional<Objective> heldOut,
        Combination combination,
        Method method,
        long seed,
        int budget,
        int patience,
        int jobs,
        EngineOptions engine,
        Path folder,
        boolean restart,
        SearchListener listener,
        Cancellation cancellation) {

    /** How candidates are chosen. */
    public enum Method {
        CMA_ES,
        RANDOM,
        GRID;

        /** As on the command line: {@code cma-es}. */
        public String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** Plans merges; who asks closes the plans. */
    public interface Planner {
        /** That of a recipe's text, with all places filled. */
        StagedPlan plan(String text) throws IOException;

        /** That of a recipe that was made here. */
        MergePlan plan(Recipe recipe) throws IOException;
    }
}
