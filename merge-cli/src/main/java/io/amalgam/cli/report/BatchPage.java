package io.amalgam.cli.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.cli.console.Quantity;
import io.amalgam.cli.report.Html.Cell;
import io.amalgam.cli.report.Page.Section;
import io.amalgam.internal.runs.BestFirst;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/** The merges of a batch as a page, from what it wrote of itself. */
final class BatchPage {
    private BatchPage() {}

    static String of(String title, JsonNode batch) {
        Html body = new Html();
        List<Section> sections = new ArrayList<>(List.of(new Section("merges", "Merges")));
        body.heading("merges", "Merges");
        Set<String> values = new LinkedHashSet<>();
        JsonNode merges = batch.path("merges");
        merges.forEach(merge -> merge.path("values").fieldNames().forEachRemaining(values::add));
        List<String> heads = new ArrayList<>(List.of("merge", "recipe", "state"));
        heads.addAll(values);
        String word = batch.path("smaller_is_better").asBoolean() ? "loss" : "score";
        boolean judged = batch.has("judge");
        Set<String> figures = figures(merges);
        if (judged) {
            heads.add(word);
            heads.addAll(figures);
        }
        heads.addAll(List.of("seconds", "size", "output"));
        body.table(" class=\"sorts\"", heads);
        boolean smallest = batch.path("smaller_is_better").asBoolean();
        List<JsonNode> rows = judged ? ranked(merges, smallest) : each(merges);
        boolean best = judged;
        for (JsonNode merge : rows) {
            List<Cell> row = new ArrayList<>();
            best &= merge.path("score").isNumber();
            row.add(Cell.longer(merge.path("name").asText() + (best ? " (best)" : "")));
            row.add(Cell.longer(merge.path("recipe").asText()));
            row.add(Cell.of(merge.path("state").asText()));
            for (String name : values) {
                row.add(Plots.cell(merge.path("values").path(name).asText("")));
            }
            if (judged) {
                row.add(figure(merge.path("score")));
                figures.forEach(name -> row.add(figure(merge.path("figures").path(name))));
            }
            double seconds = merge.path("seconds").asDouble();
            double bytes = merge.path("bytes").asDouble();
            row.add(Cell.number(seconds, Quantity.duration(seconds)));
            row.add(Cell.number(bytes, Quantity.bytes(bytes)));
            row.add(Cell.longer(merge.path("output").asText()));
            body.row(row);
            best = false;
        }
        body.end();
        Optional<JsonNode> data =
                judged ? charts(body, sections, merges, values, word) : Optional.empty();
        problems(body, sections, merges, "problems", "Problems");
        problems(body, sections, merges, "warnings", "Warnings");
        return Page.of(title, sections, body.toString(), data);
    }

    private static List<JsonNode> each(JsonNode merges) {
        List<JsonNode> all = new ArrayList<>();
        merges.forEach(all::add);
        return all;
    }

    /** The best first, as in the table of the terminal; those without a score last. */
    private static List<JsonNode> ranked(JsonNode merges, boolean smallest) {
        List<JsonNode> all = each(merges);
        all.sort(
                BestFirst.by(
                        merge -> {
                            JsonNode score = merge.path("score");
                            return score.isNumber()
                                    ? OptionalDouble.of(score.asDouble())
                                    : OptionalDouble.empty();
                        },
                        smallest));
        return all;
    }

    /** What scores are made of, where it is more than one figure. */
    private static Set<String> figures(JsonNode merges) {
        Set<String> names = new LinkedHashSet<>();
        merges.forEach(merge -> merge.path("figures").fieldNames().forEachRemaining(names::add));
        return names.size() < 2 ? Set.of() : names;
    }

    private static Cell figure(JsonNode figure) {
        return figure.isNumber()
                ? Cell.number(
                        figure.asDouble(), String.format(Locale.ROOT, "%.4f", figure.asDouble()))
                : Cell.of("");
    }

    /** The scores against each swept value. */
    private static Optional<JsonNode> charts(
            Html body, List<Section> sections, JsonNode merges, Set<String> values, String word) {
        if (values.isEmpty()) {
            return Optional.empty();
        }
        Plots plots = new Plots(new ObjectMapper().createObjectNode());
        sections.add(new Section("charts", "Values and scores"));
        body.heading("charts", "Values and scores").raw("<div class=\"charts\">");
        values.forEach(name -> plots.scatter(body, merges, name, "score", word));
        body.raw("</div>");
        return Optional.of(plots.data());
    }

    private static String message(JsonNode problem) {
        StringBuilder message = new StringBuilder(problem.path("what").asText());
        if (!problem.path("expected").asText("").isEmpty()) {
            message.append(": expected ").append(problem.path("expected").asText());
            message.append(", got ").append(problem.path("found").asText());
        }
        if (!problem.path("where").asText("").isEmpty()) {
            message.append(" (").append(problem.path("where").asText()).append(")");
        }
        if (!problem.path("hint").asText("").isEmpty()) {
            message.append("; ").append(problem.path("hint").asText());
        }
        return message.toString();
    }

    private static void problems(
            Html body, List<Section> sections, JsonNode merges, String key, String title) {
        Html list = new Html();
        boolean any = false;
        for (JsonNode merge : merges) {
            for (JsonNode problem : merge.path(key)) {
                any = true;
                list.raw(
                        "<li>"
                                + Html.escaped(
                                        merge.path("name").asText() + ": " + message(problem))
                                + "</li>");
            }
        }
        if (any) {
            sections.add(new Section(key, title));
            body.heading(key, title).raw("<ul>").raw(list.toString()).raw("</ul>");
        }
    }
}
