package io.amalgam.internal.search;

import io.amalgam.error.Problem;

/** Hears how a search goes, on the thread that runs it. */
public interface SearchListener {
    SearchListener NONE = new SearchListener() {};

    /** A candidate was judged. */
    default void judged(Trial trial, boolean best) {}

    /** Candidates were judged before, by a run that ended. */
    default void resumed(int candidates) {}

    /** Something looks wrong. */
    default void warned(Problem warning) {}
}
