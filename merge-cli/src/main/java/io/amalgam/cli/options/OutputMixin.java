package io.amalgam.cli.options;

import io.amalgam.engine.EngineOptions;
import io.amalgam.error.Problem;
import io.amalgam.internal.engine.OutputCheck;
import io.amalgam.plan.MergePlan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options for output directories that are not empty. */
public final class OutputMixin {
    @Option(names = "--resume", description = "Continue an interrupted merge.")
    private boolean resume;

    @Option(
            names = "--overwrite",
            description =
                    "Write to a directory that is not empty. A model in it is replaced once the new one is complete; other files stay.")
    private boolean overwrite;

    @Mixin private CardMixin card;

    /** What is wrong with the values given. */
    public Optional<String> complaint() {
        return resume && overwrite
                ? Optional.of("options '--resume' and '--overwrite' exclude each other")
                : Optional.empty();
    }

    public boolean resumes() {
        return resume;
    }

    public EngineOptions on(EngineOptions options) {
        return card.on(options.resume(resume).overwrite(overwrite));
    }

    /** What a merge into a directory would be refused for, by these options. */
    public List<Problem> problems(MergePlan plan, Path out) throws IOException {
        return OutputCheck.problems(plan, out, resume, overwrite);
    }
}
