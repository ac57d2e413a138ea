package io.amalgam.engine;

/** A merge was stopped on request; it can be resumed. */
public final class MergeCancelledException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final boolean byInterrupt;

    /** For code called by a merge that the engine cannot interrupt. */
    public MergeCancelledException() {
        super("cancelled");
        this.byInterrupt = false;
    }

    private MergeCancelledException(Throwable cause) {
        super("cancelled: the thread was interrupted", cause);
        this.byInterrupt = true;
    }

    /**
     * The exception for an interrupted thread, whether it was waiting, reading or writing. Sets the
     * thread's interrupt flag again.
     */
    public static MergeCancelledException byInterrupt(Throwable cause) {
        if (!(cause instanceof InterruptedException)) {
            Thread.currentThread().interrupt();
        }
        return new MergeCancelledException(cause);
    }

    /** Whether the thread was interrupted, rather than a {@link Cancellation} used. */
    public boolean isByInterrupt() {
        return byInterrupt;
    }
}
