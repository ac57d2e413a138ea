package io.amalgam.internal.formats.hub;

import java.net.ProxySelector;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Where models are kept and where they come from. Whoever has an environment fills it from there.
 *
 * @param endpoint the hub's address, without a slash at its end
 * @param cache the folder that is shared with the Python client
 * @param token sent to the endpoint alone; in no message
 * @param offline whether no request is made
 * @param timeout the longest silence of the other side
 * @param proxy which proxy an address is reached through
 */
public record HubSettings(
        URI endpoint,
        Path cache,
        Optional<String> token,
        boolean offline,
        Duration timeout,
        Optional<ProxySelector> proxy) {
    /** The public hub. */
    public static final URI PUBLIC = URI.create("https://huggingface.co");

    public HubSettings {
        String text = endpoint.toString();
        if (text.endsWith("/")) {
            endpoint = URI.create(text.substring(0, text.length() - 1));
        }
    }

    /** Whether an address is the endpoint's own: the only one that gets the token. */
    boolean isOwn(URI address) {
        return endpoint.getScheme().equalsIgnoreCase(address.getScheme())
                && endpoint.getHost().equalsIgnoreCase(address.getHost())
                && endpoint.getPort() == address.getPort();
    }

    /** Without the token. */
    @Override
    public String toString() {
        return "HubSettings[" + endpoint + ", " + cache + (offline ? ", offline]" : "]");
    }
}
