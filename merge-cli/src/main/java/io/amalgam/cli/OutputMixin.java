package io.amalgam.cli;

import io.amalgam.engine.EngineOptions;
import java.util.Optional;
import picocli.CommandLine.Option;

/** What to do with an output directory that is not empty. */
final class OutputMixin {
    @Option(names = "--resume", description = "Continue an interrupted merge.")
    private boolean resume;

    @Option(names = "--overwrite", description = "Write to a directory that is not empty.")
    private boolean overwrite;

    /** What is wrong with the values given. */
    Optional<String> complaint() {
        return resume && overwrite
                ? Optional.of("options '--resume' and '--overwrite' exclude each other")
                : Optional.empty();
    }

    EngineOptions on(EngineOptions options) {
        return options.resume(resume).overwrite(overwrite);
    }
}
