package io.amalgam.engine;

import java.util.List;

/**
 * What a finished merge did.
 *
 * @param tensors one for each output tensor, in the plan's order
 * @param kept names of what lay in the output directory before and is no part of a model: it is
 *     still there
 * @param resumed tensors taken over from an interrupted run
 * @param bytesMoved read and written by this run
 * @param seconds of this run, from the plan to the last rename
 */
public record MergeReport(
        String planHash,
        String kernels,
        int threads,
        List<Written> tensors,
        List<WrittenFile> files,
        List<String> kept,
        int resumed,
        long bytesMoved,
        double seconds) {
    public MergeReport {
        tensors = List.copyOf(tensors);
        files = List.copyOf(files);
        kept = List.copyOf(kept);
    }

    /** An output tensor and the CRC-32C of its bytes. */
    public record Written(String name, String crc32c) {}

    /** A weights file with its size and the CRC-32C of all its bytes, header included. */
    public record WrittenFile(String name, long bytes, String crc32c) {}
}
