package io.amalgam.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.ModelLoader;
import io.amalgam.endtoend.Options;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeListener;
import io.amalgam.internal.method.builtin.BuiltInMethods;
import io.amalgam.internal.recipe.yaml.ReadOptions;
import io.amalgam.internal.recipe.yaml.RecipeReader;
import io.amalgam.internal.stages.StagePlaces;
import io.amalgam.internal.stages.StagePlanner;
import io.amalgam.internal.stages.StagedMerge;
import io.amalgam.internal.stages.StagedPlan;
import io.amalgam.plan.PlanOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A recipe of several documents against what mergekit-multi wrote for it. */
class GoldenStagesTest {
    @TempDir Path temp;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void agrees(boolean keep) throws IOException {
        ModelLoader formats = ModelLoader.load();
        StagePlanner planner =
                new StagePlanner(
                        BuiltInMethods.load(),
                        formats.models(List.of(Golden.folder())),
                        formats.output("huggingface"));
        Path recipe = Golden.stages().resolve("stages.yml");
        Path out = temp.resolve("out");
        StagePlaces places =
                keep ? StagePlaces.keeping(out, temp.resolve("kept")) : StagePlaces.beside(out);
        try (StagedPlan plan =
                planner.plan(
                        RecipeReader.readAll(recipe, ReadOptions.DEFAULT),
                        PlanOptions.DEFAULT,
                        keep)) {
            StagedMerge.run(
                    plan, places, Options.DEFAULT.build(), MergeListener.NONE, new Cancellation());
        }

        Deviation deviation =
                Deviation.between(
                        out.resolve("model.safetensors"),
                        Golden.stages().resolve("expected.safetensors"));
        assertThat(deviation.elements()).isPositive();
        assertThat(deviation.relative()).isLessThanOrEqualTo(2e-5);
    }
}
