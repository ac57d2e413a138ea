package io.amalgam.formats.safetensors;

import io.amalgam.internal.io.AtomicFile;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Writes tensors that are in memory. The same tensors and metadata give the same bytes, in whatever
 * order they come.
 */
public final class SafetensorsWriter {
    private SafetensorsWriter() {}

    /**
     * Writes a file, or nothing: the data goes to a temporary file beside {@code file}, which is
     * forced to the device and then renamed, replacing a file that is there.
     *
     * @param metadata free-form; readers that go by it look for {@code format: pt}
     * @throws IllegalArgumentException if a name appears twice or cannot be written
     * @throws IOException if writing fails; the temporary file is deleted
     */
    public static void write(Path file, List<NamedTensor> tensors, Map<String, String> metadata)
            throws IOException {
        List<TensorInfo> infos = tensors.stream().map(NamedTensor::info).toList();
        SafetensorsLayout layout = SafetensorsLayout.of(infos, metadata);
        try (AtomicFile whole = AtomicFile.create(file)) {
            whole.write(ByteBuffer.wrap(layout.header()), 0);
            for (int i = 0; i < tensors.size(); i++) {
                whole.write(tensors.get(i).data().duplicate(), layout.offset(i));
            }
            whole.commit();
        }
    }
}
