package io.amalgam.formats.safetensors;

import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.UUID;

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
        Path temporary =
                file.resolveSibling("." + file.getFileName() + "." + UUID.randomUUID() + ".tmp");
        try {
            // Not Files.createTempFile: it makes files that only their owner may read.
            try (FileChannel channel =
                    FileChannel.open(
                            temporary, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
                write(channel, ByteBuffer.wrap(layout.header()), 0);
                for (int i = 0; i < tensors.size(); i++) {
                    write(channel, tensors.get(i).data().duplicate(), layout.offset(i));
                }
                channel.force(true);
            }
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private static void write(FileChannel channel, ByteBuffer data, long at) throws IOException {
        long next = at;
        while (data.hasRemaining()) {
            next += channel.write(data, next);
        }
    }
}
