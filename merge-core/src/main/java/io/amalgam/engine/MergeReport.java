package io.amalgam.engine;

import io.amalgam.error.Problem;
import java.util.List;
import java.util.Optional;

/**
 * What a finished merge did.
 *
 * @param tensors one for each output tensor, in the plan's order
 * @param kept names of what lay in the output directory before and is no part of a model: it is
 *     still there
 * @param warnings all that was said of the recipe and the models
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
        List<Problem> warnings,
        int resumed,
        long bytesMoved,
        double seconds) {
    /** Whether the result was there, whole, so that nothing was done. */
    public boolean wasFinished() {
        return resumed == tensors.size() && bytesMoved == 0 && seconds == 0;
    }

    /** What the file that says this beside a merged model is called. */
    public static final String FILE = "amalgam-report.json";

    public MergeReport {
        tensors = List.copyOf(tensors);
        files = List.copyOf(files);
        kept = List.copyOf(kept);
        warnings = List.copyOf(warnings);
    }

    /**
     * An output tensor.
     *
     * @param crc32c of its bytes; empty if it is a copy
     * @param copiedFrom the input tensor whose bytes the system copied, nothing being computed
     */
    public record Written(String name, Optional<String> crc32c, Optional<String> copiedFrom) {}

    /**
     * A weights file.
     *
     * @param crc32c of all its bytes, header included; empty if it holds copied tensors, whose
     *     bytes were not looked at
     * @param modifiedMillis when it was last written to, in milliseconds since 1970
     */
    public record WrittenFile(
            String name, long bytes, Optional<String> crc32c, long modifiedMillis) {}
}
