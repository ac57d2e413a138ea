package io.amalgam.cli.report;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.cli.console.Quantity;
import io.amalgam.cli.report.Html.Cell;
import java.util.ArrayList;
import java.util.List;

/** What the report of a merge says of it, for its page. */
public final class MergeFacts {
    private final JsonNode report;

    /**
     * @param report the document that was written beside the model
     */
    public MergeFacts(JsonNode report) {
        this.report = report;
    }

    boolean hasBase() {
        for (JsonNode model : report.path("models")) {
            if (model.path("base").asBoolean()) {
                return true;
            }
        }
        return false;
    }

    List<String> warnings() {
        List<String> warnings = new ArrayList<>();
        report.path("warnings").forEach(warning -> warnings.add(warning.asText()));
        return warnings;
    }

    void summary(Html body) {
        double seconds = report.at("/run/seconds").asDouble();
        body.paragraph(
                "Merged by '"
                        + report.path("merge_method").asText()
                        + "': "
                        + Quantity.of(report.path("tensors").size(), "tensor")
                        + " of "
                        + Quantity.of(report.path("models").size(), "model")
                        + ", in "
                        + Quantity.duration(seconds)
                        + ".");
    }

    void recipe(Html body) {
        body.raw(
                "<pre tabindex=\"0\">"
                        + Html.escapedLines(report.path("recipe").asText())
                        + "</pre>");
    }

    void provenance(Html body) {
        body.table("", List.of("file", "bytes", "SHA-256, CRC-32C or time of change"));
        for (JsonNode input : report.path("inputs")) {
            body.row(
                    List.of(
                            Cell.longer(
                                    input.path("model").asText()
                                            + ": "
                                            + input.path("file").asText()),
                            Cell.of(input.path("bytes").asText()),
                            Cell.longer(
                                    input.has("sha256")
                                            ? input.path("sha256").asText()
                                            : java.time.Instant.ofEpochMilli(
                                                            input.path("modified_ms").asLong())
                                                    .toString())));
        }
        for (JsonNode file : report.path("files")) {
            body.row(
                    List.of(
                            Cell.longer("written: " + file.path("name").asText()),
                            Cell.of(file.path("bytes").asText()),
                            Cell.of(file.path("crc32c").asText("copied, not summed"))));
        }
        body.end();
        JsonNode run = report.path("run");
        body.paragraph(
                "Plan "
                        + report.path("plan_hash").asText()
                        + ", seed "
                        + report.path("seed").asText()
                        + ", Java "
                        + run.path("java").asText()
                        + ", "
                        + run.path("kernels").asText()
                        + " kernels, "
                        + run.path("threads").asText()
                        + " threads.");
    }
}
