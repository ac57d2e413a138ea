package io.amalgam.internal.formats.hub;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Proxies as the usual environment variables name them. */
public final class Proxies extends ProxySelector {
    private static final int HTTP = 80;
    private static final int HTTPS = 443;

    private final Optional<InetSocketAddress> https;
    private final Optional<InetSocketAddress> http;
    private final List<String> direct = new ArrayList<>();

    private Proxies(Optional<String> https, Optional<String> http, String direct) {
        this.https = https.flatMap(Proxies::address);
        this.http = http.flatMap(Proxies::address);
        for (String host : direct.split(",", -1)) {
            String name = host.strip().toLowerCase(Locale.ROOT).replaceFirst("^\\*?\\.", "");
            if (!name.isEmpty()) {
                this.direct.add(name);
            }
        }
    }

    /**
     * @param https as {@code HTTPS_PROXY} has it
     * @param http as {@code HTTP_PROXY} has it
     * @param direct as {@code NO_PROXY} has it
     * @return empty if there is no proxy
     */
    public static Optional<ProxySelector> of(
            Optional<String> https, Optional<String> http, Optional<String> direct) {
        return https.isEmpty() && http.isEmpty()
                ? Optional.empty()
                : Optional.of(new Proxies(https, http, direct.orElse("")));
    }

    /** Addresses come with and without a scheme. */
    private static Optional<InetSocketAddress> address(String text) {
        try {
            URI uri = URI.create(text.contains("://") ? text : "http://" + text);
            int port = uri.getPort() > 0 ? uri.getPort() : isHttps(uri) ? HTTPS : HTTP;
            return Optional.ofNullable(uri.getHost())
                    .map(host -> InetSocketAddress.createUnresolved(host, port));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static boolean isHttps(URI uri) {
        return "https".equalsIgnoreCase(uri.getScheme());
    }

    @Override
    public List<Proxy> select(URI uri) {
        Optional<InetSocketAddress> proxy = isHttps(uri) ? https : http;
        return proxy.isEmpty() || isDirect(uri)
                ? List.of(Proxy.NO_PROXY)
                : List.of(new Proxy(Proxy.Type.HTTP, proxy.get()));
    }

    private boolean isDirect(URI uri) {
        String host = uri.getHost() == null ? "" : uri.getHost().toLowerCase(Locale.ROOT);
        return direct.stream()
                .anyMatch(
                        name ->
                                name.equals("*")
                                        || host.equals(name)
                                        || host.endsWith("." + name)
                                        || (host + ":" + uri.getPort()).equals(name));
    }

    @Override
    public void connectFailed(URI uri, SocketAddress address, IOException e) {
        // The request fails, and says why.
    }
}
