package io.amalgam;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.FileRegion;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.error.Suggestions;
import io.amalgam.internal.checkpoint.TensorReads;
import io.amalgam.tensor.TensorInfo;
import java.io.Closeable;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** An open checkpoint whose tensors are read as ND4J arrays. Thread-safe until closed. */
public final class OpenModel implements Closeable {
    private final Checkpoint checkpoint;
    private volatile boolean closed;

    OpenModel(Checkpoint checkpoint) {
        this.checkpoint = checkpoint;
    }

    /** Tensor names, in the order of the file. */
    public Set<String> names() {
        return checkpoint.tensors().keySet();
    }

    /** Type and shape of a tensor, without reading it. */
    public TensorInfo info(String name) {
        return source(name).info();
    }

    /** The underlying checkpoint. */
    public Checkpoint checkpoint() {
        return checkpoint;
    }

    /**
     * Reads a tensor into a new array, with the stored shape and the matching ND4J type (F32 is
     * FLOAT, F16 HALF, BF16 BFLOAT16, I64 LONG, ...). F8 types are decoded to FLOAT.
     *
     * @throws BadInputException if there is no such tensor, or ND4J has no such type
     * @throws IOException if it cannot be read, or the checkpoint is closed
     */
    public INDArray tensor(String name) throws IOException {
        if (closed) {
            throw new IOException("checkpoint '" + checkpoint.path() + "' is closed");
        }
        return read(source(name));
    }

    static INDArray read(TensorSource source) throws IOException {
        TensorInfo info = source.info();
        DataType type = ArrayTypes.of(info);
        if (info.elements() == 0) {
            return Nd4j.empty(type);
        }
        if (!ArrayTypes.sameBytes(info) || source.stored().isEmpty()) {
            return ArrayTypes.array(decode(source), info.shape().dims());
        }
        INDArray array = Nd4j.createUninitialized(type, info.shape().dims(), 'c');
        FileRegion region = source.stored().get().region();
        ArrayBytes.each(array, region.length(), region::readFully);
        return array;
    }

    /** Reads all tensors, in order. */
    public Map<String, INDArray> tensors() throws IOException {
        Map<String, INDArray> all = new LinkedHashMap<>();
        for (String name : names()) {
            all.put(name, tensor(name));
        }
        return all;
    }

    private TensorSource source(String name) {
        TensorSource source = checkpoint.tensors().get(Objects.requireNonNull(name, "name"));
        if (source == null) {
            throw new BadInputException(
                    Problem.of("no tensor '" + name + "' in '" + checkpoint.path() + "'")
                            .hint(
                                    Suggestions.didYouMean(
                                            name,
                                            names(),
                                            "it has " + names().size() + " tensors; see names()")));
        }
        return source;
    }

    static float[] decode(TensorSource source) throws IOException {
        return TensorReads.of(source);
    }

    @Override
    public void close() throws IOException {
        closed = true;
        checkpoint.close();
    }
}
