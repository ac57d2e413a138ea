package io.amalgam.cli.inspect;

import io.amalgam.cli.console.Columns;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.Figures;
import io.amalgam.cli.console.Quantity;
import io.amalgam.internal.compare.Agreement;
import io.amalgam.internal.compare.Change;
import io.amalgam.internal.compare.Measures;
import io.amalgam.internal.compare.Mismatch;
import io.amalgam.internal.compare.ModelComparison;
import io.amalgam.internal.compare.Setting;
import io.amalgam.internal.compare.TensorChange;
import io.amalgam.tensor.TensorInfo;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** A comparison as tables that fit the terminal. */
final class DiffTables {
    private static final int NARROWEST = 20;

    /** Rows of settings and of tensors that are not alike; all are in the JSON document. */
    private static final int SHOWN = 20;

    private final ModelComparison comparison;
    private final Console console;
    private final boolean several;

    DiffTables(ModelComparison comparison, Console console) {
        this.comparison = comparison;
        this.console = console;
        this.several = comparison.models() > 1;
    }

    /**
     * @param top tensors to list
     */
    void print(int top) {
        models();
        if (several) {
            pairs();
        }
        if (comparison.total().differs()) {
            groups("kind", comparison.kinds());
            groups("layer", comparison.layers());
            tensors(top);
        }
        mismatches();
        settings("config.json", comparison.configs());
        settings("file", comparison.files());
    }

    /** The last line. */
    void printVerdict() {
        console.print("");
        console.print(verdict());
    }

    private void models() {
        Measures total = comparison.total();
        Columns columns =
                new Columns().row("", "model", "change", "cosine", "norm", "changed", "largest");
        Change first = total.changes().get(0);
        columns.row(
                "0",
                fit(comparison.names().get(0), 60),
                "",
                "",
                Figures.number(Math.sqrt(first.base2())));
        for (int m = 0; m < comparison.models(); m++) {
            Change change = total.changes().get(m);
            columns.row(
                    m + 1,
                    fit(comparison.names().get(m + 1), 60),
                    Figures.number(change.relative()),
                    Figures.cosine(change.cosine()),
                    Figures.number(Math.sqrt(change.model2())),
                    Figures.percent(change.share()),
                    change.largest().map(l -> Figures.number(l.magnitude())).orElse("0"));
        }
        columns.print(console);
        for (int m = 0; m < comparison.models(); m++) {
            int model = m + 1;
            total.changes()
                    .get(m)
                    .largest()
                    .ifPresent(
                            l ->
                                    console.print(
                                            Console.oneLine(
                                                    "largest change of "
                                                            + model
                                                            + ": "
                                                            + l.tensor()
                                                            + place(l))));
        }
    }

    /** Where an element is: its index in each dimension. */
    private String place(Change.Largest largest) {
        long[] dims =
                comparison.tensors().stream()
                        .filter(tensor -> tensor.name().equals(largest.tensor()))
                        .findFirst()
                        .map(tensor -> tensor.info().shape().dims())
                        .orElse(new long[0]);
        List<String> index = new ArrayList<>();
        long rest = largest.element();
        for (int i = dims.length - 1; i >= 0; i--) {
            index.add(0, String.valueOf(rest % dims[i]));
            rest /= dims[i];
        }
        return "[" + String.join(", ", index) + "]";
    }

    private void pairs() {
        Measures total = comparison.total();
        Columns columns = new Columns().row("changes", "cosine", "sign conflicts");
        for (Agreement pair : total.agreements()) {
            columns.row(
                    (pair.first() + 1) + " and " + (pair.second() + 1),
                    Figures.cosine(pair.cosine(total)),
                    Figures.percent((double) pair.conflicts() / Math.max(1, total.elements())));
        }
        if (comparison.models() > 2) {
            columns.row("any", "", Figures.percent(total.conflictShare()));
        }
        section(columns);
    }

    private void groups(String title, List<ModelComparison.Group> groups) {
        if (groups.isEmpty()) {
            return;
        }
        Columns columns = new Columns().row(headings(title, "tensors").toArray());
        for (ModelComparison.Group group : groups) {
            List<Object> row = new ArrayList<>(List.of(group.name(), group.tensors()));
            row.addAll(cells(group.measures()));
            columns.row(row.toArray());
        }
        section(columns);
    }

    private List<Object> headings(String... first) {
        List<Object> headings = new ArrayList<>(List.of(first));
        if (several) {
            for (int m = 1; m <= comparison.models(); m++) {
                headings.add("change " + m);
            }
            headings.add("conflicts");
        } else {
            headings.addAll(List.of("change", "cosine", "largest", "changed"));
        }
        return headings;
    }

    private List<Object> cells(Measures measures) {
        List<Object> cells = new ArrayList<>();
        if (several) {
            measures.changes().forEach(change -> cells.add(Figures.number(change.relative())));
            cells.add(Figures.percent(measures.conflictShare()));
            return cells;
        }
        Change change = measures.changes().get(0);
        cells.add(Figures.number(change.relative()));
        cells.add(Figures.cosine(change.cosine()));
        cells.add(change.largest().map(l -> Figures.number(l.magnitude())).orElse("0"));
        cells.add(Figures.percent(change.share()));
        return cells;
    }

