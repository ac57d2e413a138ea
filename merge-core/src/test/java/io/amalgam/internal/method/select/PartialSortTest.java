package io.amalgam.internal.method.select;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PartialSortTest {
    @Test
    void thePartHoldsWhatItWouldHoldIfAllWereSorted() {
        Random random = new Random(5);
        for (int n : new int[] {1, 2, 63, 64, 65, 66, 1000, 5000}) {
            for (int range : new int[] {1, 2, 7, 1 << 20}) {
                for (int round = 0; round < 20; round++) {
                    int[] given = random.ints(n, 0, range).toArray();
                    check(given, random.nextInt(n), random);
                }
            }
        }
    }

    @Test
    void inputsInOrderAreNoWorstCase() {
        int[] rising = new int[200_000];
        Arrays.setAll(rising, i -> i);
        check(rising, 100_000, new Random(1));
        Arrays.setAll(rising, i -> -i);
        check(rising, 10, new Random(1));
    }

    private static void check(int[] given, int from, Random random) {
        int to = from + random.nextInt(given.length - from + 1);
        int[] sorted = given.clone();
        Arrays.sort(sorted);
        int[] actual = given.clone();
        PartialSort.sort(actual, from, to);
        assertThat(Arrays.copyOfRange(actual, from, to))
                .isEqualTo(Arrays.copyOfRange(sorted, from, to));
        if (from < to) {
            for (int i = 0; i < given.length; i++) {
                if (i < from) {
                    assertThat(actual[i]).isLessThanOrEqualTo(actual[from]);
                } else if (i >= to) {
                    assertThat(actual[i]).isGreaterThanOrEqualTo(actual[to - 1]);
                }
            }
        }
        Arrays.sort(actual);
        assertThat(actual).isEqualTo(sorted);
    }
}
