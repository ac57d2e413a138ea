package io.amalgam.internal.formats.safetensors;

import io.amalgam.checkpoint.CheckpointFormat;
import io.amalgam.checkpoint.OutputFormat;
import io.amalgam.checkpoint.OutputFormat.OutputModel;
import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.checkpoint.OutputLayout.DataFile;
import io.amalgam.checkpoint.OutputLayout.Placement;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.formats.safetensors.SafetensorsLayout;
import io.amalgam.internal.formats.files.WeightName;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Writes one {@code .safetensors} file: a model without configuration. */
public final class SafetensorsOutput implements OutputFormat {
    @Override
    public String name() {
        return "safetensors";
    }

    @Override
    public CheckpointFormat reader() {
        return new SafetensorsFormat();
    }

    /**
     * One file, {@code model.safetensors}: without an index, shards could not be found again.
     *
     * @throws BadInputException if the tensors take more than the limit for one file
     */
    @Override
    public OutputLayout layout(OutputModel model, LayoutOptions options) {
        List<TensorInfo> tensors = model.tensors();
        long bytes = tensors.stream().mapToLong(TensorInfo::bytes).reduce(0, Math::addExact);
        if (options.maxShardBytes() > 0 && bytes > options.maxShardBytes()) {
            throw new BadInputException(
                    Problem.expected(
                                    "output of format 'safetensors'",
                                    "at most "
                                            + options.maxShardBytes()
                                            + " bytes of tensors, the limit for one file",
                                    bytes)
                            .hint(
                                    "it is one file always: set no limit (0), or write the format 'huggingface'"));
        }
        SafetensorsLayout layout = SafetensorsLayout.of(tensors, withFormat(options.metadata()));
        List<Placement> placements =
                IntStream.range(0, tensors.size())
                        .mapToObj(i -> new Placement(0, layout.offset(i)))
                        .toList();
        DataFile file = new DataFile("model.safetensors", layout.header(), layout.size());
        return new OutputLayout(List.of(file), placements, List.of());
    }

    /** Weights and indices by the names that this and other tools give them. */
    @Override
    public List<Path> weightFilesIn(Path directory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.filter(Files::isRegularFile)
                    .map(Path::getFileName)
                    .filter(name -> WeightName.isWeights(name.toString()))
                    .sorted()
                    .toList();
        }
    }

    /** Adds {@code format: pt} where no format is given: some readers refuse a file without it. */
    public static Map<String, String> withFormat(Map<String, String> metadata) {
        Map<String, String> all = new LinkedHashMap<>(metadata);
        all.putIfAbsent("format", "pt");
        return all;
    }
}
