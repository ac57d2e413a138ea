package io.amalgam.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The shipped checkpoints, read as ND4J arrays, classify as they do in PyTorch. */
class CheckpointAccuracyTest {
    /** Another order of additions may tip an image that two digits claim almost equally. */
    private static final int ROUNDING = 1;

    @Test
    void thereAre450DigitsWithPixelsFrom0To1() throws IOException {
        Digits digits = Digits.read();
        assertThat(digits.labels()).hasSize(450).containsOnly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
        assertThat(digits.views()).hasSize(4);
        assertThat(digits.views().values())
                .allSatisfy(
                        images -> {
                            assertThat(images.shape()).containsExactly(450, 64);
                            assertThat(images.minNumber().floatValue()).isZero();
                            assertThat(images.maxNumber().floatValue()).isEqualTo(1);
                        });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "base",
                "expert-rotated",
                "expert-inverted",
                "expert-mirrored",
                "federated-start",
                "federated-client-0",
                "federated-client-1",
                "federated-client-2",
                "federated-client-3",
                "soup-0",
                "soup-1",
                "soup-2",
                "soup-3"
            })
    void checkpointsClassifyAsInTorch(String name) throws IOException {
        new TorchAccuracies().assertSame(name, Digits.model(name), ROUNDING);
    }
}
