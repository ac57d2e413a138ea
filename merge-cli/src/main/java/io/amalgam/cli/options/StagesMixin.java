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

    /** The places of one merge of many, whose stages have a folder of its name there. */
    public StagePlaces places(StagedPlan plan, Path out, String merge) {
        return StagePlaces.of(
                plan, out, Optional.ofNullable(folder).map(stages -> stages.resolve(merge)));
    }
}
