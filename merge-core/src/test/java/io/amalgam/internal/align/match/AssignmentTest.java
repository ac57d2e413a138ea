package io.amalgam.internal.align.match;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Assignments are optimal: the prices that come with them prove it. */
class AssignmentTest {
    private static double[] random(int n, long seed, int values) {
        Random random = new Random(seed);
        double[] costs = new double[n * n];
        for (int i = 0; i < costs.length; i++) {
            costs[i] = values == 0 ? random.nextGaussian() : random.nextInt(values);
        }
        return costs;
    }

    /** Every reduced cost is at least 0, and 0 where assigned: no other assignment costs less. */
    private static void assertOptimal(double[] costs, int n) {
        Assignment found = Assignment.smallest(costs, n);
        assertThat(IntStream.of(found.columns()).sorted().toArray())
                .containsExactly(IntStream.range(0, n).toArray());
        double scale = 1e-12;
        for (double cost : costs) {
            scale = Math.max(scale, Math.abs(cost) * 1e-12);
        }
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                double reduced = costs[i * n + j] - found.rowPrices()[i] - found.columnPrices()[j];
                assertThat(reduced).isGreaterThanOrEqualTo(-scale);
                if (found.columns()[i] == j) {
                    assertThat(reduced).isCloseTo(0, within(scale));
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 17, 64, 200})
    void pricesProveOptimality(int n) {
        for (int seed = 0; seed < 5; seed++) {
            assertOptimal(random(n, seed, 0), n);
            assertOptimal(random(n, seed, 2), n);
            assertOptimal(random(n, seed, 10), n);
        }
    }

    @Test
    void smallOnesAreTheBestOfAllPermutations() {
        for (int seed = 0; seed < 200; seed++) {
            double[] costs = random(5, seed, seed % 2 == 0 ? 4 : 0);
            Assignment found = Assignment.smallest(costs, 5);
            assertThat(total(costs, found.columns())).isCloseTo(best(costs, 0, 0), within(1e-12));
        }
    }

    private static double total(double[] costs, int[] columns) {
        return IntStream.range(0, columns.length)
                .mapToDouble(i -> costs[i * columns.length + columns[i]])
                .sum();
    }

    private static double best(double[] costs, int row, int used) {
        if (row == 5) {
            return 0;
        }
        double best = Double.POSITIVE_INFINITY;
        for (int j = 0; j < 5; j++) {
            if ((used >> j & 1) == 0) {
                best = Math.min(best, costs[row * 5 + j] + best(costs, row + 1, used | 1 << j));
            }
        }
        return best;
    }

    /** Equal costs, and columns that are worse everywhere. */
    @Test
    void degenerateCostsAreSolved() {
        assertOptimal(new double[100], 10);
        double[] costs = random(30, 1, 0);
        for (int i = 0; i < 30; i++) {
            for (int j = 0; j < 15; j++) {
                costs[i * 30 + j] += 1e6;
                costs[j * 30 + i] = costs[i];
            }
        }
        assertOptimal(costs, 30);
        double[] product = new double[400];
        for (int i = 0; i < 400; i++) {
            product[i] = (double) (i / 20) * (i % 20);
        }
        assertOptimal(product, 20);
    }

    @Test
    void aShuffledOrderIsFoundAgain() {
        int n = 150;
        int[] order = IntStream.range(0, n).map(i -> i * 7 % n).toArray();
        double[] gains = random(n, 3, 0);
        for (int i = 0; i < n; i++) {
            gains[i * n + order[i]] += 20;
        }
        assertThat(Assignment.largest(gains, n)).containsExactly(order);
    }
}
