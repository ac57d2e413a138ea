package io.amalgam.cli.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.math3.stat.regression.SimpleRegression;

/**
 * What a merge costs whatever its size, and what it costs for each gigabyte of output: the straight
 * line, by least squares, through the medians of models of several sizes.
 *
 * @param merge of the merges
 * @param floor of the floor beside them
 * @param points what the lines were drawn through, by size
 */
public record Slope(BenchCase measured, Line merge, Line floor, List<Point> points) {
    /** Parameters of the models that are merged, at most two beside a base. */
    public static final List<Long> SIZES = List.of(300_000_000L, 1_100_000_000L, 2_200_000_000L);

    private static final double GIGABYTE = 1e9;

    /**
     * A line.
     *
     * @param seconds at the size nought
     * @param perGigabyte seconds for each 10^9 bytes of output
     */
    public record Line(double seconds, double perGigabyte) {}

    /** A case at one size. */
    public record Point(long outputBytes, Bench.Result result) {
        /** Output in 10^9 bytes. */
        double gigabytes() {
            return outputBytes / GIGABYTE;
        }

        /** The median of the merges. */
        double seconds() {
            return Bench.median(result.seconds());
        }

        /** The median of the floors. */
        double floorSeconds() {
            return Bench.median(result.floors());
        }
    }

    /** How often the floor's time for a gigabyte fits into the merge's. */
    public double timesFloor() {
        return merge.perGigabyte() / floor.perGigabyte();
    }

    /** The lines of all cases that were measured. */
    public static List<Slope> of(List<Point> points) {
        Map<String, List<Point>> byCase = new LinkedHashMap<>();
        for (Point point : points) {
            byCase.computeIfAbsent(point.result().measured().name(), unused -> new ArrayList<>())
                    .add(point);
        }
        return byCase.values().stream().map(Slope::ofCase).toList();
    }

    private static Slope ofCase(List<Point> points) {
        SimpleRegression merge = new SimpleRegression();
        SimpleRegression floor = new SimpleRegression();
        for (Point point : points) {
            merge.addData(point.gigabytes(), point.seconds());
            floor.addData(point.gigabytes(), point.floorSeconds());
        }
        return new Slope(points.get(0).result().measured(), line(merge), line(floor), points);
    }

    private static Line line(SimpleRegression fitted) {
        return new Line(fitted.getIntercept(), fitted.getSlope());
    }
}
