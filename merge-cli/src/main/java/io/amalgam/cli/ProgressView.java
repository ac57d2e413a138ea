package io.amalgam.cli;

import io.amalgam.engine.MergeListener;

/** Shows how a merge goes, on standard error. */
interface ProgressView extends MergeListener, AutoCloseable {
    /** A bar on a terminal, lines elsewhere. */
    static ProgressView on(Console console, boolean silent) {
        if (silent) {
            return () -> {};
        }
        return console.terminal().messages()
                ? new ProgressBars(console)
                : new ProgressLines(console);
    }

    @Override
    void close();
}
