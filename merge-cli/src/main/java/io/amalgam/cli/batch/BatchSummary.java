package io.amalgam.cli.batch;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.cli.console.Columns;
import io.amalgam.cli.console.ExitCode;
import io.amalgam.cli.console.Json;
import io.amalgam.cli.console.OptionWords;
import io.amalgam.cli.console.Quantity;
import io.amalgam.cli.runs.BatchResult;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The results of a batch, as a table and as a JSON document. */
public record BatchSummary(List<BatchResult> results) {

    List<String> lines() {
        Columns columns = new Columns().row("merge", "state", "time", "size", "remark");
        for (BatchResult result : results) {
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

    private static String remark(BatchResult result) {
        if (result.problems().isEmpty()) {
            return "";
        }
        String first = OptionWords.of(result.problems().get(0)).toString();
        int more = result.problems().size() - 1;
        return more == 0 ? first : first + " (and " + more + " more)";
    }

    private Map<String, Integer> counts() {
        Map<String, Integer> counts = new LinkedHashMap<>();
        for (BatchResult.State state : BatchResult.State.values()) {
            int count = (int) results.stream().filter(r -> r.state() == state).count();
            if (count > 0) {
                counts.put(state.word(), count);
            }
        }
        return counts;
    }

    public ObjectNode json() {
        ObjectNode root = Json.object();
        root.put("amalgam_batch", 1);
        ObjectNode counts = root.putObject("counts");
        counts().forEach((word, count) -> counts.put(word.replace(' ', '_'), count));
        ArrayNode array = root.putArray("merges");
        results.forEach(result -> array.add(result.json()));
        return root;
    }

    int exit() {
        boolean interrupted =
                results.stream().anyMatch(r -> r.state() == BatchResult.State.INTERRUPTED)
                        || results.stream().anyMatch(r -> r.state() == BatchResult.State.NOT_RUN);
        if (interrupted) {
            return ExitCode.INTERRUPTED;
        }
        boolean failed = results.stream().anyMatch(r -> r.state() == BatchResult.State.FAILED);
        return failed ? ExitCode.FAILED : ExitCode.DONE;
    }
}
