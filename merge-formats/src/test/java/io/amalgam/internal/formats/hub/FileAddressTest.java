package io.amalgam.internal.formats.hub;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import org.junit.jupiter.api.Test;

/** Signed addresses that end while several requests use them. */
class FileAddressTest {
    private static final URI OWN = URI.create("https://hub/model");
    private static final URI SIGNED = URI.create("https://cdn/1");
    private static final URI NEXT = URI.create("https://cdn/2");

    private final FileAddress address = new FileAddress(OWN);

    @Test
    void theEndpointsRefusalIsFinal() {
        assertThat(address.forget(OWN)).isFalse();
        assertThat(address.get()).isEqualTo(OWN);
    }

    @Test
    void allRequestsOfAnEndedAddressAreAskedAgain() {
        address.moved(SIGNED);
        assertThat(address.forget(SIGNED)).isTrue();
        assertThat(address.get()).isEqualTo(OWN);
        assertThat(address.forget(SIGNED)).isTrue();
    }

    @Test
    void aLateRefusalDoesNotForgetTheNewAddress() {
        address.moved(SIGNED);
        address.forget(SIGNED);
        address.moved(NEXT);
        assertThat(address.forget(SIGNED)).isTrue();
        assertThat(address.get()).isEqualTo(NEXT);
    }

    @Test
    void insideTheEndpointTheAddressIsAnother() {
        address.movedInside(NEXT);
        assertThat(address.get()).isEqualTo(NEXT);
        assertThat(address.forget(NEXT)).isFalse();
    }
}
