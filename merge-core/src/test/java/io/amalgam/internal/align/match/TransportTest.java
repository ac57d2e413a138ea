package io.amalgam.internal.align.match;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Plans carry all mass, and cost no more than any assignment of the same mass in parts. */
class TransportTest {
    private static double[] costs(int rows, int columns, long seed) {
        Random random = new Random(seed);
        double[] costs = new double[rows * columns];
        for (int i = 0; i < costs.length; i++) {
            costs[i] = seed % 2 == 0 ? random.nextDouble() : random.nextInt(4);
        }
        return costs;
    }

    private static void assertMasses(double[] plan, int rows, int columns, double precision) {
        for (int i = 0; i < rows; i++) {
            double sum = 0;
            for (int j = 0; j < columns; j++) {
                assertThat(plan[i * columns + j]).isGreaterThanOrEqualTo(0);
                sum += plan[i * columns + j];
            }
            assertThat(sum).isCloseTo(1.0 / rows, within(precision));
        }
        for (int j = 0; j < columns; j++) {
            double sum = 0;
            for (int i = 0; i < rows; i++) {
                sum += plan[i * columns + j];
            }
            assertThat(sum).isCloseTo(1.0 / columns, within(precision));
        }
    }

    private static double cost(double[] plan, double[] costs) {
        double sum = 0;
        for (int i = 0; i < plan.length; i++) {
            sum += plan[i] * costs[i];
        }
        return sum;
    }

    /** Each row and column as often as its mass in units of {@code 1 / (rows columns)}. */
    private static double least(double[] costs, int rows, int columns) {
        int n = rows * columns;
        double[] square = new double[n * n];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                square[i * n + j] = costs[i / columns * columns + j / rows];
            }
        }
        int[] found = Assignment.smallest(square, n).columns();
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum += square[i * n + found[i]] / n;
        }
        return sum;
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "5, 5", "3, 6", "6, 3", "4, 6", "7, 5", "6, 9", "1, 7", "9, 8"})
    void exactPlansCostLeast(int rows, int columns) {
        for (int seed = 0; seed < 6; seed++) {
            double[] costs = costs(rows, columns, seed);
            double[] plan = Transport.exact(costs, rows, columns);
            assertMasses(plan, rows, columns, 1e-12);
            assertThat(cost(plan, costs)).isCloseTo(least(costs, rows, columns), within(1e-12));
        }
    }

    @Test
    void smoothedPlansComeNearThem() {
        double[] costs = costs(8, 6, 2);
        double exact = cost(Transport.exact(costs, 8, 6), costs);
        double before = Double.POSITIVE_INFINITY;
        for (double regularization : new double[] {0.5, 0.1, 0.02}) {
            double[] plan = Transport.sinkhorn(costs, 8, 6, regularization);
            assertMasses(plan, 8, 6, 1e-7);
            double cost = cost(plan, costs);
            assertThat(cost).isBetween(exact - 1e-9, before);
            before = cost;
        }
        assertThat(before).isCloseTo(exact, within(0.01));
    }
}
