package io.amalgam.cli.console;

import io.amalgam.internal.engine.TensorScan;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** A bar over the bytes that are read, on a terminal; nothing elsewhere. */
public final class ScanProgress implements TensorScan.Progress, AutoCloseable {
    private static final long MEGABYTE = 1_000_000;

    private final Console console;
    private final String task;
    private final boolean shown;
    private @Nullable ProgressBar bar;

    public ScanProgress(Console console, String task, boolean silent) {
        this.console = console;
        this.task = task;
        this.shown = !silent && console.terminal().messages();
    }

    @Override
    public void read(long bytes, long of) {
        if (!shown) {
            return;
        }
        if (bar == null) {
            bar =
                    new ProgressBarBuilder()
                            .setTaskName(task)
                            .setInitialMax(of)
                            .setUnit(" MB", MEGABYTE)
                            .setStyle(ProgressBarStyle.ASCII)
                            .clearDisplayOnFinish()
                            .setConsumer(
                                    new ConsoleProgressBarConsumer(
                                            console.err(), console.terminal().columns() - 1))
                            .build();
        }
        bar.stepTo(bytes);
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
    }
}
