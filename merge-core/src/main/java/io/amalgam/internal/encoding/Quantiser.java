package io.amalgam.internal.encoding;

import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.List;

/**
 * Writes one tensor as several: codes, and the scales that give them their values. Made for one
 * tensor; without state, and safe for concurrent use.
 */
public interface Quantiser {
    /** What is written, codes first. */
    List<TensorInfo> stored();

    /** How, for people and for the hash of plans: {@code int4 in groups of 128}. */
    String name();

    /**
     * Elements that are encoded together: whole groups, rows, or rows of blocks. The tensor's last
     * piece may have fewer.
     */
    int step();

    /** Elements that one worker encodes in their order: whole steps. */
    default int together() {
        return step();
    }

    /** Bytes that a worker keeps between the steps that it encodes together. */
    default long bytesKept() {
        return 0;
    }

    /** Whether a scale depends on the largest magnitude of the whole tensor. */
    default boolean needsLargest() {
        return false;
    }

    /** A name for all tensors that share the largest magnitude, each its own by default. */
    default String largestOf() {
        return stored().get(0).name();
    }

    /**
     * Encodes finite values from a multiple of {@link #step()} on, whole steps or up to the
     * tensor's end. What is written of each stored tensor follows what an earlier piece wrote of
     * it, without a gap.
     *
     * @param at where the values begin
     * @param from the first one's place in the tensor
     * @param largest magnitude of the tensor, or of all it shares a scale with; 0 where {@link
     *     #needsLargest()} is false
     */
    void encode(
            float[] values,
            int at,
            int count,
            long from,
            float largest,
            Target target,
            Workspace workspace)
            throws IOException;

    /** Takes bytes of the stored tensors. */
    interface Target {
        /**
         * @param stored which of {@link Quantiser#stored()}
         * @param position of the first byte in it
         */
        void write(int stored, long position, byte[] bytes, int count) throws IOException;
    }
}
