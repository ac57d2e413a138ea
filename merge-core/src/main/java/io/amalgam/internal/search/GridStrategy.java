package io.amalgam.internal.search;

import io.amalgam.internal.recipe.SearchRange;
import java.util.ArrayList;
import java.util.List;

/**
 * Every combination: of all whole numbers and choices, and of numbers at equal distances from end
 * to end, as many as the budget allows.
 */
final class GridStrategy implements Strategy {
    private final List<long[]> counts = new ArrayList<>();
    private boolean asked;

    GridStrategy(List<SearchRange> ranges, long steps) {
        ranges.forEach(
                range ->
                        counts.add(
                                new long[] {
                                    range.count().orElse(steps), range.count().isPresent() ? 1 : 0
                                }));
    }

    /** How many numbers of a range fit a budget; less than 2 where it is too small. */
    static long steps(List<SearchRange> ranges, long budget) {
        double fixed = 1;
        int reals = 0;
        for (SearchRange range : ranges) {
            fixed *= range.count().orElse(1);
            reals += range.count().isPresent() ? 0 : 1;
        }
        if (fixed > budget) {
            return 0;
        }
        long steps = 1;
        while (reals > 0 && fixed * Math.pow(steps + 1.0, reals) <= budget) {
            steps++;
        }
        return reals == 0 ? 2 : steps;
    }

    /** The candidates of the smallest grid. */
    static double least(List<SearchRange> ranges) {
        return ranges.stream()
                .mapToDouble(range -> range.count().orElse(2))
                .reduce(1, (a, b) -> a * b);
    }

    @Override
    public List<double[]> ask() {
        List<double[]> points = new ArrayList<>();
        if (asked) {
            return points;
        }
        asked = true;
        long all = counts.stream().mapToLong(count -> count[0]).reduce(1, (a, b) -> a * b);
        for (long n = 0; n < all; n++) {
            double[] point = new double[counts.size()];
            long rest = n;
            for (int i = point.length - 1; i >= 0; i--) {
                long count = counts.get(i)[0];
                long place = rest % count;
                rest /= count;
                boolean cells = counts.get(i)[1] == 1;
                point[i] = cells ? (place + 0.5) / count : place / (count - 1.0);
            }
            points.add(point);
        }
        return points;
    }

    @Override
    public void tell(double[] figures) {
        // Nothing is learnt.
    }
}
