package io.amalgam.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.ModelLoader;
import io.amalgam.endtoend.Options;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeListener;
import io.amalgam.error.BadInputException;
import io.amalgam.internal.engine.MergeEngine;
import io.amalgam.internal.formats.huggingface.BpeTokenizer;
import io.amalgam.internal.method.builtin.BuiltInMethods;
import io.amalgam.internal.recipe.yaml.MoeRecipeReader;
import io.amalgam.internal.recipe.yaml.ReadOptions;
import io.amalgam.internal.recipe.yaml.RecipeReader;
import io.amalgam.internal.stages.StagePlaces;
import io.amalgam.internal.stages.StagePlanner;
import io.amalgam.internal.stages.StagedMerge;
import io.amalgam.internal.stages.StagedPlan;
import io.amalgam.internal.structure.moe.MoePlanner;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Golden recipes with small changes in their text: each is merged, or refused with problems that
 * say something; nothing else is ever thrown.
 */
class RecipeFuzzTest {
    private static final long SEED = Long.getLong("amalgam.fuzz.seed", 13);
    private static final int NUMBER = Integer.getInteger("amalgam.fuzz.number", 400);
    private static final EngineOptions OPTIONS = Options.DEFAULT.overwriting().build();

    @TempDir Path temp;

    @ParameterizedTest
    @ValueSource(strings = {"merge", "tokenizer", "moe"})
    void changedRecipesAreMergedOrRefused(String kind) throws IOException {
        Path folder = Golden.folder().resolveSibling(kind);
        List<String> texts = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder.resolve("recipes"))) {
            for (Path file : files.sorted().toList()) {
                texts.add(Files.readString(file));
            }
        }
        Mutations mutations = new Mutations(SEED);
        int merged = 0;
        int refused = 0;
        for (int i = 0; i < NUMBER; i++) {
            String recipe = mutations.of(mutations.any(texts));
            try {
                if (kind.equals("moe")) {
                    moe(recipe, folder);
                } else {
                    merge(recipe, folder);
                }
                merged++;
            } catch (BadInputException e) {
                assertThat(e.problems()).as(recipe).isNotEmpty();
                assertThat(e.problems()).as(recipe).noneMatch(p -> p.what().isBlank());
                refused++;
            } catch (RuntimeException | StackOverflowError e) {
                throw new AssertionError("change " + i + ":\n" + recipe, e);
            }
        }
        assertThat(merged).isPositive();
        assertThat(refused).isPositive();
    }

    private void merge(String recipe, Path folder) throws IOException {
        ModelLoader formats = ModelLoader.load();
        StagePlanner planner =
                new StagePlanner(
                        BuiltInMethods.load(),
                        formats.models(List.of(folder)),
                        formats.output("huggingface"));
        try (StagedPlan plan =
                planner.plan(
                        RecipeReader.readAll(recipe, "r.yml", ReadOptions.DEFAULT),
                        PlanOptions.DEFAULT,
                        false)) {
            StagedMerge.run(
                    plan,
                    StagePlaces.beside(temp.resolve("out")),
                    OPTIONS,
                    MergeListener.NONE,
                    new Cancellation());
        }
    }

    private void moe(String recipe, Path folder) throws IOException {
        ModelLoader formats = ModelLoader.load();
        MoePlanner planner =
                new MoePlanner(
                        formats.models(List.of(folder)),
                        formats.output("huggingface"),
                        model -> BpeTokenizer.read(model.path())::encodePrompt);
        try (MergePlan plan =
                planner.plan(
                        MoeRecipeReader.read(recipe, "r.yml", ReadOptions.DEFAULT),
                        MoePlanner.Layout.AUTO,
                        false,
                        PlanOptions.DEFAULT)) {
            MergeEngine.run(
                    plan, temp.resolve("out"), OPTIONS, MergeListener.NONE, new Cancellation());
        }
    }
}
