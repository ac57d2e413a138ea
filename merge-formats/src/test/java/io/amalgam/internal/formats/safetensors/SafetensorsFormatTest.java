package io.amalgam.internal.formats.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.CheckpointFormat.Match;
import io.amalgam.checkpoint.OutputFormat;
import io.amalgam.checkpoint.OutputFormat.LayoutOptions;
import io.amalgam.checkpoint.OutputFormat.OutputModel;
import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.error.BadInputException;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsWriter;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsFormatTest {
    private final SafetensorsFormat format = new SafetensorsFormat();
    private final SafetensorsOutput output = new SafetensorsOutput();

    @Test
    void bothFormatsAreFound() {
        assertThat(ServiceLoader.load(OutputFormat.class))
                .extracting(OutputFormat::name)
                .contains("safetensors", "huggingface");
    }

    @Test
    void opensFilesByTheirEnding(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("m.safetensors");
        SafetensorsWriter.write(file, List.of(NamedTensor.ofFloats("w", Shape.of(1), 1)), Map.of());

        assertThat(format.match(file)).isNotEqualTo(Match.NONE);
        assertThat(format.match(directory)).isEqualTo(Match.NONE);
        assertThat(format.match(Files.createFile(directory.resolve("m.bin"))))
                .isEqualTo(Match.NONE);
        assertThat(format.match(Files.createDirectory(directory.resolve("d.safetensors"))))
                .isEqualTo(Match.NONE);
        assertThat(format.match(directory.resolve("missing.safetensors"))).isEqualTo(Match.NONE);
        try (Checkpoint checkpoint = format.open(file, "m")) {
            assertThat(checkpoint.tensors()).containsOnlyKeys("w");
        }
    }

    @Test
    void laysOutOneFile() {
        List<TensorInfo> tensors =
                List.of(
                        new TensorInfo("a", DType.F16, Shape.of(10)),
                        new TensorInfo("b", DType.F32, Shape.of(10)));

        OutputLayout layout =
                output.layout(OutputModel.of(tensors), new LayoutOptions(60, Map.of("k", "v")));

        assertThat(layout.files()).hasSize(1);
        assertThat(layout.files().get(0).name()).isEqualTo("model.safetensors");
        String header = new String(layout.files().get(0).header(), StandardCharsets.UTF_8);
        assertThat(header).contains("{\"__metadata__\":{\"format\":\"pt\",\"k\":\"v\"}");
        long start = layout.files().get(0).header().length;
        assertThat(layout.placements())
                .containsExactly(
                        new OutputLayout.Placement(0, start + 40),
                        new OutputLayout.Placement(0, start));
        assertThat(layout.last()).isEmpty();
        assertThat(layout.bytes()).isEqualTo(start + 60);
    }

    @Test
    void refusesALimitThatTakesShards() {
        List<TensorInfo> tensors = List.of(new TensorInfo("a", DType.F16, Shape.of(10)));
        assertThatThrownBy(
                        () ->
                                output.layout(
                                        OutputModel.of(tensors), new LayoutOptions(19, Map.of())))
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "output of format 'safetensors': expected at most 19 bytes of tensors, the limit for one file, got 20; it is one file always: set no limit (0), or write the format 'huggingface'");
        assertThat(output.layout(OutputModel.of(tensors), new LayoutOptions(0, Map.of())).files())
                .hasSize(1);
    }

    @Test
    void aGivenFormatStays() {
        assertThat(SafetensorsOutput.withFormat(Map.of("format", "np")))
                .containsExactly(Map.entry("format", "np"));
    }
}
