package io.amalgam.internal.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;

class StrategyTest {
    private static final double[] MIDDLE = {0.5, 0.5, 0.5};

    /** A valley whose bottom is near a corner. */
    private static double valley(double[] x) {
        double sum = 0;
        for (int i = 0; i < x.length; i++) {
            double away = x[i] - 0.9 + 0.2 * i;
            sum += (i + 1) * away * away;
        }
        return sum;
    }

    private static List<double[]> run(
            Strategy strategy, int budget, ToDoubleFunction<double[]> figure) {
        List<double[]> all = new ArrayList<>();
        while (all.size() < budget) {
            List<double[]> points = strategy.ask();
            all.addAll(points);
            strategy.tell(points.stream().mapToDouble(figure).toArray());
        }
        return all;
    }

    private static double best(List<double[]> points) {
        return points.stream().mapToDouble(StrategyTest::valley).min().orElseThrow();
    }

    @Test
    void adaptationFindsTheBottom() {
        List<double[]> points = run(new CmaStrategy(MIDDLE, 1), 250, StrategyTest::valley);

        assertThat(points.get(0)).containsExactly(MIDDLE);
        assertThat(points)
                .allSatisfy(p -> assertThat(Arrays.stream(p)).allMatch(v -> v >= 0 && v <= 1));
        assertThat(best(points)).isLessThan(1e-6);
        assertThat(best(run(new RandomStrategy(MIDDLE, 1), 250, StrategyTest::valley)))
                .isGreaterThan(1e-4);
    }

    @Test
    void oneSeedGivesOneSequence() {
        for (long seed : new long[] {1, 2}) {
            List<double[]> first = run(new CmaStrategy(MIDDLE, seed), 60, StrategyTest::valley);
            List<double[]> again = run(new CmaStrategy(MIDDLE, seed), 60, StrategyTest::valley);
            assertThat(again).usingRecursiveComparison().isEqualTo(first);
        }
        assertThat(run(new CmaStrategy(MIDDLE, 1), 60, StrategyTest::valley).get(1))
                .isNotEqualTo(run(new CmaStrategy(MIDDLE, 2), 60, StrategyTest::valley).get(1));
    }

    /** A third of all points cannot be judged. */
    @Test
    void failuresAreWorst() {
        List<double[]> points =
                run(new CmaStrategy(MIDDLE, 1), 300, x -> x[0] < 0.33 ? Double.NaN : valley(x));

        assertThat(best(points)).isLessThan(1e-4);
        assertThat(run(new CmaStrategy(MIDDLE, 1), 40, x -> Double.NaN)).hasSizeGreaterThan(39);
    }

    /** Flat ground: it converges, and begins again elsewhere. */
    @Test
    void convergedSearchesBeginAgain() {
        List<double[]> points = run(new CmaStrategy(new double[] {0.5}, 3), 3000, x -> 1);

        assertThat(points.stream().filter(p -> p[0] == points.get(0)[0])).hasSizeLessThan(3000);
        assertThat(points).hasSizeGreaterThanOrEqualTo(3000);
    }
}
