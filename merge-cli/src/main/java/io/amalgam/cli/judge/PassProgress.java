package io.amalgam.cli.judge;

import io.amalgam.cli.console.Console;
import io.amalgam.error.Problem;
import io.amalgam.internal.engine.ReadingRun;
import java.util.List;

/** A line every few seconds on how far a pass is; none where it takes less. */
final class PassProgress implements ReadingRun.Listener {
    private static final long INTERVAL_NANOS = 5_000_000_000L;

    private final Console console;
    private final boolean silent;
    private long last = System.nanoTime();

    PassProgress(Console console, boolean silent) {
        this.console = console;
        this.silent = silent;
    }

    @Override
    public void progressed(long done, long of) {
        long now = System.nanoTime();
        if (!silent && now - last >= INTERVAL_NANOS) {
            last = now;
            console.note("%3d %%  step %d of %d".formatted(100 * done / of, done, of));
        }
    }

    @Override
    public void warned(Problem warning) {
        console.warnings(List.of(warning));
    }
}
