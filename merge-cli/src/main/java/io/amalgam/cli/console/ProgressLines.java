package io.amalgam.cli.console;

import java.util.Locale;

/** A line every few seconds, for logs. A merge that takes less says nothing. */
final class ProgressLines implements ProgressView {
    private static final long INTERVAL_NANOS = 5_000_000_000L;

    private final Console console;
    private long lastNanos;
    private long firstWritten = -1;
    private String survey = "";
    private volatile String aside = "";

    ProgressLines(Console console) {
        this.console = console;
    }

    @Override
    public void startedAfresh() {
        console.note(STARTED_AFRESH);
    }

    @Override
    public void surveying(int pass, int passes) {
        survey = ProgressView.survey(pass, passes);
    }

    @Override
    public void preparing(String title, long done, long of) {
        String text = ProgressView.preparation(title, done, of);
        aside = text.isEmpty() ? "" : "  " + text;
    }

    @Override
    public void progressed(Progress progress) {
        if (firstWritten < 0) {
            firstWritten = progress.bytesWritten();
        }
        if (progress.nanos() - lastNanos < INTERVAL_NANOS) {
            return;
        }
        lastNanos = progress.nanos();
        if (!survey.isEmpty() && progress.bytesWritten() == firstWritten) {
            double seconds = progress.nanos() / 1e9;
            console.note(survey + "  " + Quantity.bytes(progress.bytesMoved() / seconds) + "/s");
            return;
        }
        console.note(line(progress, firstWritten) + aside);
    }

    /**
     * @param firstWritten what an earlier run had written, which says nothing about this run's
     *     speed
     */
    static String line(Progress progress, long firstWritten) {
        double seconds = progress.nanos() / 1e9;
        double fraction =
                progress.bytesTotal() == 0
                        ? 1
                        : (double) progress.bytesWritten() / progress.bytesTotal();
        long written = progress.bytesWritten() - firstWritten;
        String left =
                written <= 0
                        ? "unknown"
                        : Quantity.duration(
                                (progress.bytesTotal() - progress.bytesWritten())
                                        * seconds
                                        / written);
        return String.format(
                Locale.ROOT,
                "%3.0f %%  %s of %s  %s/s  %s left",
                Math.floor(fraction * 100),
                Quantity.bytes(progress.bytesWritten()),
                Quantity.bytes(progress.bytesTotal()),
                Quantity.bytes(progress.bytesMoved() / Math.max(seconds, 1e-9)),
                left);
    }

    @Override
    public void close() {
        // Lines stay as they are.
    }
}
