package io.amalgam.method;

import java.io.UncheckedIOException;

/** A merge method threw an exception: a bug in the method, not bad input. */
public final class MethodFailedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private MethodFailedException(String method, String tensor, RuntimeException cause) {
        super("method '%s' failed on tensor '%s': %s".formatted(method, tensor, cause), cause);
    }

    /**
     * Adds method and tensor to the message of an exception; exceptions of this project and I/O
     * errors are returned unchanged.
     */
    public static RuntimeException of(String method, String tensor, RuntimeException cause) {
        boolean says =
                cause instanceof UncheckedIOException
                        || cause.getClass().getName().startsWith("io.amalgam.");
        return says ? cause : new MethodFailedException(method, tensor, cause);
    }
}
