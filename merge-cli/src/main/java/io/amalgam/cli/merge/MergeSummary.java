package io.amalgam.cli.merge;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Preparation;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.Json;
import io.amalgam.cli.console.Quantity;
import io.amalgam.engine.MergeReport;
import io.amalgam.plan.MergePlan;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A short summary of a finished merge. */
public record MergeSummary(MergePlan plan, MergeReport report, Path out) {
    private static final int NAMED = 10;

    /** Prints the summary as the options say. */
    public void print(Console console, boolean asJson, boolean quiet) {
        if (asJson) {
            Json.print(console, json());
        } else if (!quiet) {
            lines().forEach(console::print);
        }
    }

    public List<String> lines() {
        if (report.wasFinished()) {
            return List.of(
                    Console.oneLine(
                            "nothing to do: the merge to " + out + " was finished, and is whole"),
                    "plan " + report.planHash().substring(0, 12));
        }
        String resumed =
                report.resumed() == 0
                        ? ""
                        : ", " + report.resumed() + " of them from the interrupted run";
        String speed =
                String.format(
                        "read and wrote %s in %s (%s/s), %s kernels, %s",
                        Quantity.bytes(report.bytesMoved()),
                        Quantity.duration(report.seconds()),
                        Quantity.bytes(gigabytesPerSecond() * 1e9),
                        report.kernels(),
                        Quantity.of(report.threads(), "thread"));
        List<String> lines = new ArrayList<>();
        lines.add(Console.oneLine("merged to " + out));
        lines.add(
                String.format(
                        "%s%s, %s parameters, %s in %s",
                        Quantity.of(report.tensors().size(), "tensor"),
                        resumed,
                        Quantity.count(plan.parameters()),
                        Quantity.bytes(plan.outputBytes()),
                        Quantity.of(report.files().size(), "file")));
        lines.add(speed);
        for (Preparation each : plan.preparations()) {
            if (!each.remarks().isEmpty()) {
                lines.add(Console.oneLine(each.title() + ":"));
                each.remarks().forEach(remark -> lines.add("  " + remark));
            }
        }
        if (!report.kept().isEmpty()) {
            lines.add("kept what is no part of a model: " + kept());
        }
        lines.add("plan " + report.planHash().substring(0, 12));
        return lines;
    }

    public ObjectNode json() {
        ObjectNode root = Json.object();
        root.put("output", out.toString());
        root.put("merge_method", plan.recipe().method());
        root.put("tensors", report.tensors().size());
        root.put("tensors_resumed", report.resumed());
        root.put("was_finished", report.wasFinished());
        root.put("parameters", plan.parameters());
        root.put("bytes", plan.outputBytes());
        root.put("bytes_moved", report.bytesMoved());
        root.put("seconds", report.seconds());
        root.put("gigabytes_per_second", gigabytesPerSecond());
        root.put("kernels", report.kernels());
        root.put("threads", report.threads());
        root.put("plan_hash", report.planHash());
        ArrayNode files = root.putArray("files");
        for (MergeReport.WrittenFile file : report.files()) {
            files.addObject()
                    .put("name", file.name())
                    .put("bytes", file.bytes())
                    .put("crc32c", file.crc32c().orElse(null));
        }
        report.kept().forEach(root.putArray("kept")::add);
        for (Preparation each : plan.preparations()) {
            if (!each.remarks().isEmpty()) {
                ObjectNode one = root.withArray("preparations").addObject();
                each.remarks().forEach(one.put("title", each.title()).putArray("remarks")::add);
            }
        }
        Json.problems(root.putArray("warnings"), plan.warnings());
        return root;
    }

    private String kept() {
        List<String> names = report.kept();
        int shown = Math.min(NAMED, names.size());
        String more = names.size() > shown ? " and " + (names.size() - shown) + " more" : "";
        return String.join(", ", names.subList(0, shown)) + more;
    }

    private double gigabytesPerSecond() {
        return report.bytesMoved() / Math.max(report.seconds(), 1e-9) / 1e9;
    }
}
