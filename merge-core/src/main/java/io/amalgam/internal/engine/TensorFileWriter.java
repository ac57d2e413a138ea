package io.amalgam.internal.engine;

import io.amalgam.checkpoint.OutputFormat;
import io.amalgam.checkpoint.OutputFormat.OutputModel;
import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.encoding.TensorEncoding;
import io.amalgam.internal.io.AtomicFile;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.TensorInfo;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A file of tensors that appears whole or not at all: by {@link #commit()}; closed without that, it
 * is gone.
 */
final class TensorFileWriter implements Closeable, RunningAverage.Sink {
    private final AtomicFile file;
    private final Map<String, Long> offsets = new HashMap<>();
    private final Workspace workspace = new Workspace(ScalarKernels.INSTANCE, RunningAverage.BLOCK);

    private TensorFileWriter(AtomicFile file) {
        this.file = file;
    }

    /** Begins a file of these tensors. */
    static TensorFileWriter create(
            OutputFormat format,
            Path target,
            List<TensorInfo> tensors,
            Map<String, String> metadata)
            throws IOException {
        OutputLayout layout =
                format.layout(OutputModel.of(tensors), new OutputFormat.LayoutOptions(0, metadata));
        TensorFileWriter file = new TensorFileWriter(AtomicFile.create(target));
        try {
            file.file.write(ByteBuffer.wrap(layout.files().get(0).header()), 0);
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
        file.write(bytes, begin + tensor.dtype().bytesFor(element));
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
        file.commit();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
