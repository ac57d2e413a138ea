package io.amalgam.cli.batch;

import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.Failure;
import io.amalgam.cli.console.OptionWords;
import io.amalgam.cli.merge.StageProgress;
import io.amalgam.engine.MergeListener;
import io.amalgam.error.Problem;
import io.amalgam.runs.Batch;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Prints how a batch goes. */
final class BatchProgress implements Batch.Listener, AutoCloseable {
    private final Console console;
    private final boolean quiet;
    private final boolean json;
    private @Nullable StageProgress stages;

    BatchProgress(Console console, boolean quiet, boolean json) {
        this.console = console;
        this.quiet = quiet;
        this.json = json;
    }

    @Override
    public void begins(Batch.Job job, int number, int count) {
        if (!quiet) {
            String place = number == 0 ? "-" : String.valueOf(number);
            console.note(Console.oneLine("[" + place + "/" + count + "] " + job.name()));
        }
    }

    @Override
    public void warnings(Batch.Job job, List<Problem> warnings) {
        console.warnings(warnings);
    }

    @Override
    public MergeListener merging() {
        close();
        stages = new StageProgress(console, quiet, json);
        return stages;
    }

    @Override
    public void ends(Batch.Result result) {
        close();
        if (result.state() == Batch.State.FAILED) {
            console.warnings(result.warnings());
        }
        console.errors(result.problems());
        if (!quiet && !json) {
            result.score().ifPresent(score -> console.note("judged: " + score.value()));
        }
    }

    @Override
    public List<Problem> problems(Throwable failure) {
        return Failure.of(failure, false).problems();
    }

    @Override
    public Problem words(Problem problem) {
        return OptionWords.of(problem);
    }

    @Override
    public void close() {
        if (stages != null) {
            stages.close();
            stages = null;
        }
    }
}
