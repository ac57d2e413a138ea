package io.amalgam.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.ModelLoader;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeListener;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsWriter;
import io.amalgam.internal.checkpoint.TensorReads;
import io.amalgam.internal.engine.MergeEngine;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.MergePlan.Renaming;
import io.amalgam.plan.ModelSource;
import io.amalgam.plan.PlanOptions;
import io.amalgam.recipe.Recipe;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Merges of mixtures of experts that store them in different layouts: what comes out is what comes
 * of the same models in one layout, bit for bit.
 */
class ExpertLayoutsTest {
    private static final Path EXPERTS = Path.of("src/test/resources/experts");

    @TempDir private Path temp;

    /** By model and layout: {@code a-single}, {@code b-fused}, {@code a-turned}. */
    @BeforeEach
    void layouts() throws IOException {
        for (String model : List.of("qwen3_moe", "mixtral")) {
            Path folder = EXPERTS.resolve(model);
            Path own = Files.createDirectories(temp.resolve(model));
            copy(folder.resolve("base/model.safetensors"), own.resolve("a-single"), false);
            copy(folder.resolve("expected.safetensors"), own.resolve("b-single"), false);
            copy(folder.resolve("fused.safetensors"), own.resolve("a-fused"), false);
            copy(folder.resolve("expected-fused.safetensors"), own.resolve("b-fused"), false);
            copy(folder.resolve("fused.safetensors"), own.resolve("a-turned"), true);
            copy(folder.resolve("expected-fused.safetensors"), own.resolve("b-turned"), true);
        }
    }

    private static void copy(Path from, Path to, boolean turned) throws IOException {
        List<NamedTensor> tensors = new ArrayList<>();
        try (Checkpoint model = ModelLoader.load().open(from, "model")) {
            for (TensorSource tensor : model.tensors().values()) {
                float[] values = TensorReads.of(tensor);
                Shape shape = tensor.info().shape();
                if (turned && shape.rank() == 3) {
                    values = turned(values, shape);
                    shape = Shape.of(shape.dim(0), shape.dim(2), shape.dim(1));
                }
                tensors.add(NamedTensor.ofFloats(tensor.info().name(), shape, values));
            }
        }
        Files.createDirectories(to);
        SafetensorsWriter.write(to.resolve("model.safetensors"), tensors, Map.of());
    }

    private static float[] turned(float[] values, Shape shape) {
        int rows = (int) shape.dim(1);
        int cols = (int) shape.dim(2);
        float[] turned = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            int expert = i / (rows * cols);
            int row = i % (rows * cols) / cols;
            turned[(expert * cols + i % cols) * rows + row] = values[i];
        }
        return turned;
    }

    private ModelSource models(String model) {
        return Merges.models(temp.resolve(model));
    }

    private static Recipe linear(String a, String b) {
        return Merges.recipe(
                "merge_method: linear\nmodels:\n  - {model: "
                        + a
                        + ", parameters: {weight: 0.3}}\n  - {model: "
                        + b
                        + ", parameters: {weight: 0.7}}\n");
    }

    private byte[] merged(String model, Recipe recipe, PlanOptions.TensorSet tensors)
            throws IOException {
        Path out = temp.resolve("out");
        PlanOptions options = new PlanOptions(0, PlanOptions.DEFAULT_SHARD_BYTES, tensors, false);
        try (MergePlan plan = Merges.plan(recipe, models(model), options)) {
            MergeEngine.run(
                    plan,
                    out,
                    Options.DEFAULT.overwriting().build(),
                    MergeListener.NONE,
                    new Cancellation());
        }
        return Files.readAllBytes(out.resolve("model.safetensors"));
    }

    @ParameterizedTest
    @CsvSource({
        "single, fused",
        "fused, single",
        "turned, single",
        "single, turned",
        "fused, turned",
        "turned, fused"
    })
    void theFirstModelsLayoutIsWritten(String first, String second) throws IOException {
        for (String model : List.of("qwen3_moe", "mixtral")) {
            byte[] right =
                    merged(model, linear("a-" + first, "b-" + first), PlanOptions.TensorSet.SAME);
            for (PlanOptions.TensorSet tensors : PlanOptions.TensorSet.values()) {
                byte[] got = merged(model, linear("a-" + first, "b-" + second), tensors);
                assertThat(got).isEqualTo(right);
            }
        }
    }

    @Test
    void layersOfBothLayoutsAreStacked() throws IOException {
        String stack =
                """
                merge_method: passthrough
                slices:
                  - sources: [{model: a-single, layer_range: [0, 1]}]
                  - sources: [{model: b-LAYOUT, layer_range: [0, 1]}]
                """;
        byte[] right =
                merged(
                        "qwen3_moe",
                        Merges.recipe(stack.replace("LAYOUT", "single")),
                        PlanOptions.TensorSet.SAME);
        for (String layout : List.of("fused", "turned")) {
            assertThat(
                            merged(
                                    "qwen3_moe",
                                    Merges.recipe(stack.replace("LAYOUT", layout)),
                                    PlanOptions.TensorSet.SAME))
                    .isEqualTo(right);
        }
    }

    @Test
    void thePlanSaysSo() throws IOException {
        try (MergePlan plan =
                Merges.plan(
                        linear("a-fused", "b-single"), models("mixtral"), PlanOptions.DEFAULT)) {
            assertThat(plan.renamings())
                    .extracting(Renaming::describe)
                    .containsExactly(
                            "model.layers.#.block_sparse_moe.experts.#.* as model.layers.#.mlp.experts.* (2 tensors)",
                            "model.layers.#.block_sparse_moe.* as model.layers.#.mlp.* (1 tensor)");
        }
    }
}
