package io.amalgam.cli.merge;

import io.amalgam.cli.console.Columns;
import io.amalgam.cli.console.Console;
import io.amalgam.runs.GreedySoup;
import io.amalgam.runs.GreedySoup.Verdict;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** How the models of a greedy soup were judged: each alone, and the average with it. */
final class SoupTable {
    private final boolean losses;
    private final Map<Path, Double> alone = new LinkedHashMap<>();
    private final Map<Path, Double> with = new HashMap<>();
    private final Map<Path, Verdict> verdicts = new HashMap<>();
    private String last = "";

    SoupTable(boolean losses) {
        this.losses = losses;
    }

    /** A score as the soup wants it, the higher the better; and back. */
    double signed(double score) {
        return losses ? -score : score;
    }

    Map<Path, Double> signed(Map<Path, Double> scores) {
        Map<Path, Double> signed = new HashMap<>();
        scores.forEach((model, score) -> signed.put(model, signed(score)));
        return signed;
    }

    void add(Path model, double score, Verdict verdict) {
        double shown = signed(score);
        if (verdict == Verdict.ALONE) {
            alone.put(model, shown);
        } else {
            with.put(model, shown);
            verdicts.put(model, verdict);
        }
        String word =
                switch (verdict) {
                    case ALONE -> "alone: ";
                    case KEPT -> "with ";
                    case LEFT_OUT -> "left out: ";
                };
        last = Console.oneLine(word() + " " + shown + "  " + word + model);
    }

    /** What was added last, in a line. */
    String last() {
        return last;
    }

    private String word() {
        return losses ? "loss" : "score";
    }

    /** The best model first, then the others in the order in which they were tried. */
    List<String> lines() {
        Columns columns = new Columns().row("", "model", "alone", "average", "");
        List<Map.Entry<Path, Double>> order =
                alone.entrySet().stream()
                        .sorted(
                                Map.Entry.comparingByValue(
                                        (a, b) -> losses ? a.compareTo(b) : b.compareTo(a)))
                        .toList();
        for (Map.Entry<Path, Double> each : order) {
            Path model = each.getKey();
            boolean kept = verdicts.getOrDefault(model, Verdict.KEPT) == Verdict.KEPT;
            Double average = with.get(model);
            columns.row(
                    kept ? "*" : "",
                    model,
                    figure(each.getValue()),
                    average == null ? "" : figure(average),
                    kept ? "kept" : "left out");
        }
        return columns.lines();
    }

    String sum(GreedySoup.Choice choice, int models) {
        return "%s %s with %d of %d models"
                .formatted(word(), figure(signed(choice.score())), choice.models().size(), models);
    }

    private static String figure(Double figure) {
        return String.format(Locale.ROOT, "%.4f", figure);
    }
}
