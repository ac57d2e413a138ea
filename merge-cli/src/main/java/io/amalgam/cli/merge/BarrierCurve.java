package io.amalgam.cli.merge;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.cli.console.Columns;
import io.amalgam.cli.console.Json;
import io.amalgam.cli.console.OwnFile;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Scores on the straight line between two models. The barrier is the most by which a point on it is
 * worse than the same share of its ends (Frankle et al. 2020); 0 if none is.
 *
 * @param scores from the first model to the second, at equal distances
 * @param losses whether lower is better
 */
record BarrierCurve(List<Double> scores, boolean losses) {
    private static final int WIDTH = 40;
    private static final String HEADS = "t,score,worse_by\n";

    /** Written curves begin with their heads. */
    static final OwnFile TABLE = new OwnFile("table", ".csv", HEADS);

    BarrierCurve {
        scores = List.copyOf(scores);
    }

    private double share(int point) {
        return (double) point / (scores.size() - 1);
    }

    /** How much worse a point is than its share of the ends. */
    private double excess(int point) {
        double t = share(point);
        double ends = (1 - t) * scores.get(0) + t * scores.get(scores.size() - 1);
        return losses ? scores.get(point) - ends : ends - scores.get(point);
    }

    private int worst() {
        int worst = 0;
        for (int i = 1; i < scores.size(); i++) {
            if (excess(i) > excess(worst)) {
                worst = i;
            }
        }
        return worst;
    }

    double barrier() {
        return Math.max(0, excess(worst()));
    }

    /** A table with a bar for each score. */
    List<String> lines() {
        double least = scores.stream().mapToDouble(s -> s).min().orElse(0);
        double most = scores.stream().mapToDouble(s -> s).max().orElse(0);
        Columns columns = new Columns();
        columns.row("t", losses ? "loss" : "score", "worse by", "");
        for (int i = 0; i < scores.size(); i++) {
            double part = most > least ? (scores.get(i) - least) / (most - least) : 1;
            columns.row(
                    format("%.2f", share(i)),
                    format("%.4f", scores.get(i)),
                    format("%.4f", Math.max(0, excess(i)) + 0.0),
                    "#".repeat(1 + (int) Math.round(part * (WIDTH - 1))));
        }
        List<String> lines = new ArrayList<>(columns.lines());
        lines.add(
                "barrier "
                        + format("%.4f", barrier())
                        + " at t = "
                        + format("%.2f", share(worst())));
        return lines;
    }

    private static String format(String pattern, double value) {
        return String.format(Locale.ROOT, pattern, value);
    }

    /** The points for a spreadsheet. */
    String csv() {
        StringBuilder csv = new StringBuilder(HEADS);
        for (int i = 0; i < scores.size(); i++) {
            csv.append(share(i)).append(',').append(scores.get(i)).append(',').append(excess(i));
            csv.append('\n');
        }
        return csv.toString();
    }

    ObjectNode json() {
        ObjectNode root = Json.object();
        root.put("barrier", barrier());
        root.put("at", share(worst()));
        ArrayNode points = root.putArray("points");
        for (int i = 0; i < scores.size(); i++) {
            points.addObject()
                    .put("t", share(i))
                    .put("score", scores.get(i))
                    .put("worse_by", excess(i));
        }
        return root;
    }
}
