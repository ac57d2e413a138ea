package io.amalgam.engine;

/** A merge was stopped on request; what it had finished can be resumed. */
public final class MergeCancelledException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** For work inside a merge that the engine cannot see. */
    public MergeCancelledException() {
        super("cancelled");
    }
}
