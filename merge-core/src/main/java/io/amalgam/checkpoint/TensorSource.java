package io.amalgam.checkpoint;

import io.amalgam.error.Problem;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * A tensor as input of a merge: stored in a file, or computed from stored tensors during reading
 * (re-indexed rows, a sum of low-rank factors, a permutation, another stage's result). The engine
 * knows only this type.
 *
 * <p>Implementations allow concurrent reads with different workspaces, and hold no tensor data.
 */
public interface TensorSource {
    /** Name, type and shape, as seen by the merge. */
    TensorInfo info();

    /**
     * Reads elements {@code from .. from+count} of the row-major tensor as float32 into {@code dst}
     * from index {@code at} on. F64 is rounded once; every other arithmetic type is exact.
     *
     * @return true if all values read are finite; false if they may not be
     * @param workspace the calling worker's buffers; {@code count} is at most its capacity
     * @throws IOException if the storage cannot be read
     */
    boolean read(long from, int count, float[] dst, int at, Workspace workspace) throws IOException;

    /**
     * The stored tensor, if the file contains exactly the bytes of {@link #info()}, so that they
     * can be copied.
     */
    default Optional<StoredTensor> stored() {
        return Optional.empty();
    }

    /** The stored codes and scales, if this is exactly a quantised tensor of a file. */
    default Optional<Codes> codes() {
        return Optional.empty();
    }

    /**
     * The stored tensors of a quantised tensor.
     *
     * @param name its own, in its model
     * @param tensors codes first
     * @param besides tensors not needed to decode it: scales of activations
     * @param blockRows rows that share a scale, where blocks of rows and columns do
     * @param blockColumns columns that do
     */
    record Codes(
            String name,
            List<StoredTensor> tensors,
            List<StoredTensor> besides,
            long blockRows,
            long blockColumns) {
        public Codes {
            tensors = List.copyOf(tensors);
            besides = List.copyOf(besides);
        }
    }

    /** Bytes read from storage to read the whole tensor once. */
    long storedBytes();

    /**
     * The cause of a NaN or infinite value, if it is in a part other than the model's own tensor,
     * such as an adapter; reads the parts.
     */
    default Optional<Problem> damagedPart() throws IOException {
        return Optional.empty();
    }

    /**
     * The origin of the values as a text, the same for one recipe on any machine; part of the plan
     * and its hash.
     */
    String identity();
}
