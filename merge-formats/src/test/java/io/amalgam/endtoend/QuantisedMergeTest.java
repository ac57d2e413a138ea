package io.amalgam.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.ModelLoader;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsFile;
import io.amalgam.formats.safetensors.SafetensorsWriter;
import io.amalgam.internal.tensor.BFloat16;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Merges of quantised models: {@code golden/quant}. */
class QuantisedMergeTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden/quant");
    private static final String DOWN = "model.layers.0.mlp.down_proj.weight";

    @TempDir Path folder;

    private static float[] expected(String model, String tensor) throws IOException {
        Path file = GOLDEN.resolve("expected").resolve(model + ".safetensors");
        try (SafetensorsFile dense = SafetensorsFile.open(file)) {
            return dense.floats(tensor);
        }
    }

    private static float round(float value) {
        return BFloat16.toFloat(BFloat16.fromFloat(value));
    }

    private Path merge(String recipe, Path root) throws IOException {
        Path out = folder.resolve("out");
        Merges.run(Merges.recipe(recipe), root, out, Options.DEFAULT.build());
        return out;
    }

    @Test
    void theOutputIsDense() throws IOException {
        Path out =
                merge(
                        "merge_method: passthrough\nmodels: [{model: nvfp4-modelopt}]\n",
                        GOLDEN.resolve("models"));
        try (Checkpoint written = ModelLoader.load().open(out, "out")) {
            assertThat(written.quantisation()).isEmpty();
            assertThat(written.config().orElseThrow().has("quantization_config")).isFalse();
            assertThat(written.tensors().keySet())
                    .noneMatch(name -> name.contains("scale") || name.contains("packed"));
            assertThat(written.tensors().values())
                    .allMatch(tensor -> tensor.info().dtype() == DType.BF16);
        }
        assertThat(out.resolve("hf_quant_config.json")).doesNotExist();
        float[] values = expected("nvfp4-modelopt", DOWN);
        try (SafetensorsFile file = SafetensorsFile.open(out.resolve("model.safetensors"))) {
            float[] merged = file.floats(DOWN);
            for (int i = 0; i < values.length; i++) {
                assertThat(merged[i]).isEqualTo(round(values[i]));
            }
        }
    }

    @Test
    void formatsMix() throws IOException {
        Path out =
                merge(
                        """
                        merge_method: linear
                        models:
                          - {model: bnb-nf4, parameters: {weight: 0.5}}
                          - {model: mxfp4-ct, parameters: {weight: 0.5}}
                        dtype: float32
                        """,
                        GOLDEN.resolve("models"));
        float[] one = expected("bnb-nf4", DOWN);
        float[] two = expected("mxfp4-ct", DOWN);
        try (SafetensorsFile file = SafetensorsFile.open(out.resolve("model.safetensors"))) {
            float[] merged = file.floats(DOWN);
            for (int i = 0; i < one.length; i++) {
                assertThat(merged[i]).isEqualTo((float) (0.5 * one[i] + 0.5 * two[i]));
            }
        }
    }

    @Test
    void adaptersGoOntoDequantisedWeights() throws IOException {
        Path adapter = Files.createDirectories(folder.resolve("x"));
        Files.writeString(
                adapter.resolve("adapter_config.json"),
                "{\"peft_type\": \"LORA\", \"r\": 1, \"lora_alpha\": 1, \"target_modules\": [\"down_proj\"]}");
        float[] a = new float[96];
        float[] b = new float[64];
        java.util.Arrays.fill(a, 0.5f);
        java.util.Arrays.fill(b, 0.25f);
        String module = "base_model.model.model.layers.0.mlp.down_proj.";
        SafetensorsWriter.write(
                adapter.resolve("adapter_model.safetensors"),
                List.of(
                        NamedTensor.ofFloats(module + "lora_A.weight", Shape.of(1, 96), a),
                        NamedTensor.ofFloats(module + "lora_B.weight", Shape.of(64, 1), b)),
                Map.of("format", "pt"));
        Path nf4 = GOLDEN.resolve("models/bnb-nf4").toAbsolutePath();
        String recipe =
                "merge_method: passthrough\nmodels: [{model: '"
                        + nf4
                        + "+"
                        + adapter.toAbsolutePath()
                        + "'}]\n";
        try (MergePlan plan = Merges.plan(Merges.recipe(recipe), folder, PlanOptions.DEFAULT)) {
            assertThat(plan.warnings().toString())
                    .contains("adapters are added to the dequantised weights of base model")
                    .contains("(NF4)");
        }
        float[] values = expected("bnb-nf4", DOWN);
        Path out = merge(recipe, folder);
        try (SafetensorsFile file = SafetensorsFile.open(out.resolve("model.safetensors"))) {
            float[] merged = file.floats(DOWN);
            for (int i = 0; i < values.length; i++) {
                assertThat(merged[i]).isEqualTo(round(values[i] + 0.125f));
            }
        }
    }
}
