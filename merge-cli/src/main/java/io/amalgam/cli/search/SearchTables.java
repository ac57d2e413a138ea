package io.amalgam.cli.search;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.cli.console.Columns;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.Json;
import io.amalgam.cli.console.Quantity;
import io.amalgam.cli.console.Terminal;
import io.amalgam.internal.recipe.SearchRange;
import io.amalgam.internal.search.SearchResult;
import io.amalgam.internal.search.SearchSetup;
import io.amalgam.internal.search.Trial;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What a search has found, for people and programs. */
record SearchTables(SearchSetup setup, SearchResult result, double seconds) {
    private static final int SHOWN = 10;

    static String figure(double figure) {
        return Double.isNaN(figure) ? "failed" : String.format(Locale.ROOT, "%.4f", figure);
    }

    private boolean losses() {
        return setup.objective().losses();
    }

    private List<Trial> sorted() {
        return SearchResult.sorted(result.trials(), losses());
    }

    /** The best recipe; what it is made of is above it. */
    String recipe() {
        return "# Found by 'amalgam search': %s %s, candidate %d of %d by %s with seed %d.\n"
                        .formatted(
                                setup.objective().word(),
                                figure(result.best().figure()),
                                result.best().number(),
                                result.trials().size(),
                                setup.method().word(),
                                setup.seed())
                + result.recipe();
    }

    List<String> lines(Console console) {
        List<String> names = setup.recipe().ranges().stream().map(SearchRange::name).toList();
        Columns best = new Columns();
        List<Object> heads = new ArrayList<>(List.of("", "candidate", setup.objective().word()));
        heads.addAll(names);
        best.row(heads.toArray());
        for (Trial trial : sorted().subList(0, Math.min(SHOWN, result.trials().size()))) {
            List<Object> row = new ArrayList<>();
            row.add(trial.equals(result.best()) ? "*" : "");
            row.add(trial.number());
            row.add(figure(trial.figure()));
            names.forEach(name -> row.add(trial.values().getOrDefault(name, "")));
            best.row(row.toArray());
        }
        Terminal terminal = console.terminal();
        int width = terminal.fitted() ? terminal.columns() : Integer.MAX_VALUE;
        List<String> lines = new ArrayList<>(best.lines(width));
        lines.add("");
        lines.addAll(comparison().lines(width));
        long failed = result.trials().stream().filter(Trial::failed).count();
        lines.add("");
        lines.add(
                Quantity.of(result.trials().size(), "candidate")
                        + (failed == 0 ? "" : ", " + failed + " failed")
                        + ", "
                        + Quantity.duration(seconds)
                        + "; "
                        + result.end());
        return lines;
    }

    /** The best and the plain average, on what was searched on and on what was held out. */
    private Columns comparison() {
        Set<String> names = new LinkedHashSet<>(result.best().figures().keySet());
        boolean several = names.size() > 1;
        boolean heldOut = result.bestHeldOut().isPresent();
        Columns columns = new Columns();
        List<Object> heads = new ArrayList<>(List.of("", setup.objective().word()));
        if (heldOut) {
            heads.add("held out");
        }
        if (several) {
            names.forEach(heads::add);
            if (heldOut) {
                names.forEach(name -> heads.add(name + ", held out"));
            }
        }
        columns.row(heads.toArray());
        row(columns, "best", Optional.of(result.best()), result.bestHeldOut(), names, several);
        if (result.average().isPresent()) {
            row(
                    columns,
                    "plain average",
                    result.average(),
                    result.averageHeldOut(),
                    names,
                    several);
        }
        return columns;
    }

    private void row(
            Columns columns,
            String name,
            Optional<Trial> searched,
            Optional<Trial> heldOut,
            Set<String> names,
            boolean several) {
        List<Object> row = new ArrayList<>();
        row.add(name);
        row.add(figure(searched.map(Trial::figure).orElse(Double.NaN)));
        if (result.bestHeldOut().isPresent()) {
            row.add(figure(heldOut.map(Trial::figure).orElse(Double.NaN)));
        }
        if (several) {
            names.forEach(n -> row.add(figure(figureOf(searched, n))));
            if (result.bestHeldOut().isPresent()) {
                names.forEach(n -> row.add(figure(figureOf(heldOut, n))));
            }
        }
        columns.row(row.toArray());
    }

    private static double figureOf(Optional<Trial> trial, String name) {
        return trial.map(t -> t.figures().getOrDefault(name, Double.NaN)).orElse(Double.NaN);
    }

    ObjectNode json(Path out) {
        ObjectNode root = Json.object();
        root.put("amalgam_search", 1);
        root.put("recipe", setup.recipe().template().file());
        root.put("output", out.toAbsolutePath().normalize().toString());
        root.put("method", setup.method().word());
        root.put("seed", setup.seed());
        root.put("objective", setup.objective().word());
        root.put("smaller_is_better", losses());
        root.put("combination", setup.combination().word());
        ObjectNode ranges = root.putObject("ranges");
        setup.recipe().ranges().forEach(range -> ranges.put(range.name(), range.words()));
        root.put("end", result.end());
        root.put("seconds", Math.round(seconds * 1000) / 1000.0);
        put(root.putObject("best"), result.best());
        result.bestHeldOut().ifPresent(trial -> put(root.putObject("best_held_out"), trial));
        result.average().ifPresent(trial -> put(root.putObject("average"), trial));
        result.averageHeldOut().ifPresent(trial -> put(root.putObject("average_held_out"), trial));
        root.put("best_recipe", recipe());
        ArrayNode candidates = root.putArray("candidates");
        result.trials().forEach(trial -> put(candidates.addObject(), trial));
        return root;
    }

    private static void put(ObjectNode node, Trial trial) {
        if (trial.number() > 0) {
            node.put("number", trial.number());
            ObjectNode values = node.putObject("values");
            trial.values().forEach(values::put);
        }
        ObjectNode figures = node.putObject("figures");
        for (Map.Entry<String, Double> figure : trial.figures().entrySet()) {
            figures.put(figure.getKey(), figure.getValue());
        }
        if (trial.failed()) {
            node.put("problem", trial.problem());
        } else {
            node.put("figure", trial.figure());
        }
        node.put("seconds", Math.round(trial.seconds() * 1000) / 1000.0);
    }
}
