package io.amalgam.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.Formats;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.Options;
import io.amalgam.method.MethodRegistry;
import io.amalgam.plan.PlanOptions;
import io.amalgam.recipe.yaml.ReadOptions;
import io.amalgam.recipe.yaml.RecipeReader;
import io.amalgam.stages.StageListener;
import io.amalgam.stages.StagePlaces;
import io.amalgam.stages.StagePlanner;
import io.amalgam.stages.StagedMerge;
import io.amalgam.stages.StagedPlan;
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
        Formats formats = Formats.load();
        StagePlanner planner =
                new StagePlanner(
                        MethodRegistry.load(),
                        formats.models(List.of(Golden.folder())),
                        formats.get("huggingface"));
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
                    plan, places, Options.DEFAULT.build(), StageListener.NONE, new Cancellation());
        }

        Deviation deviation =
                Deviation.between(
                        out.resolve("model.safetensors"),
                        Golden.stages().resolve("expected.safetensors"));
        assertThat(deviation.elements()).isPositive();
        assertThat(deviation.relative()).isLessThanOrEqualTo(2e-5);
    }
}
