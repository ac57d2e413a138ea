package io.amalgam.method;

import java.io.UncheckedIOException;

/** A merge method threw an exception: a fault of the method, not of what it was given. */
public final class MethodFailedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private MethodFailedException(String method, String tensor, RuntimeException cause) {
        super("method '%s' failed on tensor '%s': %s".formatted(method, tensor, cause), cause);
    }

    /**
     * An exception with method and tensor in its message; those that say what they are about
     * themselves stay as they are.
     */
    public static RuntimeException of(String method, String tensor, RuntimeException cause) {
        boolean says =
                cause instanceof UncheckedIOException
                        || cause.getClass().getName().startsWith("io.amalgam.");
        return says ? cause : new MethodFailedException(method, tensor, cause);
    }
}
