package io.amalgam.internal.formats.hub;

import java.net.URI;
import java.util.Optional;

/**
 * Where a file's bytes are: at the endpoint, or where that last sent us by a signed address, which
 * ends some time. Thread-safe.
 */
final class FileAddress {
    private URI own;
    private Optional<URI> signed = Optional.empty();

    /**
     * @param own at the endpoint
     */
    FileAddress(URI own) {
        this.own = own;
    }

    synchronized URI get() {
        return signed.orElse(own);
    }

    /** Follows a redirect to another host. */
    synchronized void moved(URI address) {
        signed = Optional.of(address);
    }

    /** Follows a redirect inside the endpoint, which may lead on. */
    synchronized void movedInside(URI address) {
        own = address;
    }

    /**
     * After an address was refused, the endpoint is asked again. Requests under way at once may all
     * be refused: the first one forgets the address, and the others did not use the endpoint's.
     *
     * @return false if it was the endpoint itself that refused
     */
    synchronized boolean forget(URI refused) {
        if (signed.equals(Optional.of(refused))) {
            signed = Optional.empty();
        }
        return !refused.equals(own);
    }
}
