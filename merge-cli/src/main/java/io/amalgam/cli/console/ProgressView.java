package io.amalgam.cli.console;

import io.amalgam.engine.MergeListener;

/** Shows the progress of a merge on standard error. */
public interface ProgressView extends MergeListener, AutoCloseable {
    /** What is said where --resume finds a merge that has done nothing yet. */
    String STARTED_AFRESH =
            "nothing to resume: the earlier merge was stopped before its first tensor; starting anew";

    /** A bar on a terminal, lines elsewhere. */
    static ProgressView on(Console console, boolean silent) {
        if (silent) {
            return () -> {};
        }
        return console.terminal().messages()
                ? new ProgressBars(console)
                : new ProgressLines(console);
    }

    /** Which pass over the whole model is under way. */
    static String survey(int pass, int passes) {
        return passes == pass
                ? "pass " + pass + " over the whole model"
                : "pass " + pass + " of at most " + passes + " over the whole model";
    }

    /** A preparation under way; nothing when it is over. */
    static String preparation(String title, long done, long of) {
        return done == of ? "" : of == 1 ? title : title + ": " + done + " of " + of;
    }

    @Override
    void close();
}
