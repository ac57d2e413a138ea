package io.amalgam.formats.safetensors;

import io.amalgam.internal.io.AtomicFile;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Writes tensors from memory. The same tensors and metadata give the same bytes, in any order.
 * Stateless and thread-safe.
 */
public final class SafetensorsWriter {
    private SafetensorsWriter() {}

    /**
     * Writes a file completely or not at all: data goes to a temporary file in the same folder,
     * which is forced to the device and then renamed, replacing an existing file.
     *
     * @param metadata free-form; some readers expect {@code format: pt}
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
