package io.amalgam.internal.formats.huggingface;

import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsWriter;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/** Builds model directories. */
record ModelDirectory(Path path) {
    /** A weights file with a tensor of one element for each name. */
    ModelDirectory weights(String file, String... tensors) throws IOException {
        SafetensorsWriter.write(
                path.resolve(file),
                Arrays.stream(tensors)
                        .map(name -> NamedTensor.ofFloats(name, Shape.of(1), name.length()))
                        .toList(),
                Map.of("format", "pt", "file", file));
        return this;
    }

    ModelDirectory file(String name, String content) throws IOException {
        Path file = path.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, content);
        return this;
    }

    /** An index whose weight map is these pairs of tensor and file. */
    ModelDirectory index(String... tensorsAndFiles) throws IOException {
        StringBuilder map = new StringBuilder();
        for (int i = 0; i < tensorsAndFiles.length; i += 2) {
            map.append(i == 0 ? "" : ",")
                    .append("\"%s\":\"%s\"".formatted(tensorsAndFiles[i], tensorsAndFiles[i + 1]));
        }
        return file(
                "model.safetensors.index.json", "{\"metadata\":{},\"weight_map\":{" + map + "}}");
    }
}
