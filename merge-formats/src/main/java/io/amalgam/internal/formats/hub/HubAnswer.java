package io.amalgam.internal.formats.hub;

import java.net.URI;
import java.net.http.HttpHeaders;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the other side said.
 *
 * @param from where it was asked, after all redirects
 */
record HubAnswer(URI from, int status, HttpHeaders headers, byte[] body) {
    private static final Pattern RESET = Pattern.compile("\\bt=(\\d{1,6})\\b");
    private static final Duration LONGEST = Duration.ofMinutes(5);

    boolean isGood() {
        return status >= 200 && status < 300;
    }

    boolean isRedirect() {
        return status >= 300 && status < 400 && headers.firstValue("Location").isPresent();
    }

    /** Whether the same request may succeed later. */
    boolean isBusy() {
        return isBusy(status);
    }

    static boolean isBusy(int status) {
        return status == 429 || status == 408 || status >= 500;
    }

    /** What went wrong, in the hub's own word; empty if it did not say. */
    String code() {
        return headers.firstValue("X-Error-Code").orElse("");
    }

    /** How long the other side asks to wait. */
    static Optional<Duration> pause(HttpHeaders headers) {
        Optional<String> seconds =
                headers.firstValue("Retry-After").filter(text -> text.matches("\\d{1,6}"));
        if (seconds.isEmpty()) {
            Matcher reset = RESET.matcher(headers.firstValue("RateLimit").orElse(""));
            seconds = reset.find() ? Optional.of(reset.group(1)) : Optional.empty();
        }
        return seconds.map(text -> Duration.ofSeconds(Long.parseLong(text)))
                .map(wait -> wait.compareTo(LONGEST) > 0 ? LONGEST : wait);
    }

    /** How long to wait where the other side says nothing: longer each time. */
    static Duration pause(int failures) {
        return failures <= 1
                ? Duration.ZERO
                : Duration.ofMillis(Math.min(30_000, 250L << Math.min(failures, 10)));
    }
}
