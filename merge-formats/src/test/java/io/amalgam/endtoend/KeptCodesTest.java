package io.amalgam.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.ModelLoader;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.engine.MergeReport;
import io.amalgam.error.BadInputException;
import io.amalgam.formats.safetensors.SafetensorsFile;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Stacks of quantised layers that keep their codes: {@code golden/quant}. */
class KeptCodesTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden/quant/models");
    private static final String LAYER = "model.layers.0.";

    @TempDir Path folder;

    static List<String> models() throws IOException {
        try (Stream<Path> all = Files.list(GOLDEN)) {
            return all.filter(model -> !model.getFileName().toString().equals("fp8-plain"))
                    .filter(model -> Files.exists(model.resolve("model.safetensors")))
                    .filter(model -> !model.getFileName().toString().startsWith("hf-"))
                    .map(model -> model.getFileName().toString())
                    .sorted()
                    .toList();
        }
    }

    private Path run(String recipe) throws IOException {
        Path out = folder.resolve("out");
        Merges.run(recipe, GOLDEN, out, Options.DEFAULT);
        return out;
    }

    private static String twice(String model) {
        return """
               merge_method: passthrough
               slices:
                 - sources: [{model: %s, layer_range: [0, 1]}]
                 - sources: [{model: %s, layer_range: [0, 1]}]
               out_dtype: keep
               """
                .formatted(model, model);
    }

    @ParameterizedTest
    @MethodSource("models")
    void aLayerTwiceHasTheSameBytesTwice(String model) throws IOException {
        Path out = run(twice(model));
        Path file = GOLDEN.resolve(model).resolve("model.safetensors");
        try (SafetensorsFile before = SafetensorsFile.open(file);
                SafetensorsFile after = SafetensorsFile.open(out.resolve("model.safetensors"))) {
            for (String name : before.tensors().keySet()) {
                if (name.startsWith("model.layers.1.")) {
                    continue;
                }
                for (String copy : List.of(name, name.replace(LAYER, "model.layers.1."))) {
                    assertThat(after.tensors()).as(copy).containsKey(copy);
                    assertThat(after.tensors().get(copy).info().shape())
                            .isEqualTo(before.tensors().get(name).info().shape());
                    assertThat(after.bytes(copy)).as(copy).isEqualTo(before.bytes(name));
                }
            }
        }
        try (Checkpoint before = ModelLoader.load().open(GOLDEN.resolve(model), "before");
                Checkpoint after = ModelLoader.load().open(out, "after")) {
            assertThat(after.quantisation().orElseThrow().name())
                    .isEqualTo(before.quantisation().orElseThrow().name());
            for (Map.Entry<String, ? extends TensorSource> tensor : after.tensors().entrySet()) {
                String origin = tensor.getKey().replace("model.layers.1.", LAYER);
                assertThat(read(tensor.getValue())).isEqualTo(read(before.tensors().get(origin)));
            }
        }
    }

    private static float[] read(TensorSource source) throws IOException {
        float[] values = new float[(int) source.info().elements()];
        source.read(
                0,
                values.length,
                values,
                0,
                new Workspace(ScalarKernels.INSTANCE, Math.max(1, values.length)));
        return values;
    }

    /** Where the format is asked for by name, and the model has it already. */
    @ParameterizedTest
    @CsvSource({
        "fp8-ct-block, fp8_block",
        "fp8-ct-channel, fp8",
        "fp8-ct-tensor, fp8_tensor",
        "fp8-deepseek, fp8_block",
        "int4-ct-sym, int4_g32",
        "int4-ct-asym, int4_asym_g32",
        "int8-ct-channel, int8",
        "mxfp4-ct, mxfp4",
        "mxfp8-ct, mxfp8",
        "nvfp4-ct, nvfp4",
        "nvfp4-modelopt, nvfp4"
    })
    void theSameFormatByNameIsCopied(String model, String type) throws IOException {
        Path out =
                run(
                        "merge_method: passthrough\nmodels: [{model: "
                                + model
                                + "}]\nout_dtype: "
                                + type
                                + "\n");
        Path file = GOLDEN.resolve(model).resolve("model.safetensors");
        try (SafetensorsFile before = SafetensorsFile.open(file);
                SafetensorsFile after = SafetensorsFile.open(out.resolve("model.safetensors"))) {
            for (String name : after.tensors().keySet()) {
                assertThat(after.bytes(name)).as(name).isEqualTo(before.bytes(name));
            }
            assertThat(before.tensors().keySet())
                    .filteredOn(name -> !name.matches(".*\\.input_(global_)?scale"))
                    .isSubsetOf(after.tensors().keySet());
        }
    }

    @Test
    void mergedTensorsOfTheFormatAreQuantisedAnew() throws IOException {
        Path copy = Files.createDirectory(folder.resolve("copy"));
        for (String file : List.of("config.json", "model.safetensors")) {
            Files.copy(GOLDEN.resolve("fp8-ct-channel").resolve(file), copy.resolve(file));
        }
        String recipe =
                """
                merge_method: linear
                models:
                  - {model: fp8-ct-channel, parameters: {weight: 1}}
                  - {model: '%s', parameters: {weight: 1}}
                out_dtype: keep
                """
                        .formatted(copy.toAbsolutePath());
        Path out = run(recipe);
        String name = LAYER + "mlp.down_proj.weight";
        Path file = GOLDEN.resolve("fp8-ct-channel/model.safetensors");
        try (SafetensorsFile before = SafetensorsFile.open(file);
                SafetensorsFile after = SafetensorsFile.open(out.resolve("model.safetensors"))) {
            assertThat(after.tensors().keySet()).isEqualTo(before.tensors().keySet());
            assertThat(after.bytes(name)).isEqualTo(before.bytes(name));
        }
    }

    @Test
    void formatsThatDifferAreRefused() {
        String recipe =
                """
                merge_method: passthrough
                slices:
                  - sources: [{model: fp8-ct-channel, layer_range: [0, 1]}]
                  - sources: [{model: mxfp4-ct, layer_range: [0, 1]}]
                out_dtype: keep
                """;
        assertThatThrownBy(() -> run(recipe))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining(
                        "expected the format of 'fp8-ct-channel' (FP8 by rows, compressed-tensors), got MXFP4, compressed-tensors");
    }

    @Test
    void whatCannotBeWrittenIsRefused() {
        String recipe =
                "merge_method: passthrough\nmodels: [{model: gptq-v1, parameters: {scale: 0.5}}]\nout_dtype: keep\n";
        assertThatThrownBy(() -> run(recipe))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining(
                        "is merged, and new values cannot be written as the models have them");
    }

    @Test
    void aCopyIsInTheReport() throws IOException {
        Path out = folder.resolve("out");
        MergeReport report =
                Merges.run(Merges.recipe(twice("gptq-v1")), GOLDEN, out, Options.DEFAULT.build());
        assertThat(report.tensors())
                .anyMatch(tensor -> tensor.name().equals("model.layers.1.mlp.up_proj.qweight"));
    }
}
