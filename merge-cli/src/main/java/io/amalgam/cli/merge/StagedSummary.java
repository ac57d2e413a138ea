package io.amalgam.cli.merge;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.Json;
import io.amalgam.cli.console.Quantity;
import io.amalgam.engine.MergeReport;
import io.amalgam.internal.stages.StagedPlan;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A summary of a finished staged merge. */
record StagedSummary(StagedPlan plan, MergeReport.OfRecipe report, Path out) {

    List<String> lines() {
        List<String> lines = new ArrayList<>();
        for (MergeReport.OfStage stage : report.stages()) {
            String did =
                    stage.report()
                            .map(r -> "merged in " + Quantity.duration(r.seconds()))
                            .orElse("there already");
            lines.add(Console.oneLine("stage '" + stage.name() + "': " + did));
        }
        result().ifPresent(summary -> lines.addAll(summary.lines()));
        if (report.result().isEmpty()) {
            lines.add(Console.oneLine("stages are in " + folder()));
        }
        return lines;
    }

    private Optional<MergeSummary> result() {
        return plan.result()
                .map(result -> new MergeSummary(result, report.result().orElseThrow(), out));
    }

    private Path folder() {
        Path first = report.stages().get(0).directory();
        return first.getParent() == null ? out : first.getParent();
    }

    ObjectNode json() {
        ObjectNode root = result().map(MergeSummary::json).orElseGet(Json::object);
        if (!report.stages().isEmpty()) {
            ArrayNode stages = root.putArray("stages");
            for (MergeReport.OfStage stage : report.stages()) {
                stages.addObject()
                        .put("name", stage.name())
                        .put("output", stage.directory().toString())
                        .put("merged", stage.report().isPresent())
                        .put("seconds", stage.report().map(MergeReport::seconds).orElse(0.0));
            }
        }
        Json.problems(root.putArray("warnings"), plan.warnings());
        return root;
    }
}
