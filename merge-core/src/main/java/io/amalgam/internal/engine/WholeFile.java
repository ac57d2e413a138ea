package io.amalgam.internal.engine;

import io.amalgam.checkpoint.OutputFormat;
import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.checkpoint.OutputModel;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.encoding.TensorEncoding;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.TensorInfo;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A file of tensors that appears whole or not at all: written beside its place, forced, and moved
 * there by {@link #commit()}; closed without that, it is gone.
 */
final class WholeFile implements Closeable, RunningAverage.Sink {
    private final Path target;
    private final Path part;
    private final FileChannel channel;
    private final Map<String, Long> offsets = new HashMap<>();
    private final Workspace workspace = new Workspace(ScalarKernels.INSTANCE, RunningAverage.BLOCK);

    private WholeFile(Path target, Path part, FileChannel channel) {
        this.target = target;
        this.part = part;
        this.channel = channel;
    }

    /** Begins a file of these tensors. */
    static WholeFile create(
            OutputFormat format,
            Path target,
            List<TensorInfo> tensors,
            Map<String, String> metadata)
            throws IOException {
        OutputLayout layout =
                format.layout(OutputModel.of(tensors), new OutputFormat.LayoutOptions(0, metadata));
        Path part = target.resolveSibling(target.getFileName() + ".part");
        FileChannel channel =
                FileChannel.open(
                        part,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.WRITE);
        WholeFile file = new WholeFile(target, part, channel);
        try {
            file.write(0, ByteBuffer.wrap(layout.files().get(0).header()));
        } catch (IOException e) {
            try (file) {
                throw e;
            }
        }
        for (int t = 0; t < tensors.size(); t++) {
            file.offsets.put(tensors.get(t).name(), layout.placements().get(t).offset());
        }
        return file;
    }

    /** A buffer for a block's bytes. */
    ByteBuffer bytes(int length) {
        return workspace.bytes(length);
    }

    /** Writes a tensor's bytes from one of its elements on. */
    void write(TensorInfo tensor, long element, ByteBuffer bytes) throws IOException {
        long begin = Objects.requireNonNull(offsets.get(tensor.name()));
        write(begin + tensor.dtype().bytesFor(element), bytes);
    }

    private void write(long position, ByteBuffer bytes) throws IOException {
        long at = position;
        while (bytes.hasRemaining()) {
            at += channel.write(bytes, at);
        }
    }

    @Override
    public void floats(TensorInfo tensor, long from, float[] values, int n) throws IOException {
        TensorEncoding encoding = TensorEncoding.of(tensor.dtype());
        float largest = encoding.largest();
        for (int i = 0; i < n; i++) {
            if (!(Math.abs(values[i]) <= largest)) {
                throw new BadInputException(
                        Problem.expected(
                                "average of tensor '" + tensor.name() + "'",
                                "numbers that " + tensor.dtype() + " can hold",
                                values[i] + " at element " + (from + i)));
            }
        }
        ByteBuffer bytes = workspace.bytes((int) tensor.dtype().bytesFor(n));
        encoding.encode(values, n, bytes, workspace);
        write(tensor, from, bytes);
    }

    @Override
    public void integers(TensorInfo tensor, long from, long[] values, int n) throws IOException {
        int width = tensor.dtype().blockBytes();
        ByteBuffer bytes = workspace.bytes(n * width);
        for (int i = 0; i < n; i++) {
            Integers.put(tensor.dtype(), bytes, i * width, values[i]);
        }
        write(tensor, from, bytes);
    }

    /** Makes the file appear, in the place of one that may have been there. */
    void commit() throws IOException {
        channel.force(true);
        channel.close();
        try {
            Files.move(
                    part,
                    target,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(part, target, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
        Files.deleteIfExists(part);
    }
}
