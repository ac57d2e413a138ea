package io.amalgam.cli.report;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.cli.console.Figures;
import io.amalgam.cli.console.Json;
import io.amalgam.cli.report.Html.Cell;
import io.amalgam.internal.compare.Change;
import io.amalgam.internal.compare.Measures;
import io.amalgam.internal.compare.ModelComparison;
import io.amalgam.internal.compare.ModelComparison.Group;
import io.amalgam.internal.layers.TensorKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.function.ToDoubleFunction;

/** The pictures of a comparison: charts over the layers, and maps of layers by kinds. */
final class ComparisonCharts {
    private final ModelComparison comparison;
    private final Html body;
    private final IntFunction<String> name;

    /**
     * @param name of a model by its number
     */
    ComparisonCharts(ModelComparison comparison, Html body, IntFunction<String> name) {
        this.comparison = comparison;
        this.body = body;
        this.name = name;
    }

    /** The data of the charts, whose places are in the page; none for a single layer. */
    ObjectNode overLayers(IntFunction<String> shortName) {
        ObjectNode data = Json.object();
        ArrayNode names = data.putArray("layers");
        List<Group> layers = comparison.layers();
        layers.forEach(layer -> names.add(layer.name()));
        ArrayNode charts = data.putArray("charts");
        if (layers.size() < 2) {
            return data;
        }
        body.raw(
                "<noscript><p>Charts need scripts; the table of layers has the same numbers.</p></noscript>");
        body.raw("<div class=\"charts scripted\" hidden>");
        chart(
                charts,
                shortName,
                "Change, relative to the reference's norm",
                layers,
                Change::relative);
        chart(charts, shortName, "Share of elements changed", layers, Change::share);
        chart(charts, shortName, "Norm of the change", layers, Change::norm);
        if (comparison.models() > 1) {
            ArrayNode series = chart(charts, "Share of elements with sign conflicts");
            ObjectNode any = series.addObject().put("name", "any two models");
            values(any, layers, measures -> measures.conflictShare());
        }
        body.raw("</div>");
        return data;
    }

    private ArrayNode chart(ArrayNode charts, String title) {
        body.chart(charts.size(), title);
        return charts.addObject().put("title", title).putArray("series");
    }

    private void chart(
            ArrayNode charts,
            IntFunction<String> shortName,
            String title,
            List<Group> layers,
            ToDoubleFunction<Change> value) {
        ArrayNode series = chart(charts, title);
        for (int m = 0; m < comparison.models(); m++) {
            int model = m;
            ObjectNode line = series.addObject().put("name", shortName.apply(m + 1));
            values(line, layers, measures -> value.applyAsDouble(measures.changes().get(model)));
        }
    }

    private static void values(
            ObjectNode line, List<Group> layers, ToDoubleFunction<Measures> value) {
        ArrayNode values = line.putArray("values");
        for (Group layer : layers) {
            double each = value.applyAsDouble(layer.measures());
            if (Double.isFinite(each)) {
                // Three digits more than the eye can see.
                values.add(Double.parseDouble(String.format(java.util.Locale.ROOT, "%.5g", each)));
            } else {
                values.addNull();
            }
        }
    }

    /** Layers by kinds, a map for each model; the last, of a merge its result, is open. */
    void heat() {
        Map<String, Map<TensorKind, Measures>> cells = comparison.cells();
        List<TensorKind> kinds =
                cells.values().stream()
                        .flatMap(row -> row.keySet().stream())
                        .distinct()
                        .sorted()
                        .toList();
        for (int m = comparison.models() - 1; m >= 0; m--) {
            int model = m;
            ToDoubleFunction<Measures> value = all -> all.changes().get(model).relative();
            double most =
                    cells.values().stream()
                            .flatMap(row -> row.values().stream())
                            .mapToDouble(value)
                            .filter(Double::isFinite)
                            .max()
                            .orElse(0);
            body.raw(
                    "<details"
                            + (m == comparison.models() - 1 ? " open" : "")
                            + "><summary>"
                            + Html.escaped(name.apply(m + 1))
                            + "</summary>");
            List<String> heads = new ArrayList<>(List.of("layer"));
            kinds.forEach(kind -> heads.add(kind.label()));
            body.table("", heads);
            cells.forEach(
                    (layer, row) -> {
                        List<Cell> line = new ArrayList<>(List.of(Cell.of(layer)));
                        for (TensorKind kind : kinds) {
                            line.add(
                                    Optional.ofNullable(row.get(kind))
                                            .map(
                                                    measures ->
                                                            shaded(
                                                                    value.applyAsDouble(measures),
                                                                    most))
                                            .orElse(Cell.of("")));
                        }
                        body.row(line);
                    });
            body.end().raw("</details>");
        }
    }

    private static Cell shaded(double value, double most) {
        double strength = most == 0 || !Double.isFinite(value) ? 0 : 0.6 * value / most;
        return new Cell(
                Figures.number(value),
                String.format(
                        java.util.Locale.ROOT,
                        " style=\"background:rgba(56,139,253,%.2f)\"",
                        strength));
    }
}
