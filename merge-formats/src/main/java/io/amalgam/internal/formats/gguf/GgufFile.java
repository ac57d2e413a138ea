package io.amalgam.internal.formats.gguf;

import io.amalgam.checkpoint.FileRegion;
import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.internal.formats.files.FileKinds;
import io.amalgam.internal.io.Placeholders;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An open GGUF file as it is: with its own names, its own order of rows. Opening reads and checks
 * the header, not a byte of the data. Safe for concurrent use until closed.
 */
public final class GgufFile implements Closeable {
    private final Path path;
    private final FileChannel channel;
    private final GgufHeader header;
    private final Map<String, Tensor> tensors = new LinkedHashMap<>();

    /** A tensor as it lies in the file. */
    public record Tensor(String name, GgmlType type, Shape shape, FileRegion region) {
        /**
         * The same as merges read it.
         *
         * @param model what the user calls the model
         */
        public StoredTensor stored(String model) {
            return new StoredTensor(model, new TensorInfo(name, type.dtype(), shape), region);
        }
    }

    private GgufFile(Path path, FileChannel channel, GgufHeader header) {
        this.path = path;
        this.channel = channel;
        this.header = header;
        for (GgufHeader.Entry entry : header.tensors().values()) {
            FileRegion region = new FileRegion(channel, path, entry.offset(), entry.length());
            tensors.put(
                    entry.name(), new Tensor(entry.name(), entry.type(), entry.shape(), region));
        }
    }

    /**
     * @throws io.amalgam.error.BadInputException if the file breaks a rule of the format, or is no
     *     regular file
     * @throws IOException if it cannot be read
     */
    public static GgufFile open(Path path) throws IOException {
        return open(path, true);
    }

    /**
     * The same for what needs no vocabulary: long arrays are left out of {@link #metadata()}, as if
     * the file did not have them.
     */
    static GgufFile openWithoutVocabulary(Path path) throws IOException {
        return open(path, false);
    }

    private static GgufFile open(Path path, boolean vocabulary) throws IOException {
        FileKinds.require(path);
        FileChannel channel = Placeholders.open(path);
        try {
            GgufHeader header =
                    GgufHeader.read(path.toString(), channel, channel.size(), vocabulary);
            return new GgufFile(path, channel, header);
        } catch (IOException | RuntimeException | Error e) {
            try (channel) {
                throw e;
            }
        }
    }

    public Path path() {
        return path;
    }

    /** The version of the format. */
    public int version() {
        return header.version();
    }

    public GgufMetadata metadata() {
        return header.metadata();
    }

    /** The tensors by name, in the order of the file. */
    public Map<String, Tensor> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
