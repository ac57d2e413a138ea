package io.amalgam.internal.formats.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.amalgam.ModelLoader;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.internal.lora.apply.LoraCheckpoint;
import io.amalgam.internal.lora.extract.ExtractOptions;
import io.amalgam.internal.lora.extract.Extracted;
import io.amalgam.internal.lora.extract.Extraction;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What fine-tuning changed, taken out and put back. */
class ExtractionTest {
    @TempDir private Path folder;
    private Adapters adapters;
    private NamedTensor weight;
    private NamedTensor norm;
    private NamedTensor bias;
    private NamedTensor embedding;
    private NamedTensor tunedWeight;
    private Path base;
    private Path tuned;

    @BeforeEach
    void start() throws IOException {
        adapters = new Adapters(folder);
        weight = adapters.random("layers.0.fc.weight", 60, 90);
        bias = adapters.random("layers.0.fc.bias", 60);
        norm = adapters.random("layers.0.norm.weight", 60);
        embedding = adapters.random("embed_tokens.weight", 20, 8);
        NamedTensor still = adapters.random("layers.1.fc.weight", 5, 5);
        base = adapters.model("base", weight, bias, norm, embedding, still);
        // A change of rank 3.
        NamedTensor a = adapters.random("a", 3, 90);
        NamedTensor b = adapters.random("b", 60, 3);
        double[] changed = Adapters.plus(Adapters.wide(weight), 0.1, b, a);
        float[] values = new float[changed.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) changed[i];
        }
        tunedWeight = NamedTensor.ofFloats("layers.0.fc.weight", Shape.of(60, 90), values);
        tuned =
                adapters.model(
                        "tuned",
                        tunedWeight,
                        adapters.random("layers.0.fc.bias", 60),
                        adapters.random("layers.0.norm.weight", 60),
                        adapters.random("embed_tokens.weight", 20, 8),
                        still);
    }

    private Extracted extract(ExtractOptions options) throws IOException {
        ModelLoader formats = ModelLoader.load();
        try (Checkpoint from = formats.open(tuned, "tuned");
                Checkpoint origin = formats.open(base, "base")) {
            return Extraction.of(from, origin, "base", options, Optional.empty());
        }
    }

    @Test
    void puttingItBackGivesTheFineTune() throws IOException {
        Extracted extracted = extract(ExtractOptions.ofRank(3));
        assertThat(extracted.modules()).hasSize(1);
        assertThat(extracted.modules().get(0).energy()).isCloseTo(1, within(1e-6));
        assertThat(extracted.whole())
                .containsExactlyInAnyOrder("layers.0.norm.weight", "embed_tokens.weight");
        assertThat(extracted.unchanged()).isEqualTo(1);
        Path out = folder.resolve("out");
        new PeftFormat().write(out, extracted.adapter());

        try (LoraCheckpoint merged = Adapters.merged(base, out);
                Checkpoint wanted = ModelLoader.load().open(tuned, "tuned")) {
            for (String name : wanted.tensors().keySet()) {
                float[] got = Adapters.read(merged.tensors().get(name), 1024);
                float[] expected = Adapters.read(wanted.tensors().get(name), 1024);
                assertThat(got).containsExactly(expected, within(5e-6f));
            }
        }
    }

    @Test
    void energyChoosesTheRankAndHolds() throws IOException {
        Extracted extracted = extract(ExtractOptions.ofEnergy(0.6));
        Extracted.Report report = extracted.modules().get(0);
        assertThat(report.rank()).isBetween(1, 2);
        assertThat(report.energy()).isBetween(0.6, 0.999);
        Path out = folder.resolve("out");
        new PeftFormat().write(out, extracted.adapter());
        double lost = 0;
        try (LoraCheckpoint merged = Adapters.merged(base, out)) {
            float[] got = Adapters.read(merged.tensors().get("layers.0.fc.weight"), 1024);
            float[] wanted = Adapters.values(tunedWeight);
            for (int i = 0; i < got.length; i++) {
                lost += Math.pow(got[i] - wanted[i], 2);
            }
        }
        assertThat(1 - lost / Math.pow(report.norm(), 2)).isCloseTo(report.energy(), within(1e-5));
    }

    @Test
    void whatFactorsWouldNotMakeSmallerIsSavedWhole() throws IOException {
        tuned =
                adapters.model(
                        "tuned",
                        adapters.random("layers.0.fc.weight", 60, 90),
                        bias,
                        norm,
                        embedding,
                        tensor("layers.1.fc.weight", 5, 5));
        Extracted extracted = extract(ExtractOptions.ofEnergy(0.999));
        assertThat(extracted.whole())
                .containsExactlyInAnyOrder("layers.0.fc.weight", "layers.0.fc.bias");
        assertThat(extracted.modules())
                .extracting(Extracted.Report::module)
                .containsExactly("layers.1.fc");
    }

    /** A change of rank 1 on a small matrix. */
    private NamedTensor tensor(String name, int rows, int cols) throws IOException {
        try (Checkpoint origin = ModelLoader.load().open(base, "base")) {
            float[] values = Adapters.read(origin.tensors().get(name), 1024);
            for (int i = 0; i < cols; i++) {
                values[i] += 1;
            }
            return NamedTensor.ofFloats(name, Shape.of(rows, cols), values);
        }
    }

    @Test
    void modulesCanBeChosenAndTheRestLeftOut() throws IOException {
        ExtractOptions options =
                new ExtractOptions(
                        Optional.of(2),
                        Optional.empty(),
                        List.of(),
                        List.of(Pattern.compile("norm")),
                        true,
                        false);
        Extracted extracted = extract(options);
        assertThat(extracted.whole()).isEmpty();
        assertThat(extracted.skipped())
                .containsExactlyInAnyOrder("layers.0.norm.weight", "embed_tokens.weight");
    }

    @Test
    void transposedMatricesAreWrittenForConv1d() throws IOException {
        ExtractOptions options =
                new ExtractOptions(
                        Optional.of(3), Optional.empty(), List.of(), List.of(), true, true);
        Path out = folder.resolve("out");
        new PeftFormat().write(out, extract(options).adapter());
        try (LoraCheckpoint merged = Adapters.merged(base, out)) {
            assertThat(Adapters.read(merged.tensors().get("layers.0.fc.weight"), 1024))
                    .containsExactly(Adapters.values(tunedWeight), within(5e-6f));
        }
    }

    @Test
    void otherModelsAreRefused() throws IOException {
        tuned =
                adapters.model(
                        "tuned",
                        adapters.random("layers.0.fc.weight", 60, 91),
                        adapters.random("other", 3));
        assertThatThrownBy(() -> extract(ExtractOptions.ofRank(2)))
                .hasMessageContaining("expected [60, 90] as in the base, got [60, 91]")
                .hasMessageContaining("that only one has");
    }
}
