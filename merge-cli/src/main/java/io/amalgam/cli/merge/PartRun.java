package io.amalgam.cli.merge;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.Json;
import io.amalgam.cli.console.Quantity;
import io.amalgam.engine.MergeReport;
import io.amalgam.internal.parts.Part;
import io.amalgam.internal.parts.PartedMerge;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** What is said of a part of a merge. */
record PartRun(Part part, Path out) {
    private static final int NAMED = 10;

    List<String> lines(PartedMerge.Outcome outcome) {
        MergeReport report = outcome.part().report();
        List<String> lines = new ArrayList<>();
        lines.add(
                Console.oneLine(
                        outcome.wasFinished()
                                ? "nothing to do: part "
                                        + part
                                        + " of "
                                        + out
                                        + " was finished, and is whole"
                                : "part " + part + " of " + out));
        long bytes = report.files().stream().mapToLong(MergeReport.WrittenFile::bytes).sum();
        lines.add(
                String.format(
                        "%s, %s in %s",
                        Quantity.of(report.tensors().size(), "tensor"),
                        Quantity.bytes(bytes),
                        Quantity.of(report.files().size(), "file")));
        if (!outcome.wasFinished()) {
            lines.add(
                    String.format(
                            "read and wrote %s in %s, %s kernels, %s",
                            Quantity.bytes(report.bytesMoved()),
                            Quantity.duration(report.seconds()),
                            report.kernels(),
                            Quantity.of(report.threads(), "thread")));
        }
        lines.add("plan " + report.planHash().substring(0, 12));
        lines.add(
                Console.oneLine(
                        outcome.missing().isEmpty()
                                ? "all parts are there: complete the model with 'amalgam join "
                                        + out
                                        + "'"
                                : "not there yet: " + missing(outcome.missing())));
        return lines;
    }

    private String missing(List<Integer> missing) {
        String named =
                missing.stream()
                        .limit(NAMED)
                        .map(String::valueOf)
                        .collect(Collectors.joining(", "));
        return (missing.size() == 1 ? "part " : "parts ")
                + named
                + (missing.size() > NAMED ? " and " + (missing.size() - NAMED) + " more" : "")
                + " of "
                + part.of();
    }

    /**
     * @param read bytes, 0 if the share was there; empty if there are fewer passes
     */
    String line(int pass, Optional<Long> read) {
        if (read.isPresent() && read.get() == 0) {
            return Console.oneLine(
                    "nothing to do: pass %d, part %s of %s was finished"
                            .formatted(pass, part, out));
        }
        return Console.oneLine(
                read.map(
                                bytes ->
                                        "pass %d, part %s of %s: read %s"
                                                .formatted(pass, part, out, Quantity.bytes(bytes)))
                        .orElse("nothing to do: the method has fewer than " + pass + " passes"));
    }

    ObjectNode json(int pass, Optional<Long> read) {
        ObjectNode root = Json.object().put("output", out.toString());
        root.put("part", part.number()).put("parts", part.of()).put("pass", pass);
        return root.put("needed", read.isPresent()).put("bytes_read", read.orElse(0L));
    }

    ObjectNode json(PartedMerge.Outcome outcome) {
        MergeReport report = outcome.part().report();
        ObjectNode root = Json.object();
        root.put("output", out.toString());
        root.put("part", part.number()).put("parts", part.of());
        root.put("was_finished", outcome.wasFinished());
        root.put("tensors", report.tensors().size());
        root.put("tensors_resumed", report.resumed());
        root.put("bytes_moved", report.bytesMoved());
        root.put("seconds", report.seconds());
        root.put("plan_hash", report.planHash());
        report.files()
                .forEach(
                        file ->
                                root.withArray("files")
                                        .addObject()
                                        .put("name", file.name())
                                        .put("bytes", file.bytes()));
        outcome.missing().forEach(root.putArray("missing")::add);
        Json.problems(root.putArray("warnings"), report.warnings());
        return root;
    }
}
