package io.amalgam.cli.batch;

import io.amalgam.cli.console.Columns;
import io.amalgam.cli.console.ExitCode;
import io.amalgam.cli.console.OptionWords;
import io.amalgam.cli.console.Quantity;
import io.amalgam.runs.Batch.Result;
import io.amalgam.runs.Batch.State;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** What became of a batch: a table, and the exit code. */
record BatchSummary(List<Result> results) {

    List<String> lines() {
        Columns columns = new Columns().row("merge", "state", "time", "size", "remark");
        for (Result result : results) {
            columns.row(
                    result.job().name(),
                    result.state().word(),
                    result.seconds() == 0 ? "-" : Quantity.duration(result.seconds()),
                    result.bytes() == 0 ? "-" : Quantity.bytes(result.bytes()),
                    remark(result));
        }
        List<String> lines = new ArrayList<>(columns.lines());
        lines.add(
                counts().entrySet().stream()
                        .map(entry -> entry.getValue() + " " + entry.getKey())
                        .collect(Collectors.joining(", ")));
        return lines;
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
        boolean failed = results.stream().anyMatch(r -> r.state() == State.FAILED);
        return failed ? ExitCode.FAILED : ExitCode.DONE;
    }
}
