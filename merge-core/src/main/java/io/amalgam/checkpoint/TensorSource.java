package io.amalgam.checkpoint;

import io.amalgam.error.Problem;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * A tensor as a merge reads it: stored in a file, or made from stored ones while it is read
 * (re-indexed rows, a sum of low-rank factors, a permutation, another stage's result). The engine
 * knows only this type.
 *
 * <p>Implementations are safe for concurrent reads with different workspaces, and hold no tensor
 * data.
 */
public interface TensorSource {
    /** Name, type and shape as the merge sees the tensor. */
    TensorInfo info();

    /**
     * Reads elements {@code from .. from+count} of the row-major tensor as float32 into {@code dst}
     * from index {@code at} on. F64 is rounded once; every other arithmetic type is exact.
     *
     * @return whether no value read is NaN or infinite, where that was seen on the way; false says
     *     nothing
     * @param workspace the calling worker's buffers; {@code count} is at most its capacity
     * @throws IOException if the storage cannot be read
     */
    boolean read(long from, int count, float[] dst, int at, Workspace workspace) throws IOException;

    /**
     * The stored bytes, if the tensor is in a file exactly as {@link #info()} says, so that they
     * can be copied unread.
     */
    default Optional<StoredTensor> stored() {
        return Optional.empty();
    }

    /** What it is decoded from, if it is a quantised tensor of a file and nothing more. */
    default Optional<Codes> codes() {
        return Optional.empty();
    }

    /**
     * The tensors that a quantised one is stored as.
     *
     * @param name its own, in its model
     * @param tensors codes first
     * @param besides what is not needed to decode it: scales of activations
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

    /** Bytes that reading the whole tensor once takes from storage. */
    long storedBytes();

    /**
     * What is wrong with a part it is made of besides the model's own tensor, where a value read is
     * NaN or infinite; reads the parts.
     */
    default Optional<Problem> damagedPart() throws IOException {
        return Optional.empty();
    }

    /**
     * Where the values come from, the same for the same recipe on any machine: part of the plan and
     * its hash.
     */
    String identity();
}
