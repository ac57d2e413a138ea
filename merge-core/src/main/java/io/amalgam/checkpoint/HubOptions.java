package io.amalgam.checkpoint;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Access to a model hub, for models named {@code org/name} instead of by a path. The library reads
 * no environment variables; the default is the public hub without a token.
 *
 * @param cache the folder that is shared with the hub's Python client
 * @param endpoint the hub's address
 * @param token for gated and private repositories; sent to the endpoint only, never printed
 * @param offline whether to make no requests
 * @param timeout the longest wait for data from the server
 * @param streamBuffer bytes on disk through which models are read over the network; empty to
 *     download them first
 */
public record HubOptions(
        Path cache,
        URI endpoint,
        Optional<String> token,
        boolean offline,
        Duration timeout,
        Optional<Long> streamBuffer) {
    private static final URI PUBLIC = URI.create("https://huggingface.co");
    private static final Duration SILENCE = Duration.ofSeconds(10);

    /** The public hub, with downloads into a cache. */
    public static HubOptions of(Path cache) {
        return new HubOptions(cache, PUBLIC, Optional.empty(), false, SILENCE, Optional.empty());
    }

    /** Another hub. */
    public HubOptions endpoint(URI address) {
        return new HubOptions(cache, address, token, offline, timeout, streamBuffer);
    }

    /** With a token of the hub; empty for none. */
    public HubOptions token(String secret) {
        return new HubOptions(cache, endpoint, Optional.of(secret), offline, timeout, streamBuffer);
    }

    /** Without requests: models are in the cache, or an error. */
    public HubOptions offline(boolean only) {
        return new HubOptions(cache, endpoint, token, only, timeout, streamBuffer);
    }

    /** With a time limit for each request. */
    public HubOptions timeout(Duration longest) {
        return new HubOptions(cache, endpoint, token, offline, longest, streamBuffer);
    }

    /** Keeps no weights: they are read over the network through a buffer of so many bytes. */
    public HubOptions streaming(long bytes) {
        return new HubOptions(cache, endpoint, token, offline, timeout, Optional.of(bytes));
    }

    /** Without the token. */
    @Override
    public String toString() {
        return "HubOptions[" + endpoint + ", " + cache + (offline ? ", offline]" : "]");
    }
}
