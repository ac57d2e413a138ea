package io.amalgam.cli.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.cli.console.Quantity;
import io.amalgam.cli.report.Html.Cell;
import io.amalgam.cli.report.Page.Section;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** A search as a page: how the best figure went, and each range against the figures. */
public final class SearchPage {
    private static final ObjectMapper JSON = new ObjectMapper();

    private SearchPage() {}

    /** The page of what a search wrote of itself. */
    public static String of(String title, JsonNode search) {
        Html body = new Html();
        List<Section> sections = new ArrayList<>();
        List<String> names = new ArrayList<>();
        search.path("ranges").fieldNames().forEachRemaining(names::add);
        String word = search.path("objective").asText();
        section(body, sections, "result", "Result");
        result(body, search, word);
        Plots plots = new Plots(JSON.createObjectNode());
        section(body, sections, "charts", "Progress and parameters");
        body.paragraph(
                search.path("smaller_is_better").asBoolean()
                        ? "Losses: lower is better."
                        : "Scores: higher is better.");
        body.raw("<div class=\"charts\">");
        JsonNode candidates = search.path("candidates");
        plots.progress(body, candidates, word, search.path("smaller_is_better").asBoolean());
        for (String name : names) {
            plots.scatter(body, candidates, name, "figure", word);
        }
        body.raw("</div>");
        section(body, sections, "candidates", "Candidates");
        table(body, candidates, names, word);
        section(body, sections, "recipe", "Best recipe");
        body.raw("<pre>" + Html.escapedLines(search.path("best_recipe").asText()) + "</pre>");
        return Page.of(title, sections, body.toString(), Optional.of(plots.data()));
    }

    private static void section(Html body, List<Section> sections, String id, String title) {
        sections.add(new Section(id, title));
        body.heading(id, title);
    }

    private static void result(Html body, JsonNode search, String word) {
        boolean heldOut = search.has("best_held_out");
        List<String> heads = new ArrayList<>(List.of("", word));
        if (heldOut) {
            heads.add("held out");
        }
        body.table("", heads);
        for (String kind : List.of("best", "average")) {
            if (search.has(kind)) {
                List<Cell> row = new ArrayList<>();
                row.add(Cell.of(kind.equals("best") ? "best" : "plain average"));
                row.add(figure(search.path(kind)));
                if (heldOut) {
                    row.add(figure(search.path(kind + "_held_out")));
                }
                body.row(row);
            }
        }
        body.end();
        body.paragraph(
                "%s by %s with seed %d in %s; %s."
                        .formatted(
                                Quantity.of(search.path("candidates").size(), "candidate"),
                                search.path("method").asText(),
                                search.path("seed").asLong(),
                                Quantity.duration(search.path("seconds").asDouble()),
                                search.path("end").asText()));
    }

    private static Cell figure(JsonNode trial) {
        double figure = trial.path("figure").asDouble(Double.NaN);
        return Double.isNaN(figure)
                ? Cell.number(figure, "failed")
                : Cell.number(figure, String.format(Locale.ROOT, "%.4f", figure));
    }

    private static void table(Html body, JsonNode candidates, List<String> names, String word) {
        List<String> heads = new ArrayList<>(List.of("candidate", word));
        heads.addAll(names);
        heads.addAll(List.of("seconds", "problem"));
        body.table(" class=\"sorts\"", heads);
        for (JsonNode trial : candidates) {
            List<Cell> row = new ArrayList<>();
            row.add(Cell.number(trial.path("number").asDouble(), trial.path("number").asText()));
            row.add(figure(trial));
            names.forEach(name -> row.add(Plots.cell(trial.path("values").path(name).asText())));
            double seconds = trial.path("seconds").asDouble();
            row.add(Cell.number(seconds, Quantity.duration(seconds)));
            row.add(Cell.longer(trial.path("problem").asText()));
            body.row(row);
        }
        body.end();
    }
}
