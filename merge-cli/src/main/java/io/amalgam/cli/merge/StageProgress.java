package io.amalgam.cli.merge;

import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.ProgressView;
import io.amalgam.engine.MergeListener;
import io.amalgam.internal.engine.ForwardingListener;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The progress of successive merges, each with its own view. */
public final class StageProgress implements ForwardingListener, AutoCloseable {
    private final Console console;
    private final boolean quiet;
    private final boolean silent;
    private @Nullable ProgressView view;
    private Optional<MergeListener.Observer> observer = Optional.empty();

    /**
     * @param quiet whether nothing at all is said
     * @param json whether progress is not wanted either
     */
    public StageProgress(Console console, boolean quiet, boolean json) {
        this.console = console;
        this.quiet = quiet;
        this.silent = quiet || json;
    }

    /** All merges are shown to an observer from now on. */
    public void observedBy(MergeListener.Observer seen) {
        observer = Optional.of(seen);
    }

    @Override
    public void stage(Stage stage) {
        begin("stage '" + stage.name() + "'");
    }

    @Override
    public void stageSkipped(Stage stage) {
        note("stage '" + stage.name() + "' is there from an earlier run");
    }

    @Override
    public void result(Path out) {
        begin("");
    }

    private void begin(String text) {
        close();
        if (!text.isEmpty()) {
            note(text);
        }
        view = ProgressView.on(console, silent);
    }

    private void note(String text) {
        if (!quiet) {
            console.note(Console.oneLine(text));
        }
    }

    @Override
    public MergeListener listener() {
        return view == null ? MergeListener.NONE : view;
    }

    @Override
    public Optional<Observer> observer() {
        return observer;
    }

    @Override
    public void close() {
        if (view != null) {
            view.close();
            view = null;
        }
    }
}
