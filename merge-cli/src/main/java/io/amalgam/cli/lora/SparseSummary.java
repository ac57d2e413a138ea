package io.amalgam.cli.lora;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.cli.console.Columns;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.Json;
import io.amalgam.cli.console.Quantity;
import io.amalgam.internal.lora.taskvector.SparseExtraction;
import java.nio.file.Path;

/** The result for each tensor of a sparse task vector. */
final class SparseSummary {
    private final SparseExtraction.Result result;
    private final Path out;

    SparseSummary(SparseExtraction.Result result, Path out) {
        this.result = result;
        this.out = out;
    }

    void print(Console console, boolean json) {
        if (json) {
            Json.print(console, json());
            return;
        }
        Columns columns = new Columns().row("tensor", "elements", "kept", "share", "energy kept");
        for (SparseExtraction.Report report : result.tensors()) {
            long elements = report.tensor().elements();
            columns.row(
                    report.tensor().name(),
                    elements,
                    report.kept(),
                    LoraCombineCommand.percent((double) report.kept() / elements),
                    LoraCombineCommand.percent(report.energy()));
        }
        columns.print(console);
        if (!result.skipped().isEmpty()) {
            console.print(
                    Console.oneLine(
                            "changed and left out: " + String.join(", ", result.skipped())));
        }
        console.print(
                Console.oneLine(
                        "extracted to "
                                + out
                                + ": "
                                + Quantity.of(result.tensors().size(), "tensor")
                                + ", "
                                + result.unchanged()
                                + " unchanged"));
    }

    private ObjectNode json() {
        ObjectNode root = Json.object();
        root.put("output", out.toString());
        ArrayNode array = root.putArray("tensors");
        for (SparseExtraction.Report report : result.tensors()) {
            ObjectNode node = array.addObject();
            node.put("tensor", report.tensor().name());
            node.put("elements", report.tensor().elements());
            node.put("kept", report.kept());
            node.put("energy", report.energy());
        }
        result.skipped().forEach(root.putArray("skipped")::add);
        root.put("unchanged", result.unchanged());
        return root;
    }
}
