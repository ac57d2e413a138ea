package io.amalgam.cli.report;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.cli.console.Figures;
import io.amalgam.cli.report.Html.Cell;
import io.amalgam.cli.report.Page.Section;
import io.amalgam.error.Problem;
import io.amalgam.internal.compare.Agreement;
import io.amalgam.internal.compare.Change;
import io.amalgam.internal.compare.Measures;
import io.amalgam.internal.compare.MergeObserver;
import io.amalgam.internal.compare.Mismatch;
import io.amalgam.internal.compare.ModelComparison;
import io.amalgam.internal.compare.ModelComparison.Group;
import io.amalgam.internal.compare.Setting;
import io.amalgam.internal.compare.TensorChange;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** A comparison of models as a page; of a merge, with its recipe and where it comes from. */
public final class ComparisonPage {
    /** Rows of the table of tensors: a page of 70 billion parameters stays below 2 MB. */
    private static final int ROWS = 3000;

    private static final int SETTINGS = 200;

    private final ModelComparison comparison;
    private final Optional<MergeFacts> merge;
    private final List<Problem> warnings;
    private final List<Section> sections = new ArrayList<>();
    private final Html body = new Html();
    private final boolean several;

    private ComparisonPage(
            ModelComparison comparison, Optional<MergeFacts> merge, List<Problem> warnings) {
        this.comparison = comparison;
        this.merge = merge;
        this.warnings = warnings;
        this.several = comparison.models() > 1;
    }

    /**
     * @param merge what the report of a merge says; empty of models that were only compared
     */
    public static String of(
            String title,
            ModelComparison comparison,
            Optional<MergeFacts> merge,
            List<Problem> warnings) {
        return new ComparisonPage(comparison, merge, warnings).page(title);
    }

    private String page(String title) {
        summary();
        if (several) {
            pairs();
        }
        ComparisonCharts pictures = new ComparisonCharts(comparison, body, this::name);
        if (comparison.layers().size() > 1) {
            section("charts", "Over the layers");
        }
        ObjectNode charts = pictures.overLayers(this::shortName);
        if (!comparison.cells().isEmpty()) {
            section("heat", "Change by layer and kind");
            pictures.heat();
        }
        groups("kinds", "Kinds of tensors", "kind", comparison.kinds());
        groups("layers", "Layers", "layer", comparison.layers());
        tensors();
        mismatches();
        settings("settings", "Settings", "config.json", comparison.configs());
        settings("files", "Other files", "file", comparison.files());
        warnings();
        merge.ifPresent(
                facts -> {
                    section("recipe", "Recipe");
                    facts.recipe(body);
                    section("provenance", "Provenance");
                    facts.provenance(body);
                });
        return Page.of(title, sections, body.toString(), Optional.of(charts));
    }

    private void section(String id, String title) {
        sections.add(new Section(id, title));
        body.heading(id, title);
    }

    /** A model by its number and name. */
    private String name(int model) {
        return model + " " + comparison.names().get(model);
    }

