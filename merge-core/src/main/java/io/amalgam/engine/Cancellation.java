package io.amalgam.engine;

/**
 * Lets another thread stop a merge. The merge stops between blocks, throws {@link
 * MergeCancelledException} and can be resumed. It cannot be reset: every further merge with it
 * stops too, so use a new one to resume. Thread-safe.
 */
public final class Cancellation {
    private volatile boolean requested;

    /** Requests a stop; the merge ends with {@link MergeCancelledException} soon after. */
    public void cancel() {
        requested = true;
    }

    /** Whether a stop was requested. */
    public boolean isRequested() {
        return requested;
    }

    /**
     * @throws MergeCancelledException if asked to stop
     */
    public void throwIfRequested() {
        if (requested) {
            throw new MergeCancelledException();
        }
    }
}
