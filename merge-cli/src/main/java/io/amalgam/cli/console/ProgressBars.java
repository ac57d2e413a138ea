package io.amalgam.cli.console;

import io.amalgam.plan.MergePlan;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/**
 * A bar over the bytes of the output, with the speed of all reading and writing. It goes away when
 * the merge ends.
 */
final class ProgressBars implements ProgressView {
    private static final long MEGABYTE = 1_000_000;
    private static final int INTERVAL_MILLIS = 200;

    private final Console console;
    private @Nullable ProgressBar bar;
    private String survey = "";
    private volatile String aside = "";

    ProgressBars(Console console) {
        this.console = console;
    }

    @Override
    public void startedAfresh() {
        console.note(STARTED_AFRESH);
    }

    @Override
    public void started(MergePlan plan, int resumed) {
        bar =
                new ProgressBarBuilder()
                        .setTaskName("merging")
                        .setInitialMax(plan.outputBytes())
                        .setUnit(" MB", MEGABYTE)
                        .setUpdateIntervalMillis(INTERVAL_MILLIS)
                        .setStyle(ProgressBarStyle.ASCII)
                        .clearDisplayOnFinish()
                        .setConsumer(new Line(console))
                        .build();
    }

    @Override
    public void surveying(int pass, int passes) {
        survey = "  " + ProgressView.survey(pass, passes);
    }

    @Override
    public void preparing(String title, long done, long of) {
        String text = ProgressView.preparation(title, done, of);
        aside = text.isEmpty() ? "" : "  " + text;
    }

    @Override
    public void progressed(Progress progress) {
        if (bar != null) {
            bar.setExtraMessage(
                    Quantity.bytes(progress.bytesMoved() * 1e9 / Math.max(progress.nanos(), 1))
                            + "/s"
                            + (progress.bytesWritten() == 0 ? survey : "")
                            + aside);
            bar.stepTo(progress.bytesWritten());
        }
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
    }

    /**
     * Given the width, the library does not look for the terminal itself, which takes longer than
     * most merges.
     */
    private static final class Line extends ConsoleProgressBarConsumer {
        Line(Console console) {
            super(console.err(), console.terminal().columns() - 1);
        }

        @Override
        public void close() {
            // The cleared line is where the next message goes: no line feed.
        }
    }
}
