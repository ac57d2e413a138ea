package io.amalgam.internal.formats.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HubClientTest {
    @TempDir Path folder;

    /**
     * A client of Java's takes a tenth of a second to make, and its thread keeps the process for
     * 0.3 s at its end; local models need none. Told by a timeout that Java refuses.
     */
    @Test
    void javasClientIsMadeForTheFirstRequest() {
        HubSettings settings =
                new HubSettings(
                        URI.create("http://127.0.0.1:1"),
                        folder,
                        Optional.empty(),
                        false,
                        Duration.ZERO,
                        Optional.empty());
        HubClient client = new HubClient(settings, HubListener.NONE);
        assertThat(client.hasHeard()).isFalse();
        assertThatThrownBy(
                        () ->
                                client.begin(
                                        HubClient.plain(client.address("org", "model")).build(),
                                        info -> BodySubscribers.discarding()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("duration");
    }
}
