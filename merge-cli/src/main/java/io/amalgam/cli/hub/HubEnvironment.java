package io.amalgam.cli.hub;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.WrittenPath;
import io.amalgam.internal.formats.hub.HubSettings;
import io.amalgam.internal.formats.hub.Proxies;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The variables of the hub's Python client, with their meaning there. */
record HubEnvironment(Map<String, String> variables) {
    private static final Set<String> ON = Set.of("1", "on", "yes", "true");
    private static final int SECONDS = 10;

    /**
     * @param offline whether an option says so
     * @param cache an option's; null for the environment's
     */
    HubSettings settings(boolean offline, @Nullable Path cache) {
        Path home =
                path("HF_HOME")
                        .orElseGet(
                                () ->
                                        path("XDG_CACHE_HOME")
                                                .orElse(Path.of(WrittenPath.expanded("~/.cache")))
                                                .resolve("huggingface"));
        return new HubSettings(
                endpoint(),
                cache != null
                        ? cache
                        : path("HF_HUB_CACHE")
                                .or(() -> path("HUGGINGFACE_HUB_CACHE"))
                                .orElse(home.resolve("hub")),
                token(home),
                offline || isOn("HF_HUB_OFFLINE") || isOn("TRANSFORMERS_OFFLINE"),
                timeout(),
                Proxies.of(
                        either("https_proxy", "HTTPS_PROXY"),
                        either("http_proxy", "HTTP_PROXY"),
                        either("no_proxy", "NO_PROXY")));
    }

    private Optional<String> value(String name) {
        return Optional.ofNullable(variables.get(name))
                .map(String::strip)
                .filter(v -> !v.isEmpty());
    }

    private Optional<String> either(String first, String second) {
        return value(first).or(() -> value(second));
    }

    private Optional<Path> path(String name) {
        return value(name).map(text -> Path.of(WrittenPath.expanded(text)));
    }

    private boolean isOn(String name) {
        return value(name).map(v -> ON.contains(v.toLowerCase(Locale.ROOT))).orElse(false);
    }

    private URI endpoint() {
        Optional<String> text = value("HF_ENDPOINT");
        if (text.isEmpty()) {
            return HubSettings.PUBLIC;
        }
        try {
            URI endpoint = URI.create(text.get());
            if (endpoint.getHost() != null
                    && ("http".equals(endpoint.getScheme())
                            || "https".equals(endpoint.getScheme()))) {
                return endpoint;
            }
        } catch (IllegalArgumentException e) {
            // Said below.
        }
        throw new BadInputException(
                Problem.expected(
                                "HF_ENDPOINT", "the address of a model hub", "'" + text.get() + "'")
                        .hint("write it as in 'https://huggingface.co', or unset it"));
    }

    /** The token's file is as often empty or missing as not. */
    private Optional<String> token(Path home) {
        Optional<String> given = either("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN");
        if (given.isPresent()) {
            return given;
        }
        try {
            String text = Files.readString(path("HF_TOKEN_PATH").orElse(home.resolve("token")));
            return Optional.of(text.strip()).filter(token -> !token.isEmpty());
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private Duration timeout() {
        String text = value("HF_HUB_DOWNLOAD_TIMEOUT").orElse("");
        return Duration.ofSeconds(text.matches("[1-9]\\d{0,4}") ? Integer.parseInt(text) : SECONDS);
    }
}
