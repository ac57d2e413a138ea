package io.amalgam.cli.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.cli.report.Html.Cell;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Charts of figures against numbers: lines and points.
 *
 * @param data of the page's script
 */
record Plots(ObjectNode data) {
    Plots {
        data.putArray("layers");
        data.putArray("charts");
    }

    private ObjectNode chart(Html body, String title) {
        ArrayNode charts = (ArrayNode) data.path("charts");
        body.chart(charts.size(), title);
        return charts.addObject();
    }

    /** The figure of each candidate, and the best up to it. */
    void progress(Html body, JsonNode trials, String word, boolean smaller) {
        ObjectNode chart = chart(body, "best " + word + " so far").put("label", "candidate");
        ArrayNode x = chart.putArray("x");
        ArrayNode series = chart.putArray("series");
        ArrayNode each =
                series.addObject().put("name", word).put("points", true).putArray("values");
        ArrayNode best = series.addObject().put("name", "best").putArray("values");
        double found = Double.NaN;
        for (JsonNode trial : trials) {
            x.add(trial.path("number").asDouble());
            double figure = trial.path("figure").asDouble(Double.NaN);
            if (Double.isNaN(figure)) {
                each.addNull();
            } else {
                each.add(figure);
                boolean better = smaller ? figure < found : figure > found;
                found = Double.isNaN(found) || better ? figure : found;
            }
            if (Double.isNaN(found)) {
                best.addNull();
            } else {
                best.add(found);
            }
        }
    }

    /**
     * The figures against the values of one name: numbers, or texts at places of their own.
     *
     * @param key of the figures
     */
    void scatter(Html body, JsonNode trials, String name, String key, String word) {
        record Dot(double x, double y) {}
        List<String> texts = new ArrayList<>(new LinkedHashSet<>(texts(trials, name)));
        boolean numbers = texts.stream().allMatch(text -> number(text).isPresent());
        List<Dot> dots = new ArrayList<>();
        for (JsonNode trial : trials) {
            String text = trial.path("values").path(name).asText("");
            double figure = trial.path(key).asDouble(Double.NaN);
            if (!Double.isNaN(figure) && texts.contains(text)) {
                double x = numbers ? number(text).orElseThrow() : texts.indexOf(text);
                dots.add(new Dot(x, figure));
            }
        }
        dots.sort(Comparator.comparingDouble(Dot::x));
        ObjectNode chart = chart(body, name).put("label", name);
        if (!numbers) {
            ArrayNode names = chart.putArray("names");
            texts.forEach(names::add);
        }
        ArrayNode x = chart.putArray("x");
        ArrayNode y =
                chart.putArray("series")
                        .addObject()
                        .put("name", word)
                        .put("points", true)
                        .putArray("values");
        for (Dot dot : dots) {
            x.add(dot.x());
            y.add(dot.y());
        }
    }

    private static List<String> texts(JsonNode trials, String name) {
        List<String> texts = new ArrayList<>();
        for (JsonNode trial : trials) {
            if (trial.path("values").has(name)) {
                texts.add(trial.path("values").path(name).asText());
            }
        }
        return texts;
    }

    static OptionalDouble number(String text) {
        try {
            double number = Double.parseDouble(text);
            return Double.isFinite(number) ? OptionalDouble.of(number) : OptionalDouble.empty();
        } catch (NumberFormatException e) {
            return OptionalDouble.empty();
        }
    }

    /** A cell sorted as a number if it is one. */
    static Cell cell(String text) {
        OptionalDouble number = number(text);
        return number.isPresent() ? Cell.number(number.getAsDouble(), text) : Cell.of(text);
    }
}