    private void tensors(int top) {
        List<TensorChange> most =
                comparison.tensors().stream()
                        .filter(tensor -> tensor.measures().differs())
                        .sorted(
                                Comparator.comparingDouble(
                                                (TensorChange t) -> -t.measures().relative())
                                        .thenComparing(t -> -t.measures().changes().get(0).share()))
                        .limit(top)
                        .toList();
        if (most.isEmpty()) {
            return;
        }
        int others = 10 * (several ? comparison.models() + 1 : 4);
        Columns columns = new Columns().row(headings("tensor").toArray());
        for (TensorChange tensor : most) {
            List<Object> row = new ArrayList<>(List.of(fit(tensor.name(), others)));
            row.addAll(cells(tensor.measures()));
            columns.row(row.toArray());
        }
        section(columns);
    }

    private void mismatches() {
        types();
        List<Mismatch> all =
                comparison.mismatches().stream().filter(each -> !each.typeOnly()).toList();
        if (all.isEmpty()) {
            return;
        }
        Columns columns = new Columns().row(byModel("not alike").toArray());
        for (Mismatch mismatch : all.subList(0, Math.min(SHOWN, all.size()))) {
            List<Object> row =
                    new ArrayList<>(List.of(fit(mismatch.tensor(), 20 * mismatch.infos().size())));
            mismatch.infos().forEach(info -> row.add(info.map(DiffTables::described).orElse("-")));
            columns.row(row.toArray());
        }
        section(columns);
        more(all.size());
    }

    /** How many tensors have which types, of those that have one shape. */
    private void types() {
        Map<List<Object>, Integer> counts = new LinkedHashMap<>();
        comparison.mismatches().stream()
                .filter(Mismatch::typeOnly)
                .map(
                        each ->
                                each.infos().stream()
                                        .<Object>map(info -> info.orElseThrow().dtype())
                                        .toList())
                .forEach(types -> counts.merge(types, 1, Integer::sum));
        if (counts.isEmpty()) {
            return;
        }
        Columns columns = new Columns().row(byModel("types").toArray());
        counts.forEach(
                (types, count) -> {
                    List<Object> row = new ArrayList<>(List.of(Quantity.of(count, "tensor")));
                    row.addAll(types);
                    columns.row(row.toArray());
                });
        section(columns);
    }

    /** A heading with a column for each model, by its number. */
    private List<Object> byModel(String title) {
        List<Object> heading = new ArrayList<>(List.of(title));
        for (int m = 0; m <= comparison.models(); m++) {
            heading.add(m);
        }
        return heading;
    }

    private static String described(TensorInfo info) {
        return info.dtype() + " " + info.shape();
    }

    private void settings(String title, List<Setting> all) {
        if (all.isEmpty()) {
            return;
        }
        Columns columns = new Columns().row(byModel(title).toArray());
        for (Setting setting : all.subList(0, Math.min(SHOWN, all.size()))) {
            List<Object> row = new ArrayList<>(List.of(setting.name()));
            setting.values().forEach(value -> row.add(value.map(DiffTables::cut).orElse("-")));
            columns.row(row.toArray());
        }
        section(columns);
        more(all.size());
    }

    private void more(int size) {
        if (size > SHOWN) {
            console.print("... and " + (size - SHOWN) + " more; --json has all");
        }
    }

    private static String cut(String value) {
        return value.length() <= 60 ? value : value.substring(0, 57) + "...";
    }

    private void section(Columns columns) {
        console.print("");
        columns.print(console);
    }

    private String verdict() {
        long differing =
                comparison.tensors().stream().filter(tensor -> tensor.measures().differs()).count();
        if (!comparison.differs()) {
            return "no difference in "
                    + Quantity.of(comparison.tensors().size(), "tensor")
                    + ", settings and other files";
        }
        List<String> parts = new ArrayList<>();
        parts.add(differing + " of " + Quantity.of(comparison.tensors().size(), "tensor"));
        int types = (int) comparison.mismatches().stream().filter(Mismatch::typeOnly).count();
        part(parts, types, "type", "types");
        part(
                parts,
                comparison.mismatches().size() - types,
                "tensor not alike",
                "tensors not alike");
        part(parts, comparison.configs().size(), "setting", "settings");
        part(parts, comparison.files().size(), "file", "files");
        return parts.stream().collect(Collectors.joining(", ", "different: ", ""));
    }

    private static void part(List<String> parts, int count, String one, String many) {
        if (count > 0) {
            parts.add(count + " " + (count == 1 ? one : many));
        }
    }

    /** A name without its middle if it is too long for the terminal beside other columns. */
    private String fit(String name, int others) {
        int room =
                console.terminal().fitted()
                        ? Math.max(NARROWEST, console.terminal().columns() - others)
                        : Integer.MAX_VALUE;
        if (name.length() <= room) {
            return name;
        }
        int head = (room - 1) / 2;
        return name.substring(0, head) + "…" + name.substring(name.length() - (room - 1 - head));
    }
}
