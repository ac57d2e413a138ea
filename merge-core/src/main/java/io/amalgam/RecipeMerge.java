package io.amalgam;

import io.amalgam.engine.MergeCancelledException;
import io.amalgam.engine.MergeListener;
import io.amalgam.engine.MergeReport;
import io.amalgam.internal.stages.StagePlaces;
import io.amalgam.internal.stages.StagedMerge;
import io.amalgam.internal.stages.StagedPlan;
import io.amalgam.method.MergeMethod;
import io.amalgam.plan.MergePlan;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/**
 * A merge by a recipe file, as with {@code amalgam merge RECIPE OUT}:
 *
 * <pre>{@code
 * Merge.recipe(Path.of("recipe.yml")).to(Path.of("merged")).run();
 * }</pre>
 *
 * <p>A file may hold several documents: those with a name are stages, whose results the others use
 * as models (docs/stages.md). Setters return this object. Not thread-safe; running does not change
 * it.
 */
public final class RecipeMerge extends Amalgam.Settings<RecipeMerge> {
    private final Path recipe;
    private MergeListener listener = MergeListener.NONE;
    private Optional<Path> out = Optional.empty();
    private Optional<Path> stages = Optional.empty();
    private boolean reuseStages = true;

    RecipeMerge(Path recipe) {
        super(Amalgam.load().foldersOf(recipe));
        this.recipe = recipe;
    }

    /**
     * The output: a new or empty directory, or a file that ends in .gguf. Where all documents have
     * names, the directory of their results.
     */
    public RecipeMerge to(Path directory) {
        out = Optional.of(Objects.requireNonNull(directory, "directory"));
        return this;
    }

    /** Adds a merge method for the recipe to use. */
    public RecipeMerge with(MergeMethod method) {
        Objects.requireNonNull(method, "method");
        return using(amalgam -> amalgam.with(method));
    }

    /** Receives stages and the progress of every document's merge, on the merging thread. */
    public RecipeMerge listener(MergeListener listener) {
        this.listener = Objects.requireNonNull(listener, "listener");
        return this;
    }

    /** Writes the results of all named documents to folders in a directory, and keeps them. */
    public RecipeMerge keepStages(Path directory) {
        stages = Optional.of(Objects.requireNonNull(directory, "directory"));
        return this;
    }

    /** Whether to reuse stages of an earlier run. Default: true. */
    public RecipeMerge reuseStages(boolean reuse) {
        reuseStages = reuse;
        return this;
    }

    /**
     * Plans all documents without running them; the caller closes the plan.
     *
     * @throws io.amalgam.error.BadInputException with all problems found
     * @throws IOException if the recipe or a model's headers cannot be read
     * @throws MergeCancelledException if the thread is interrupted
     */
    public MergePlan.OfRecipe plan() throws IOException {
        return planned();
    }

    private StagedPlan planned() throws IOException {
        try {
            Amalgam writing = out.map(amalgam()::writing).orElse(amalgam());
            return writing.plan(
                    Amalgam.recipes(recipe, planOptions().strict()),
                    planOptions(),
                    stages.isPresent());
        } catch (ClosedByInterruptException e) {
            throw MergeCancelledException.byInterrupt(e);
        }
    }

    /**
     * Merges to the directory given by {@link #to}.
     *
     * @throws io.amalgam.error.BadInputException if recipe, models, output or data have problems;
     *     nothing is written
     * @throws IOException if reading or writing fails; the merge can be resumed
     * @throws MergeCancelledException if stopped; the merge can be resumed
     * @throws IllegalStateException without a directory
     */
    public MergeReport.OfRecipe run() throws IOException {
        Path directory =
                out.orElseThrow(() -> new IllegalStateException("no directory: call to(...)"));
        try (StagedPlan plan = planned()) {
            StagePlaces places = StagePlaces.of(plan, directory, stages).anew(!reuseStages);
            return StagedMerge.run(plan, places, engineOptions(), listener, cancellation());
        }
    }
}
