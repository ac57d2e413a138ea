package io.amalgam.cli.options;

import io.amalgam.internal.stages.StagePlaces;
import io.amalgam.internal.stages.StagedPlan;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options for the results of named documents. */
public final class StagesMixin {
    @Option(
            names = {"--keep-stages", "--intermediate-dir", "-I"},
            paramLabel = "DIR",
            description =
                    "Write the results of named documents (stages) to folders in DIR, and keep them.")
    private @Nullable Path folder;

    /** Whether all stages are written. */
    public boolean kept() {
        return folder != null;
    }

    /** The places of a merge whose stages have the folder given. */
    public StagePlaces places(StagedPlan plan, Path out) {
        return StagePlaces.of(plan, out, Optional.ofNullable(folder));
    }

    /** The folder for the results of named documents. */
    public Optional<Path> folder() {
        return Optional.ofNullable(folder);
    }
}
