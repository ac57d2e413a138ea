package io.amalgam.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SampledStretchesTest {
    private static final int LENGTH = SampledStretches.LENGTH;

    private static List<Long> begins(int oneIn, int groups) {
        SampledStretches sample = new SampledStretches(oneIn);
        List<Long> begins = new ArrayList<>();
        for (long at = 0; begins.size() < groups; at = sample.next(at)) {
            begins.add(sample.beginFor(at));
            assertThat(sample.endFor(at)).isEqualTo(sample.beginFor(at) + LENGTH);
        }
        return begins;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 8, 16})
    void eachGroupHasOneStretchAtAPlaceOfItsOwn(int oneIn) {
        List<Long> begins = begins(oneIn, 200);

        for (int group = 0; group < begins.size(); group++) {
            long place = begins.get(group) - (long) group * oneIn * LENGTH;
            assertThat(place % LENGTH).isZero();
            assertThat(place / LENGTH).isBetween(0L, oneIn - 1L);
        }
    }

    /** Rows, heads and their like are powers of two, or a few of them. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 8, 12, 16, 32, 64})
    void noPeriodFallsIntoStepWithThePlaces(int period) {
        List<Long> begins = begins(16, 64 * 64);

        for (int phase = 0; phase < period; phase++) {
            Map<Long, Integer> places = new HashMap<>();
            for (int group = phase; group < begins.size(); group += period) {
                places.merge(begins.get(group) / LENGTH - 16L * group, 1, Integer::sum);
            }
            double even = (double) begins.size() / period / 16;
            assertThat(places).hasSize(16);
            assertThat(places.values()).allMatch(n -> Math.abs(n - even) <= Math.max(3, even / 2));
        }
    }

    @Test
    void everyElementOfAGroupLeadsToItsStretch() {
        SampledStretches sample = new SampledStretches(4);
        long group = 7L * 4 * LENGTH;

        for (long at : new long[] {group, group + 1, group + 4L * LENGTH - 1}) {
            assertThat(sample.beginFor(at)).isEqualTo(sample.beginFor(group));
            assertThat(sample.next(at)).isEqualTo(group + 4L * LENGTH);
        }
    }

    @Test
    void noneOfThemIsNoSample() {
        assertThatThrownBy(() -> new SampledStretches(0)).hasMessage("one in 0");
    }
}
