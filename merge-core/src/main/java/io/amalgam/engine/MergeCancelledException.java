package io.amalgam.engine;

/** A merge was stopped on request; what it had finished can be resumed. */
public final class MergeCancelledException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final boolean byInterrupt;

    /** For work inside a merge that the engine cannot see. */
    public MergeCancelledException() {
        super("cancelled");
        this.byInterrupt = false;
    }

    private MergeCancelledException(Throwable cause) {
        super("cancelled: the thread was interrupted", cause);
        this.byInterrupt = true;
    }

    /**
     * What interrupting the thread that merges leads to, whether it waits, reads or writes. The
     * thread is marked as interrupted again.
     */
    public static MergeCancelledException byInterrupt(Throwable cause) {
        if (!(cause instanceof InterruptedException)) {
            Thread.currentThread().interrupt();
        }
        return new MergeCancelledException(cause);
    }

    /** Whether the thread was interrupted, and not a {@link Cancellation} used. */
    public boolean isByInterrupt() {
        return byInterrupt;
    }
}
