package io.amalgam.internal.formats.hub;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * All requests. Redirects are followed here, so that the token goes to the endpoint and to no other
 * host.
 */
final class HubClient {
    /** Failures in a row without a byte, after which it is given up. */
    static final int TRIES = 10;

    /** For requests that the other side works on before it answers. */
    static final Duration LONG = Duration.ofMinutes(5);

    private static final int UNREACHABLE_TRIES = 3;
    private static final long LARGEST = 200_000_000;
    private static final int MOST_REDIRECTS = 8;

    private final HubSettings settings;
    private final HubListener listener;
    private @Nullable HttpClient http;
    private volatile boolean heard;

    HubClient(HubSettings settings, HubListener listener) {
        this.settings = settings;
        this.listener = listener;
    }

    /**
     * Made for the first request: a client takes time to make, and its thread delays the end of the
     * process.
     */
    private synchronized HttpClient http() {
        if (http == null) {
            HttpClient.Builder builder =
                    HttpClient.newBuilder()
                            .version(HttpClient.Version.HTTP_1_1) // A connection for each range.
                            .followRedirects(HttpClient.Redirect.NEVER)
                            .connectTimeout(settings.timeout());
            settings.proxy().ifPresent(builder::proxy);
            http = builder.build();
        }
        return http;
    }

    HubSettings settings() {
        return settings;
    }

    /** Whether the other side has said anything at all. */
    boolean hasHeard() {
        return heard;
    }

    /** An address below the endpoint; every part of the path is encoded. */
    URI address(String... parts) {
        String path =
                Arrays.stream(parts)
                        .flatMap(part -> Arrays.stream(part.split("/")))
                        .map(HubClient::encoded)
                        .collect(Collectors.joining("/"));
        return URI.create(settings.endpoint() + "/" + path);
    }

    /** As one part of a path, slashes too. */
    static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    /** A request that has no token whoever is asked. */
    static HttpRequest.Builder plain(URI address) {
        return HttpRequest.newBuilder(address).header("User-Agent", "amalgam");
    }

    /** A request for an address; only the endpoint is told the token. */
    HttpRequest.Builder request(URI address) {
        HttpRequest.Builder request = plain(address).timeout(settings.timeout());
        if (settings.isOwn(address)) {
            settings.token().ifPresent(t -> request.header("Authorization", "Bearer " + t));
        }
        return request;
    }

    /** Begins a request; redirects are answers like others. */
    <T> CompletableFuture<HttpResponse<T>> begin(HttpRequest request, BodyHandler<T> body) {
        return http().sendAsync(request, body);
    }

    /**
     * One try for a small answer in memory, after redirects, without waiting for it.
     *
     * @param range as the header {@code Range} has it; empty for all
     */
    CompletableFuture<HubAnswer> begin(URI address, String range) {
        return begin(address, range, 0);
    }

    private CompletableFuture<HubAnswer> begin(URI at, String range, int redirects) {
        HttpRequest.Builder request =
                range.isEmpty() ? request(at) : request(at).header("Range", range);
        return begin(request.GET().build(), HubClient::small)
                .thenCompose(
                        response -> {
                            heard = true;
                            HubAnswer answer =
                                    new HubAnswer(
                                            at,
                                            response.statusCode(),
                                            response.headers(),
                                            response.body());
                            if (!answer.isRedirect() || redirects == MOST_REDIRECTS) {
                                return CompletableFuture.completedFuture(answer);
                            }
                            String to = response.headers().firstValue("Location").orElseThrow();
                            try {
                                return begin(redirected(at, to), range, redirects + 1);
                            } catch (IOException e) {
                                return CompletableFuture.failedFuture(e);
                            }
                        });
    }

    /** A small answer in memory, after redirects; tried again as long as the other side is busy. */
    HubAnswer get(URI address) throws IOException {
        return get(address, "");
    }

    /**
     * As {@link #get(URI)}, of a range.
     *
     * @param range as the header {@code Range} has it; empty for all
     */
    HubAnswer get(URI address, String range) throws IOException {
        return send(
                address, at -> range.isEmpty() ? request(at) : request(at).header("Range", range));
    }

    /**
     * A small answer in memory, after redirects; tried again as long as the other side is busy.
     *
     * @param request for an address, as often as it is tried
     */
    HubAnswer send(URI address, Function<URI, HttpRequest.Builder> request) throws IOException {
        for (int failures = 1; ; failures++) {
            Duration pause;
            String reason;
            try {
                HubAnswer answer = followed(address, request);
                if (!answer.isBusy() || failures == TRIES) {
                    return answer;
                }
                pause = HubAnswer.pause(answer.headers()).orElse(HubAnswer.pause(failures + 1));
                reason = "the hub is busy (" + answer.status() + ")";
            } catch (InterruptedIOException e) {
                throw e;
            } catch (IOException e) {
                if (failures == tries(e)) {
                    throw new HubUnreachableException(reason(e), e);
                }
                pause = HubAnswer.pause(failures);
                reason = reason(e);
            }
            sleep(pause, reason);
        }
    }

    private HubAnswer followed(URI address, Function<URI, HttpRequest.Builder> request)
            throws IOException {
        URI at = address;
        for (int redirects = 0; redirects < MOST_REDIRECTS; redirects++) {
            HttpResponse<byte[]> response;
            try {
                response = http().send(request.apply(at).build(), HubClient::small);
            } catch (InterruptedException e) {
                throw interrupted();
            }
            heard = true;
            HubAnswer answer =
                    new HubAnswer(at, response.statusCode(), response.headers(), response.body());
            if (!answer.isRedirect()) {
                return answer;
            }
            at = redirected(at, response.headers().firstValue("Location").orElseThrow());
        }
        throw new IOException("too many redirects from " + address.getHost());
    }

    /** Who ignores ranges would send a whole model. */
    private static HttpResponse.BodySubscriber<byte[]> small(HttpResponse.ResponseInfo info) {
        long length = info.headers().firstValueAsLong("Content-Length").orElse(0);
        return length <= LARGEST
                ? BodySubscribers.ofByteArray()
                : BodySubscribers.mapping(new BodyWriter.Refusal(), nothing -> new byte[0]);
    }

    /** Where a redirect leads. */
    static URI redirected(URI from, String location) throws IOException {
        try {
            return from.resolve(URI.create(location));
        } catch (IllegalArgumentException e) {
            throw new IOException("a redirect of " + from.getHost() + " leads nowhere", e);
        }
    }

    /** Waits, and says so where it takes a while. */
    void sleep(Duration pause, String reason) throws InterruptedIOException {
        if (pause.isZero()) {
            return;
        }
        listener.waiting(reason, pause);
        try {
            Thread.sleep(pause.toMillis());
        } catch (InterruptedException e) {
            throw interrupted();
        }
    }

    static InterruptedIOException interrupted() {
        Thread.currentThread().interrupt();
        return new InterruptedIOException("interrupted");
    }

    /** After how many failures in a row it is given up. */
    static int tries(Throwable failure) {
        return isUnreachable(failure) ? UNREACHABLE_TRIES : TRIES;
    }

    private static boolean isUnreachable(Throwable e) {
        return e instanceof ConnectException
                || e instanceof UnknownHostException
                || (e.getCause() != null && isUnreachable(e.getCause()));
    }

    /** What failed; Java often says nothing of a refused connection. */
    static String reason(Throwable e) {
        if (isUnreachable(e)) {
            return "no connection";
        }
        if (e instanceof java.net.http.HttpTimeoutException) {
            return "no answer in time";
        }
        String message = e.getMessage();
        return message == null || message.isBlank() ? "the connection broke off" : message;
    }
}
