package io.amalgam.engine;

/**
 * Lets another thread stop a merge. The merge stops between blocks and can be resumed. Thread-safe.
 */
public final class Cancellation {
    private volatile boolean requested;

    public void cancel() {
        requested = true;
    }

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
