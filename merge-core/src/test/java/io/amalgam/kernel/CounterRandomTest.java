package io.amalgam.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CounterRandomTest {
    /** The published generator, as the JDK has it: the same numbers from the same state. */
    @ParameterizedTest
    @ValueSource(longs = {0, 1, -1, 42, 0x0123456789ABCDEFL, Long.MIN_VALUE})
    void wordsAreSplitMix64s(long key) {
        SplittableRandom published = new SplittableRandom(key);
        for (int element = 0; element < 1000; element += 2) {
            long pair = published.nextLong();
            assertThat(CounterRandom.word(key, element)).isEqualTo((int) pair);
            assertThat(CounterRandom.word(key, element + 1)).isEqualTo((int) (pair >>> 32));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 31, 32, 63, 64, 1000, (1L << 33) - 1, 1L << 33, (1L << 40) + 77})
    void uniformNumbersAreTheWords(long element) {
        long key = 0x0123456789ABCDEFL;
        long word = CounterRandom.word(key, element) & 0xFFFFFFFFL;
        assertThat(CounterRandom.uniform(key, element)).isEqualTo(word / 4294967296.0);
    }

    /**
     * Merges made with a seed are to come out the same for ever: these numbers may never change.
     */
    @Test
    void keysAreFixed() {
        assertThat(CounterRandom.key(0, "", 0)).isEqualTo(0x377507B6BFBF0784L);
        assertThat(CounterRandom.key(42, "model.layers.0.mlp.up_proj.weight", 1))
                .isEqualTo(0x07DA1572348C4DFCL);
        assertThat(CounterRandom.key(-1, "schön", 3)).isEqualTo(0xB740AC21EC7C8C93L);
    }

    @Test
    void keysDifferInEveryPart() {
        Set<Long> keys = new HashSet<>();
        for (long seed = 0; seed < 20; seed++) {
            for (String tensor : new String[] {"a", "b", "ab", "ba", "a.0", "a.1"}) {
                for (int model = 0; model < 10; model++) {
                    keys.add(CounterRandom.key(seed, tensor, model));
                }
            }
        }
        assertThat(keys).hasSize(20 * 6 * 10);
    }

    @Test
    void uniformNumbersFillTheirInterval() {
        long key = CounterRandom.key(7, "w", 0);
        int count = 100_000;
        double sum = 0;
        int[] tenths = new int[10];
        for (int i = 0; i < count; i++) {
            double value = CounterRandom.uniform(key, i);
            sum += value;
            tenths[(int) (value * 10)]++;
        }
        // The sequence is fixed, so this cannot fail by chance; five standard deviations either
        // way.
        assertThat(sum / count).isCloseTo(0.5, within(5 * Math.sqrt(1 / 12.0 / count)));
        for (int tenth : tenths) {
            assertThat((double) tenth).isCloseTo(count / 10.0, within(5 * Math.sqrt(count * 0.09)));
        }
    }
}
