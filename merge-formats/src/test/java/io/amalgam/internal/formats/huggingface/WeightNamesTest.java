package io.amalgam.internal.formats.huggingface;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.ModuleFolders;
import io.amalgam.checkpoint.OutputFormat.LayoutOptions;
import io.amalgam.checkpoint.OutputFormat.OutputModel;
import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.checkpoint.OutputLayout.DataFile;
import io.amalgam.checkpoint.OutputLayout.SmallFile;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Weights that are not called {@code model.safetensors}: diffusers' folders, variants. */
class WeightNamesTest {
    private static final HuggingFaceFormat FORMAT = new HuggingFaceFormat();
    private static final HuggingFaceOutput OUTPUT = new HuggingFaceOutput();

    @TempDir Path path;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "diffusion_pytorch_model",
                "diffusion_pytorch_model.fp16",
                "diffusion_pytorch_model.non_ema",
                "model.fp16"
            })
    void oneFileIsReadAndNamedSoOnOutput(String base) throws IOException {
        new ModelDirectory(path).weights(base + ".safetensors", "a", "b");

        OutputLayout layout = outputOfTheSame(0);

        assertThat(layout.files())
                .extracting(DataFile::name)
                .containsExactly(base + ".safetensors");
        assertThat(layout.last()).isEmpty();
    }

    /** As diffusers 0.3x writes Flux and SD3, and both places of a variant in the index's name. */
    @ParameterizedTest
    @CsvSource({
        "diffusion_pytorch_model, diffusion_pytorch_model.safetensors.index.json,"
                + " diffusion_pytorch_model.safetensors.index.json",
        "diffusion_pytorch_model.fp16, diffusion_pytorch_model.safetensors.index.fp16.json,"
                + " diffusion_pytorch_model.safetensors.index.fp16.json",
        "diffusion_pytorch_model.fp16, diffusion_pytorch_model.fp16.safetensors.index.json,"
                + " diffusion_pytorch_model.safetensors.index.fp16.json",
        "model.bf16, model.safetensors.index.bf16.json, model.safetensors.index.bf16.json"
    })
    void shardsAreReadAndNamedSoOnOutput(String base, String index, String written)
            throws IOException {
        String first = base + "-00001-of-00002.safetensors";
        String second = base + "-00002-of-00002.safetensors";
        new ModelDirectory(path)
                .weights(first, "a")
                .weights(second, "b")
                .file(
                        index,
                        "{\"weight_map\":{\"a\":\"%s\",\"b\":\"%s\"}}".formatted(first, second));

        OutputLayout layout = outputOfTheSame(1);

        assertThat(layout.files()).extracting(DataFile::name).containsExactly(first, second);
        assertThat(layout.last()).extracting(SmallFile::name).containsExactly(written);
        assertThat(new String(layout.last().get(0).content(), "UTF-8"))
                .contains("\"a\": \"" + first + "\"");
    }

    @Test
    void weightsWithoutAVariantComeFirst() throws IOException {
        new ModelDirectory(path)
                .weights("diffusion_pytorch_model.fp16.safetensors", "half")
                .weights("diffusion_pytorch_model.safetensors", "full");

        try (Checkpoint opened = FORMAT.open(path, "m")) {
            assertThat(opened.tensors()).containsOnlyKeys("full");
            assertThat(opened.folders().weights()).isEqualTo("diffusion_pytorch_model");
        }
    }

    @Test
    void transformersWeightsComeBeforeDiffusers() throws IOException {
        new ModelDirectory(path)
                .weights("diffusion_pytorch_model.safetensors", "d")
                .weights("model.safetensors", "t");

        try (Checkpoint opened = FORMAT.open(path, "m")) {
            assertThat(opened.tensors()).containsOnlyKeys("t");
            assertThat(opened.folders()).isEqualTo(ModuleFolders.NONE);
        }
    }

    @Test
    void aVariantOfWhatIsNoWeightsIsNoModel() throws IOException {
        new ModelDirectory(path).weights("model.v2.final.safetensors", "a");

        assertThatThrownBy(() -> FORMAT.open(path, "m"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("to merge that file alone");
    }

    @Test
    void allNamesAreRemovedBeforeAnotherModelIsPutThere() throws IOException {
        ModelDirectory model = new ModelDirectory(path);
        List<String> weights =
                List.of(
                        "diffusion_pytorch_model-00001-of-00002.safetensors",
                        "diffusion_pytorch_model.bin",
                        "diffusion_pytorch_model.fp16-00001-of-00002.safetensors",
                        "diffusion_pytorch_model.fp16.safetensors",
                        "diffusion_pytorch_model.safetensors",
                        "diffusion_pytorch_model.safetensors.index.fp16.json",
                        "diffusion_pytorch_model.safetensors.index.json",
                        "model-00001-of-00001.fp16.safetensors",
                        "model.fp16.safetensors",
                        "model.safetensors.index.json",
                        "pytorch_model.fp16.bin");
        for (String name : weights) {
            model.file(name, "x");
        }
        model.file("model_index.json", "{}").file("other.safetensors", "x");

        assertThat(OUTPUT.weightFilesIn(path))
                .extracting(Path::toString)
                .containsExactlyElementsOf(weights);
        assertThat(Files.exists(path.resolve("other.safetensors"))).isTrue();
    }

    private OutputLayout outputOfTheSame(long limit) throws IOException {
        try (Checkpoint opened = FORMAT.open(path, "m")) {
            assertThat(opened.tensors()).containsOnlyKeys("a", "b");
            List<TensorInfo> infos =
                    opened.tensors().values().stream().map(TensorSource::info).toList();
            return OUTPUT.layout(
                    OutputModel.of(infos), new LayoutOptions(limit, Map.of(), opened.folders()));
        }
    }
}
