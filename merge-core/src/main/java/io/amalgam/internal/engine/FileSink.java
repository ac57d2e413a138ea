package io.amalgam.internal.engine;

import io.amalgam.checkpoint.FileRegion;
import io.amalgam.checkpoint.OutputLayout.Placement;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/** Writes tensors to their final places in the files of an output. */
final class FileSink implements TensorSink {
    private final OutputFiles files;
    private final List<Placement> placements;
    private final DirectCopy direct;

    FileSink(OutputFiles files, List<Placement> placements) {
        this.files = files;
        this.placements = placements;
        this.direct = new DirectCopy(files);
    }

    @Override
    public void write(int tensor, long position, ByteBuffer bytes) throws IOException {
        Placement place = placements.get(tensor);
        if (!files.has(tensor)) {
            // Codes are in this part of the output, and scales in another, or the reverse.
            return;
        }
        files.write(place.file(), place.offset() + position, bytes);
    }

    @Override
    public boolean tryWrite(int tensor, long position, ByteBuffer bytes) throws IOException {
        Placement place = placements.get(tensor);
        return !files.has(tensor) || files.tryWrite(place.file(), place.offset() + position, bytes);
    }

    @Override
    public void read(int tensor, long position, ByteBuffer into) throws IOException {
        Placement place = placements.get(tensor);
        files.read(place.file(), place.offset() + position, into);
    }

    @Override
    public long copy(int tensor, long position, FileRegion from, long at, long count)
            throws IOException {
        Placement place = placements.get(tensor);
        return direct.copy(from, at, count, place.file(), place.offset() + position);
    }

    @Override
    public void close() throws IOException {
        direct.close();
    }
}
