package io.amalgam.internal.formats.hub;

import java.io.IOException;

/** No answer came, however often it was tried. */
final class HubUnreachableException extends IOException {
    private static final long serialVersionUID = 1L;

    HubUnreachableException(String message, Throwable cause) {
        super(message, cause);
    }
}
