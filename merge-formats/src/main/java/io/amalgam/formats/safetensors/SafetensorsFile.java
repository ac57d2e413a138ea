package io.amalgam.formats.safetensors;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.FileRegion;
import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.error.Suggestions;
import io.amalgam.internal.formats.files.FileKinds;
import io.amalgam.internal.formats.files.FileText;
import io.amalgam.internal.io.Placeholders;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An open safetensors file of any size. Opening reads and checks the header only. Thread-safe until
 * closed.
 *
 * <pre>{@code
 * try (SafetensorsFile file = SafetensorsFile.open(Path.of("model.safetensors"))) {
 *     float[] weights = file.floats("model.embed_tokens.weight");
 * }
 * }</pre>
 */
public final class SafetensorsFile implements Checkpoint {
    /** The longest array every JVM can allocate. */
    private static final int MAX_ARRAY = Integer.MAX_VALUE - 8;

    private static final int BLOCK = 32 * 1024;

    private final Path path;
    private final FileChannel channel;
    private final Map<String, String> metadata;
    private final Map<String, StoredTensor> tensors;

    private SafetensorsFile(
            Path path, String model, FileChannel channel, SafetensorsHeader header) {
        this.path = path;
        this.channel = channel;
        this.metadata = header.metadata();
        Map<String, StoredTensor> stored = new LinkedHashMap<>();
        header.tensors()
                .forEach(
                        (name, entry) -> {
                            FileRegion region =
                                    new FileRegion(
                                            channel,
                                            path,
                                            header.dataStart() + entry.begin(),
                                            entry.end() - entry.begin());
                            stored.put(name, new StoredTensor(model, entry.info(), region));
                        });
        this.tensors = Collections.unmodifiableMap(stored);
    }

    /**
     * @throws SafetensorsException if the file violates a rule of the format
     * @throws BadInputException if it is a directory, a pipe or a device
     * @throws IOException if it cannot be read
     */
    public static SafetensorsFile open(Path path) throws IOException {
        return open(path, path.toString());
    }

    /**
     * As {@link #open(Path)}.
     *
     * @param model the user's name for the checkpoint of this file
     */
    public static SafetensorsFile open(Path path, String model) throws IOException {
        FileKinds.require(path);
        FileChannel channel = Placeholders.open(path);
        try {
            SafetensorsHeader header =
                    SafetensorsHeader.read(path.toString(), channel, channel.size());
            return new SafetensorsFile(path, model, channel, header);
        } catch (IOException | RuntimeException | Error e) {
            try (channel) {
                throw e;
            }
        }
    }

    @Override
    public Path path() {
        return path;
    }

    /** The tensors by name, in the order of their data. */
    @Override
    public Map<String, StoredTensor> tensors() {
        return tensors;
    }

    @Override
    public Map<String, String> metadata() {
        return metadata;
    }

    @Override
    public List<Path> weightFiles() {
        return List.of(path);
    }

    /**
     * The stored bytes of a tensor: row-major, little-endian.
     *
     * @throws BadInputException if there is no such tensor, or it does not fit an array (2 GiB)
     * @throws IOException if the file cannot be read
     */
    public byte[] bytes(String name) throws IOException {
        StoredTensor tensor = tensor(name);
        byte[] bytes = new byte[arrayLength(name, tensor.info().bytes(), "bytes")];
        tensor.region().readFully(0, ByteBuffer.wrap(bytes));
        return bytes;
    }

    /**
     * The elements of a tensor, row-major, as float32: exact, except F64, which is rounded to
     * nearest.
     *
     * @throws BadInputException if there is no such tensor, it has no {@linkplain
     *     DType#arithmetic() arithmetic} type, or it does not fit an array (2^31 elements)
     * @throws IOException if the file cannot be read
     */
    public float[] floats(String name) throws IOException {
        StoredTensor tensor = tensor(name);
        DType dtype = tensor.info().dtype();
        if (!dtype.arithmetic()) {
            Object[] readable =
                    Arrays.stream(DType.values())
                            .filter(type -> type.safetensors() && type.arithmetic())
                            .toArray();
            throw bad(
                    Problem.expected(
                                    "type of tensor " + FileText.quote(name),
                                    "one of " + Arrays.toString(readable),
                                    dtype)
                            .hint("read its bytes instead"));
        }
        float[] values = new float[arrayLength(name, tensor.info().elements(), "elements")];
        Workspace workspace =
                new Workspace(ScalarKernels.INSTANCE, Math.min(BLOCK, Math.max(1, values.length)));
        int block = workspace.capacity();
        for (int done = 0; done < values.length; ) {
            int count = Math.min(block, values.length - done);
            tensor.read(done, count, values, done, workspace);
            done += count;
        }
        return values;
    }

    /** Closes the file; its tensors can no longer be read. */
    @Override
    public void close() throws IOException {
        channel.close();
    }

    private StoredTensor tensor(String name) {
        StoredTensor tensor = tensors.get(name);
        if (tensor == null) {
            String hint =
                    Suggestions.didYouMean(
                            name, tensors.keySet(), "the file's tensors are listed by 'tensors()'");
            throw bad(Problem.of("no tensor is named " + FileText.quote(name)).hint(hint));
        }
        return tensor;
    }

    private int arrayLength(String name, long length, String unit) {
        if (length > MAX_ARRAY) {
            throw bad(
                    Problem.expected(
                                    "tensor " + FileText.quote(name),
                                    "at most " + MAX_ARRAY + " " + unit,
                                    length)
                            .hint("read it in parts, by 'tensors().get(name)'"));
        }
        return (int) length;
    }

    private BadInputException bad(Problem problem) {
        return new BadInputException(problem.at("'" + path + "'"));
    }
}
