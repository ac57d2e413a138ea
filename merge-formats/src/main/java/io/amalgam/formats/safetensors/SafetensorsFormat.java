package io.amalgam.formats.safetensors;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.CheckpointFormat;
import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.checkpoint.OutputLayout.DataFile;
import io.amalgam.checkpoint.OutputLayout.Placement;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** A bare {@code .safetensors} file: a model without configuration. */
public final class SafetensorsFormat implements CheckpointFormat {
    @Override
    public String name() {
        return "safetensors";
    }

    @Override
    public boolean canOpen(Path path) {
        return path.toString().endsWith(".safetensors") && Files.isRegularFile(path);
    }

    @Override
    public Checkpoint open(Path path, String name) throws IOException {
        return SafetensorsFile.open(path, name);
    }

    /**
     * One file, {@code model.safetensors}, however large: without an index, shards could not be
     * found again.
     */
    @Override
    public Optional<OutputLayout> layout(List<TensorInfo> tensors, LayoutOptions options) {
        SafetensorsLayout layout = SafetensorsLayout.of(tensors, withFormat(options.metadata()));
        List<Placement> placements =
                IntStream.range(0, tensors.size())
                        .mapToObj(i -> new Placement(0, layout.offset(i)))
                        .toList();
        DataFile file = new DataFile("model.safetensors", layout.header(), layout.size());
        return Optional.of(new OutputLayout(List.of(file), placements, List.of()));
    }

    /** Adds {@code format: pt} where no format is given: some readers refuse a file without it. */
    public static Map<String, String> withFormat(Map<String, String> metadata) {
        Map<String, String> all = new LinkedHashMap<>(metadata);
        all.putIfAbsent("format", "pt");
        return all;
    }
}
