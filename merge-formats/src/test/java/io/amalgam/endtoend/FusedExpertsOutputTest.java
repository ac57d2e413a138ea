package io.amalgam.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.ModelLoader;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.error.Problem;
import io.amalgam.formats.safetensors.SafetensorsFile;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Experts in one tensor, written as codes and scales. */
class FusedExpertsOutputTest {
    private static final String EXPERTS = "model.layers.%d.mlp.experts.";
    private static final int MATRIX = 128 * 128;
    private static final int COUNT = 3;

    @TempDir static Path root;
    @TempDir Path temp;

    @BeforeAll
    static void models() throws IOException {
        for (String name : List.of("fused", "second", "single", "transposed", "biased", "cut")) {
            TestModel model = new TestModel();
            int seed = name.equals("second") ? 7 : 1;
            for (int layer = 0; layer < 2; layer++) {
                String attention = "model.layers." + layer + ".self_attn.q_proj.weight";
                model.random(attention, DType.F32, Shape.of(128, 128), layer);
                experts(model, name, EXPERTS.formatted(layer), new Random(seed + layer));
            }
            Path folder = Files.createDirectories(root.resolve(name));
            model.write(folder);
            Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"qwen3_moe\"}");
        }
    }

    private static void experts(TestModel model, String kind, String prefix, Random random) {
        if (kind.equals("transposed")) {
            model.random(prefix + "gate_up_proj", DType.F32, Shape.of(COUNT, 128, 512), 1);
            model.random(prefix + "down_proj", DType.F32, Shape.of(COUNT, 256, 128), 1);
            return;
        }
        if (kind.equals("cut")) {
            model.random(prefix + "gate_up_proj", DType.F32, Shape.of(COUNT, 384, 128), 1);
            model.random(prefix + "down_proj", DType.F32, Shape.of(COUNT, 128, 192), 1);
            return;
        }
        float[] gates = values(random, 2 * MATRIX);
        float[] down = values(random, MATRIX);
        if (kind.equals("single")) {
            for (int e = 0; e < COUNT; e++) {
                matrix(model, prefix + e + ".gate_proj.weight", gates, 2 * e * MATRIX);
                matrix(model, prefix + e + ".up_proj.weight", gates, (2 * e + 1) * MATRIX);
                matrix(model, prefix + e + ".down_proj.weight", down, e * MATRIX);
            }
            return;
        }
        model.values(prefix + "gate_up_proj", DType.F32, Shape.of(COUNT, 256, 128), gates);
        model.values(prefix + "down_proj", DType.F32, Shape.of(COUNT, 128, 128), down);
        if (kind.equals("biased")) {
            model.random(prefix + "gate_up_proj_bias", DType.F32, Shape.of(COUNT, 256), 1);
        }
    }

    private static float[] values(Random random, int perExpert) {
        float[] values = new float[COUNT * perExpert];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static void matrix(TestModel model, String name, float[] all, int at) {
        float[] own = Arrays.copyOfRange(all, at, at + MATRIX);
        model.values(name, DType.F32, Shape.of(128, 128), own);
    }

    private static String copy(String model, String type) {
        return "merge_method: passthrough\nmodels: [{model: %s}]\nout_dtype: %s\n"
                .formatted(model, type);
    }

    /** Codes and scales of each expert are those that its own matrices have. */
    @Test
    void blocksAreThoseOfSingleMatrices() throws IOException {
        Merges.run(copy("fused", "fp8_deepseek"), root, temp.resolve("f"), Options.DEFAULT);
        Merges.run(copy("single", "fp8_deepseek"), root, temp.resolve("s"), Options.DEFAULT);
        try (SafetensorsFile fused = SafetensorsFile.open(temp.resolve("f/model.safetensors"));
                SafetensorsFile single =
                        SafetensorsFile.open(temp.resolve("s/model.safetensors"))) {
            String prefix = EXPERTS.formatted(1);
            assertThat(fused.tensors().get(prefix + "gate_up_proj_scale_inv").info().shape())
                    .isEqualTo(Shape.of(COUNT, 2, 1));
            for (String scale : List.of("", "_scale_inv")) {
                byte[] gates = fused.bytes(prefix + "gate_up_proj" + scale);
                int each = gates.length / COUNT / 2;
                for (int e = 0; e < COUNT; e++) {
                    String own = prefix + e + ".up_proj.weight" + scale;
                    int from = (2 * e + 1) * each;
                    assertThat(Arrays.copyOfRange(gates, from, from + each))
                            .isEqualTo(single.bytes(own));
                }
            }
        }
    }

    @Test
    void mergedOnesOfAQuantisedModelAreWrittenAsItsOwn() throws IOException {
        Merges.run(copy("fused", "fp8_deepseek"), root, temp.resolve("one"), Options.DEFAULT);
        Merges.run(copy("second", "fp8_deepseek"), root, temp.resolve("two"), Options.DEFAULT);
        String merge =
                "merge_method: linear\nmodels:\n"
                        + "- {model: one, parameters: {weight: 1}}\n"
                        + "- {model: two, parameters: {weight: 1}}\n";
        for (String type : List.of("keep", "fp8_block")) {
            Path out = temp.resolve(type);
            Merges.run(merge + "out_dtype: " + type + "\n", temp, out, Options.DEFAULT);
            try (Checkpoint written = ModelLoader.load().open(out, type)) {
                assertThat(written.quantisation().orElseThrow().weights())
                        .contains(EXPERTS.formatted(0) + "gate_up_proj");
            }
        }
    }

    /** All of a module or none: engines load its experts in one way. */
    @ParameterizedTest
    @ValueSource(strings = {"transposed", "biased", "cut"})
    void othersStayDenseWithAWarning(String model) throws IOException {
        String recipe = copy(model, "fp8_deepseek");
        Path out = temp.resolve("out");
        Merges.run(recipe, root, out, Options.DEFAULT);
        try (MergePlan plan = Merges.plan(Merges.recipe(recipe), root, PlanOptions.DEFAULT);
                Checkpoint written = ModelLoader.load().open(out, "out")) {
            assertThat(written.quantisation().orElseThrow().weights())
                    .noneMatch(name -> name.contains("experts"));
            assertThat(plan.warnings())
                    .extracting(Problem::toString)
                    .singleElement()
                    .asString()
                    .contains("type 'fp8_deepseek' has no form for weights such as", "% of the");
        }
    }

    @Test
    void aTypeThatHasNoFormForThemSaysSo() throws IOException {
        String recipe = copy("fused", "fp8");
        try (MergePlan plan = Merges.plan(Merges.recipe(recipe), root, PlanOptions.DEFAULT)) {
            assertThat(plan.warnings())
                    .extracting(Problem::toString)
                    .singleElement()
                    .asString()
                    .matches(
                            "type 'fp8' has no form for weights such as 'model.layers.\\d.mlp.experts.gate_up_proj' \\[3, 256, 128\\], and 90 % of the model's bytes stay dense; 'fp8_deepseek' is .*");
        }
    }
}
