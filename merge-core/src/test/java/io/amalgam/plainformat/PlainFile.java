package io.amalgam.plainformat;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.FileRegion;
import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A weights file of the tests' own format: {@link PlainHeader}, then the tensors one after another.
 */
public final class PlainFile implements Checkpoint {
    private final Path path;
    private final FileChannel channel;
    private final PlainHeader header;
    private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();

    private PlainFile(Path path, String model, FileChannel channel, PlainHeader header, long data) {
        this.path = path;
        this.channel = channel;
        this.header = header;
        long at = data;
        for (TensorInfo info : header.tensors()) {
            FileRegion region = new FileRegion(channel, path, at, info.bytes());
            tensors.put(info.name(), new StoredTensor(model, info, region));
            at += info.bytes();
        }
    }

    public static PlainFile open(Path path) throws IOException {
        return open(path, path.toString());
    }

    static PlainFile open(Path path, String model) throws IOException {
        FileChannel channel = FileChannel.open(path);
        try {
            // Not closed: that would close the channel.
            PlainHeader header =
                    PlainHeader.read(new DataInputStream(Channels.newInputStream(channel)), path);
            return new PlainFile(path, model, channel, header, header.bytes().length);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** A sound safetensors file, as golden ones are. */
    public static PlainFile safetensors(Path path) throws IOException {
        FileChannel channel = FileChannel.open(path);
        try {
            ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
            channel.read(length, 0);
            ByteBuffer json = ByteBuffer.allocate((int) length.getLong(0));
            channel.read(json, 8);
            PlainHeader header = PlainHeader.ofSafetensors(json.array());
            return new PlainFile(path, path.toString(), channel, header, 8L + json.capacity());
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** A tensor in memory: its bytes are from the buffer's position to its limit. */
    public record NamedTensor(TensorInfo info, ByteBuffer data) {
        public static NamedTensor ofFloats(String name, Shape shape, float... values) {
            ByteBuffer data =
                    ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            data.asFloatBuffer().put(values);
            return new NamedTensor(new TensorInfo(name, DType.F32, shape), data);
        }

        public static NamedTensor ofBytes(String name, DType dtype, Shape shape, byte... data) {
            return new NamedTensor(new TensorInfo(name, dtype, shape), ByteBuffer.wrap(data));
        }
    }

    public static void write(Path path, List<NamedTensor> tensors, Map<String, String> metadata)
            throws IOException {
        List<TensorInfo> infos = tensors.stream().map(NamedTensor::info).toList();
        try (FileChannel channel =
                FileChannel.open(
                        path,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING)) {
            channel.write(ByteBuffer.wrap(new PlainHeader(infos, metadata).bytes()));
            for (NamedTensor tensor : tensors) {
                channel.write(tensor.data().duplicate());
            }
        }
    }

    /** A file with a header and a hole in place of the tensors. */
    public static void writeHeader(Path path, List<TensorInfo> tensors) throws IOException {
        byte[] header = new PlainHeader(tensors, Map.of()).bytes();
        Files.write(path, header);
        long size = header.length + tensors.stream().mapToLong(TensorInfo::bytes).sum();
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
            file.setLength(size);
        }
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public Map<String, StoredTensor> tensors() {
        return tensors;
    }

    @Override
    public Map<String, String> metadata() {
        return header.metadata();
    }

    @Override
    public List<Path> weightFiles() {
        return List.of(path);
    }

    public byte[] bytes(String name) throws IOException {
        StoredTensor tensor = tensors.get(name);
        byte[] bytes = new byte[(int) tensor.info().bytes()];
        tensor.region().readFully(0, ByteBuffer.wrap(bytes));
        return bytes;
    }

    public float[] floats(String name) throws IOException {
        StoredTensor tensor = tensors.get(name);
        float[] values = new float[(int) tensor.info().elements()];
        Workspace workspace = new Workspace(ScalarKernels.INSTANCE, Math.max(1, values.length));
        tensor.read(0, values.length, values, 0, workspace);
        return values;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
