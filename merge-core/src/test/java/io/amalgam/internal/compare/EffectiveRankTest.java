package io.amalgam.internal.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class EffectiveRankTest {
    /** Any rank of so many equal values is their number; zeros and rounding count nothing. */
    @ParameterizedTest
    @EnumSource(EffectiveRank.class)
    void equalDirectionsAreCounted(EffectiveRank kind) {
        assertThat(kind.of(4, 4, 4)).isCloseTo(3, within(1e-12));
        assertThat(kind.of(4, 4, 4, 0, 0)).isCloseTo(3, within(1e-12));
        assertThat(kind.of(4, 4, 4, 1e-16, -1e-16)).isCloseTo(3, within(1e-12));
        assertThat(kind.of(9)).isEqualTo(1);
        assertThat(kind.of(0, 0)).isZero();
    }

    /** Singular values 3 and 1: shares 3/4 and 1/4. */
    @Test
    void unequalOnesAreWeighted() {
        double entropy = -0.75 * Math.log(0.75) - 0.25 * Math.log(0.25);
        assertThat(EffectiveRank.ENTROPY.of(9, 1)).isCloseTo(Math.exp(entropy), within(1e-12));
        assertThat(EffectiveRank.STABLE.of(9, 1)).isCloseTo(10 / 9.0, within(1e-12));
    }
}