    private String shortName(int model) {
        String name = comparison.names().get(model).replaceAll("[/\\\\]+$", "");
        return model
                + " "
                + name.substring(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
    }

    private void summary() {
        section("summary", "Summary");
        merge.ifPresent(facts -> facts.summary(body));
        Measures total = comparison.total();
        body.raw("<p>All numbers are differences from the reference, model 0.</p>");
        if (comparison.oneIn() > 1) {
            body.paragraph(
                    "Estimated from 1/%d of the elements of tensors with more than %,d elements; others are measured whole. The largest change is that of the sample."
                            .formatted(comparison.oneIn(), MergeObserver.WHOLE));
        }
        body.table(
                "",
                List.of(
                        "model",
                        "change",
                        "cosine",
                        "norm",
                        "norm of change",
                        "changed",
                        largest(),
                        "where"));
        body.row(
                List.of(
                        Cell.longer(name(0) + " (reference)"),
                        Cell.of(""),
                        Cell.of(""),
                        Cell.of(Figures.number(Math.sqrt(total.changes().get(0).base2()))),
                        Cell.of(""),
                        Cell.of(""),
                        Cell.of(""),
                        Cell.longer("")));
        for (int m = 0; m < comparison.models(); m++) {
            Change change = total.changes().get(m);
            body.row(
                    List.of(
                            Cell.longer(name(m + 1)),
                            Cell.of(Figures.number(change.relative())),
                            Cell.of(Figures.cosine(change.cosine())),
                            Cell.of(Figures.number(Math.sqrt(change.model2()))),
                            Cell.of(Figures.number(change.norm())),
                            Cell.of(Figures.percent(change.share())),
                            Cell.of(
                                    change.largest()
                                            .map(l -> Figures.number(l.magnitude()))
                                            .orElse("0")),
                            Cell.longer(change.largest().map(Change.Largest::tensor).orElse(""))));
        }
        body.end();
    }

    private String largest() {
        return comparison.oneIn() > 1 ? "largest of sample" : "largest";
    }

    private void pairs() {
        section("pairs", "What the changes have in common");
        Measures total = comparison.total();
        boolean given = merge.map(MergeFacts::hasBase).orElse(false);
        List<String> heads =
                new ArrayList<>(List.of("changes of", "and of", "cosine", "sign conflicts"));
        if (given) {
            heads.add("share of the first in the second");
        }
        body.table(" class=\"sorts\"", heads);
        for (Agreement pair : total.agreements()) {
            double conflicts = (double) pair.conflicts() / Math.max(1, total.elements());
            double first = total.changes().get(pair.first()).delta2();
            List<Cell> row =
                    new ArrayList<>(
                            List.of(
                                    Cell.longer(name(pair.first() + 1)),
                                    Cell.longer(name(pair.second() + 1)),
                                    Cell.number(
                                            pair.cosine(total), Figures.cosine(pair.cosine(total))),
                                    Cell.number(conflicts, Figures.percent(conflicts))));
            if (given) {
                double share = first == 0 ? Double.NaN : pair.product() / first;
                row.add(Cell.number(share, Figures.number(share)));
            }
            body.row(row);
        }
        body.end();
        body.raw(
                "<p class=\"quiet\">A sign conflict is an element that both changed, in opposite directions."
                        + (given
                                ? " The share is the length of the second change along the first, divided by the first: what an input gave to the merge, which is the last model."
                                : "")
                        + "</p>");
    }

    private void groups(String id, String title, String column, List<Group> groups) {
        if (groups.isEmpty()) {
            return;
        }
        section(id, title);
        List<String> heads = new ArrayList<>(List.of(column, "tensors"));
        heads(heads);
        body.table(" class=\"sorts\"", heads);
        int place = 0;
        for (Group group : groups) {
            List<Cell> row = new ArrayList<>();
            // Sorted as they stand, not as text: layer 2 before layer 10.
            row.add(new Cell(group.name(), " data-v=\"" + place++ + "\""));
            row.add(Cell.number(group.tensors(), String.valueOf(group.tensors())));
            cells(row, group.measures());
            body.row(row);
        }
        body.end();
    }

    private void heads(List<String> heads) {
        for (int m = 1; m <= comparison.models(); m++) {
            heads.add("change " + m);
        }
        heads.add("cosine " + comparison.models());
        heads.add("changed " + comparison.models());
        heads.add(largest() + " " + comparison.models());
        if (several) {
            heads.add("conflicts");
        }
    }

    private void cells(List<Cell> row, Measures measures) {
        for (Change change : measures.changes()) {
            row.add(Cell.number(change.relative(), Figures.number(change.relative())));
        }
        Change last = measures.changes().get(measures.changes().size() - 1);
        double largest = last.largest().map(l -> (double) l.magnitude()).orElse(0.0);
        row.add(Cell.number(last.cosine(), Figures.cosine(last.cosine())));
        row.add(Cell.number(last.share(), Figures.percent(last.share())));
        row.add(Cell.number(largest, Figures.number(largest)));
        if (several) {
            row.add(
                    Cell.number(
                            measures.conflictShare(), Figures.percent(measures.conflictShare())));
        }
    }

    private void tensors() {
        List<TensorChange> all = comparison.tensors();
        section("all", "Tensors");
        if (all.size() > ROWS) {
            body.paragraph("The " + ROWS + " of " + all.size() + " tensors that changed most.");
            all =
                    all.stream()
                            .sorted(
                                    Comparator.comparingDouble(
                                            (TensorChange t) -> -t.measures().relative()))
                            .limit(ROWS)
                            .toList();
        }
        body.raw(
                "<p class=\"filters scripted\" hidden><label>Name contains <input id=\"name-filter\" type=\"search\"></label> <label>Kind <select id=\"kind-filter\"><option value=\"\">all</option>");
        comparison
                .kinds()
                .forEach(kind -> body.raw("<option>" + Html.escaped(kind.name()) + "</option>"));
        body.raw("</select></label> <span id=\"count\" role=\"status\"></span></p>");
        List<String> heads = new ArrayList<>(List.of("tensor", "kind", "type", "shape"));
        heads(heads);
        body.table(" class=\"sorts\" id=\"tensors\"", heads);
        for (TensorChange tensor : all) {
            List<Cell> row = new ArrayList<>();
            row.add(Cell.of(tensor.name()));
            row.add(Cell.of(tensor.kind().label()));
            row.add(Cell.of(tensor.info().dtype()));
            row.add(Cell.number(tensor.info().elements(), tensor.info().shape().toString()));
            cells(row, tensor.measures());
            body.row(row);
        }
        body.end();
    }

    private void mismatches() {
        if (comparison.mismatches().isEmpty()) {
            return;
        }
        section("alike", "Tensors that are not alike");
        body.table(" class=\"sorts\"", byModel("tensor"));
        for (Mismatch mismatch : comparison.mismatches().stream().limit(ROWS).toList()) {
            List<Cell> row = new ArrayList<>(List.of(Cell.of(mismatch.tensor())));
            mismatch.infos()
                    .forEach(
                            info ->
                                    row.add(
                                            Cell.of(
                                                    info.map(i -> i.dtype() + " " + i.shape())
                                                            .orElse("-"))));
            body.row(row);
        }
        body.end();
    }

    private List<String> byModel(String first) {
        List<String> heads = new ArrayList<>(List.of(first));
        for (int m = 0; m <= comparison.models(); m++) {
            heads.add(shortName(m));
        }
        return heads;
    }

    private void settings(String id, String title, String column, List<Setting> all) {
        if (all.isEmpty()) {
            return;
        }
        section(id, title);
        body.table("", byModel(column));
        for (Setting setting : all.stream().limit(SETTINGS).toList()) {
            List<Cell> row = new ArrayList<>(List.of(Cell.longer(setting.name())));
            setting.values()
                    .forEach(
                            value ->
                                    row.add(
                                            Cell.longer(
                                                    value.map(
                                                                    v ->
                                                                            v.length() > 500
                                                                                    ? v.substring(
                                                                                                    0,
                                                                                                    500)
                                                                                            + "..."
                                                                                    : v)
                                                            .orElse("-"))));
            body.row(row);
        }
        body.end();
    }

    private void warnings() {
        List<String> all = new ArrayList<>(merge.map(MergeFacts::warnings).orElse(List.of()));
        warnings.forEach(warning -> all.add(warning.toString()));
        if (all.isEmpty()) {
            return;
        }
        section("warnings", "Warnings");
        body.raw("<ul>");
        all.stream()
                .distinct()
                .forEach(warning -> body.raw("<li>" + Html.escaped(warning) + "</li>"));
        body.raw("</ul>");
    }
}
