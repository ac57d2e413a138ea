package io.amalgam.cli.hub;

import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.Quantity;
import io.amalgam.internal.formats.hub.PushListener;
import java.time.Duration;
import java.util.Locale;

/**
 * Shows how downloads and uploads go, on standard error: one line that changes on a terminal, lines
 * elsewhere.
 */
final class DownloadProgress implements PushListener {
    private static final long LINES_NANOS = 5_000_000_000L;
    private static final long TERMINAL_NANOS = 200_000_000L;

    private final Console console;
    private String name = "";
    private long begin;
    private long shown;
    private long first = -1;

    DownloadProgress(Console console) {
        this.console = console;
    }

    /** Nothing where it is silent. */
    static PushListener on(Console console, boolean silent) {
        return silent ? PushListener.NONE : new DownloadProgress(console);
    }

    @Override
    public void downloading(String repository, int files, long bytes) {
        begin("downloads", repository, files, bytes);
    }

    @Override
    public void uploading(String repository, int files, long bytes) {
        begin("uploads to", repository, files, bytes);
    }

    private void begin(String verb, String repository, int files, long bytes) {
        begin(repository);
        console.note(
                "%s %s: %s, %s"
                        .formatted(verb, name, Quantity.of(files, "file"), Quantity.bytes(bytes)));
    }

    private void begin(String what) {
        name = what;
        begin = System.nanoTime();
        shown = begin;
        first = -1;
    }

    @Override
    public void hashing(long done, long bytes) {
        if (first < 0) {
            begin("sha256");
        }
        progressed(done, bytes);
        if (done == bytes) {
            clear();
        }
    }

    @Override
    public void sent(long done, long bytes) {
        progressed(done, bytes);
    }

    @Override
    public void uploaded(String repository) {
        clear();
    }

    @Override
    public void progressed(long done, long bytes) {
        if (first < 0) {
            first = done;
        }
        long now = System.nanoTime();
        boolean terminal = console.terminal().messages();
        if (now - shown < (terminal ? TERMINAL_NANOS : LINES_NANOS)) {
            return;
        }
        shown = now;
        String line = line(done, bytes, (now - begin) / 1e9);
        if (terminal) {
            int width = console.terminal().columns() - 1;
            console.err().print("\r\u001b[2K" + line.substring(0, Math.min(width, line.length())));
            console.err().flush();
        } else {
            console.note(line);
        }
    }

    private String line(long done, long bytes, double seconds) {
        double speed = (done - first) / Math.max(seconds, 1e-9);
        return String.format(
                Locale.ROOT,
                "%3d %%  %s of %s  %s/s  %s left  %s",
                bytes == 0 ? 100 : (long) (100.0 * done / bytes),
                Quantity.bytes(done),
                Quantity.bytes(bytes),
                Quantity.bytes(speed),
                speed <= 0 ? "unknown" : Quantity.duration((bytes - done) / speed),
                name);
    }

    @Override
    public void waiting(String reason, Duration time) {
        if (time.toSeconds() >= 1) {
            clear();
            console.note(Console.oneLine(reason + ": tried again in " + time.toSeconds() + " s"));
        }
    }

    @Override
    public void downloaded(String repository) {
        clear();
    }

    private void clear() {
        if (console.terminal().messages()) {
            console.err().print("\r\u001b[2K");
        }
    }
}
