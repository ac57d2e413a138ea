package io.amalgam.engine;

import io.amalgam.error.Problem;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The result of a finished merge.
 *
 * @param tensors one for each output tensor, in the plan's order
 * @param kept names of other files that were in the output directory and still are
 * @param warnings about recipe and models
 * @param resumed number of tensors finished by an interrupted run
 * @param bytesMoved bytes read and written by this run
 * @param seconds duration of this run, from the plan to the last rename
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
    /** Whether the result was already complete, so nothing was done. */
    public boolean wasFinished() {
        return resumed == tensors.size() && bytesMoved == 0 && seconds == 0;
    }

    /**
     * What a run of a recipe file with several documents did.
     *
     * @param stages those that are written, in order
     * @param result of the document without a name; empty where all are named
     */
    public record OfRecipe(List<OfStage> stages, Optional<MergeReport> result) {
        public OfRecipe {
            stages = List.copyOf(stages);
        }

        /** Those of all merges. */
        public List<Problem> warnings() {
            List<Problem> warnings = new ArrayList<>();
            stages.forEach(stage -> stage.report().ifPresent(r -> warnings.addAll(r.warnings())));
            result.ifPresent(r -> warnings.addAll(r.warnings()));
            return warnings;
        }
    }

    /**
     * A named document whose result is written.
     *
     * @param report empty where the result was there already
     */
    public record OfStage(String name, Path directory, Optional<MergeReport> report) {}

    /** Name of the report file next to a merged model. */
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
     * @param copiedFrom the input tensor whose bytes the operating system copied; empty if computed
     */
    public record Written(String name, Optional<String> crc32c, Optional<String> copiedFrom) {}

    /**
     * A weights file.
     *
     * @param crc32c of all its bytes, header included; empty if it contains copied tensors, which
     *     are not checksummed
     * @param modifiedMillis time of the last modification, in milliseconds since 1970
     */
    public record WrittenFile(
            String name, long bytes, Optional<String> crc32c, long modifiedMillis) {}
}
