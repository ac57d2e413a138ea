package io.amalgam.cli.batch;

import io.amalgam.cli.console.Columns;
import io.amalgam.cli.console.ExitCode;
import io.amalgam.cli.console.OptionWords;
import io.amalgam.cli.console.OwnFile;
import io.amalgam.cli.console.Quantity;
import io.amalgam.runs.Batch;
import io.amalgam.runs.Batch.Result;
import io.amalgam.runs.Batch.State;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What became of a batch: a table, and the exit code. Where models were judged, the best come
 * first.
 *
 * @param smallerIsBetter of the scores; empty where nothing was judged
 */
record BatchSummary(List<Result> results, Optional<Boolean> smallerIsBetter) {
    /** Written tables begin with it. */
    static final OwnFile TABLE = new OwnFile("table", ".csv", "merge,recipe,");

    private static final List<String> LAST = List.of("state", "time", "size", "remark");

    List<String> lines() {
        Columns columns = new Columns();
        columns.row(heads().toArray());
        List<Result> sorted = sorted();
        for (Result result : sorted) {
            List<Object> row = new ArrayList<>();
            if (smallerIsBetter.isPresent()) {
                boolean best = result.equals(sorted.get(0)) && result.score().isPresent();
                row.add(best ? "*" : "");
            }
            row.add(result.job().name());
            if (smallerIsBetter.isPresent()) {
                values().forEach(name -> row.add(result.job().values().getOrDefault(name, "")));
                row.add(result.score().map(score -> figure(score.value())).orElse("-"));
                figures().forEach(name -> row.add(figure(result, name)));
            }
            row.add(result.state().word());
            row.add(result.seconds() == 0 ? "-" : Quantity.duration(result.seconds()));
            row.add(result.bytes() == 0 ? "-" : Quantity.bytes(result.bytes()));
            row.add(remark(result));
            columns.row(row.toArray());
        }
        List<String> lines = new ArrayList<>(columns.lines());
        lines.add(
                counts().entrySet().stream()
                        .map(entry -> entry.getValue() + " " + entry.getKey())
                        .collect(Collectors.joining(", ")));
        return lines;
    }

    private List<Object> heads() {
        List<Object> heads = new ArrayList<>();
        if (smallerIsBetter.isPresent()) {
            heads.add("");
        }
        heads.add("merge");
        if (smallerIsBetter.isPresent()) {
            heads.addAll(values());
            heads.add(word());
            heads.addAll(figures());
        }
        heads.addAll(LAST);
        return heads;
    }

    private String word() {
        return smallerIsBetter.orElse(false) ? "loss" : "score";
    }

    /** Names of swept values. */
    private Set<String> values() {
        Set<String> names = new LinkedHashSet<>();
        results.forEach(result -> names.addAll(result.job().values().keySet()));
        return names;
    }

    /** What scores are made of, where it is more than one figure. */
    private Set<String> figures() {
        Set<String> names = new LinkedHashSet<>();
        for (Result result : results) {
            result.score().ifPresent(score -> names.addAll(score.figures().keySet()));
        }
        return names.size() < 2 ? Set.of() : names;
    }

    private static String figure(double figure) {
        return String.format(Locale.ROOT, "%.4f", figure);
    }

    private static String figure(Result result, String name) {
        return result.score()
                .map(score -> score.figures().get(name))
                .map(BatchSummary::figure)
                .orElse("-");
    }

    private List<Result> sorted() {
        if (smallerIsBetter.isEmpty()) {
            return results;
        }
        List<Result> sorted = new ArrayList<>(Batch.ranked(results, smallerIsBetter.get()));
        results.stream().filter(result -> result.score().isEmpty()).forEach(sorted::add);
        return sorted;
    }

    /** The table for a spreadsheet, with all digits. */
    String csv() {
        List<String> heads = new ArrayList<>(List.of("merge", "recipe"));
        heads.addAll(values());
        if (smallerIsBetter.isPresent()) {
            heads.add(word());
            heads.addAll(figures());
        }
        heads.addAll(List.of("state", "seconds", "bytes"));
        StringBuilder csv = new StringBuilder(line(heads));
        for (Result result : sorted()) {
            List<String> row = new ArrayList<>();
            row.add(result.job().name());
            row.add(result.job().recipe().toString());
            values().forEach(name -> row.add(result.job().values().getOrDefault(name, "")));
            if (smallerIsBetter.isPresent()) {
                row.add(result.score().map(s -> String.valueOf(s.value())).orElse(""));
                for (String name : figures()) {
                    row.add(
                            result.score()
                                    .map(s -> s.figures().get(name))
                                    .map(String::valueOf)
                                    .orElse(""));
                }
            }
            row.add(result.state().word());
            row.add(String.valueOf(result.seconds()));
            row.add(String.valueOf(result.bytes()));
            csv.append(line(row));
        }
        return csv.toString();
    }

    private static String line(List<String> cells) {
        return cells.stream().map(BatchSummary::quoted).collect(Collectors.joining(",")) + "\n";
    }

    /** As RFC 4180 has it. */
    private static String quoted(String cell) {
        boolean plain = cell.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
        return plain ? cell : "\"" + cell.replace("\"", "\"\"") + "\"";
    }

    private static String remark(Result result) {
        if (result.problems().isEmpty()) {
            return "";
        }
        String first = OptionWords.of(result.problems().get(0)).toString();
        int more = result.problems().size() - 1;
        return more == 0 ? first : first + " (and " + more + " more)";
    }

    private Map<String, Integer> counts() {
        Map<String, Integer> counts = new LinkedHashMap<>();
        for (State state : State.values()) {
            int count = (int) results.stream().filter(r -> r.state() == state).count();
            if (count > 0) {
                counts.put(state.word(), count);
            }
        }
        return counts;
    }

    int exit() {
        boolean interrupted =
                results.stream().anyMatch(r -> r.state() == State.INTERRUPTED)
                        || results.stream().anyMatch(r -> r.state() == State.NOT_RUN);
        if (interrupted) {
            return ExitCode.INTERRUPTED;
        }
        boolean failed = results.stream().anyMatch(r -> !r.problems().isEmpty());
        return failed ? ExitCode.FAILED : ExitCode.DONE;
    }
}
