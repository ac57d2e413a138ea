package io.amalgam.internal.checkpoint;

import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.Optional;

/** A tensor under another name than the one it is stored by. */
public record RenamedTensor(TensorSource source, String name) implements TensorSource {
    @Override
    public TensorInfo info() {
        return new TensorInfo(name, source.info().dtype(), source.info().shape());
    }

    @Override
    public boolean read(long from, int count, float[] dst, int at, Workspace workspace)
            throws IOException {
        return source.read(from, count, dst, at, workspace);
    }

    @Override
    public Optional<StoredTensor> stored() {
        return source.stored().map(s -> new StoredTensor(s.model(), info(), s.region()));
    }

    @Override
    public Optional<Codes> codes() {
        return source.codes();
    }

    @Override
    public long storedBytes() {
        return source.storedBytes();
    }

    @Override
    public String identity() {
        return stored().map(StoredTensor::identity).orElse(source.identity() + " as " + name);
    }
}
