package io.amalgam.engine;

/**
 * A switch by which another thread asks a merge to stop. It stops between blocks, leaving a state
 * that can be resumed.
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
