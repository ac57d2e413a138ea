package io.amalgam.internal.engine;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.ByteArrayBuilder;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Preparation;
import io.amalgam.engine.MergeReport;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.TensorTask;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The report of a merged model, {@code amalgam-report.json}: inputs, parameters and results. */
final class ReportJson {
    private static final ObjectMapper JSON =
            new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private ReportJson() {}

    /**
     * @param origins the files merged, as they were when the merge began
     * @param parts what the model was joined from; empty for a merge in one run
     * @param card that is written with the model
     */
    static byte[] of(
            MergePlan plan,
            MergeReport report,
            List<PartReport> parts,
            List<InputFile> origins,
            Optional<byte[]> card)
            throws IOException {
        ObjectNode root = JSON.createObjectNode();
        root.put("amalgam_report", 1);
        root.put("merge_method", plan.recipe().method());
        root.put("recipe", plan.recipe().text());
        root.put("plan_hash", report.planHash());
        root.put("seed", plan.options().seed());
        PlanOptionsJson.put(plan.options(), root);
        ArrayNode models = root.putArray("models");
        plan.models()
                .forEach(
                        (ref, checkpoint) ->
                                models.addObject()
                                        .put("model", ref.toString())
                                        .put(
                                                "base",
                                                plan.recipe()
                                                        .baseModel()
                                                        .filter(ref::equals)
                                                        .isPresent())
                                        .put("tensors", checkpoint.tensors().size()));
        PlanJson.renamed(root, plan);
        ArrayNode warnings = root.putArray("warnings");
        report.warnings().forEach(warning -> warnings.add(warning.toString()));
        preparations(root, plan);
        DenseShare.of(plan).ifPresent(share -> share.put(root));
        root.set("inputs", inputs(origins));
        ObjectNode run = root.putObject("run");
        run.put("seconds", Math.round(report.seconds() * 1000) / 1000.0);
        run.put("bytes_moved", report.bytesMoved());
        run.put("threads", report.threads());
        run.put("kernels", report.kernels());
        run.put("java", Runtime.version().toString());
        run.put("resumed_tensors", report.resumed());
        if (!parts.isEmpty()) {
            ArrayNode all = run.putArray("parts");
            for (PartReport part : parts) {
                ObjectNode one = all.addObject().put("part", part.part());
                if (!part.by().isEmpty()) {
                    one.put("by", part.by());
                }
                one.put("files", part.files().size())
                        .put("seconds", Math.round(part.report().seconds() * 1000) / 1000.0)
                        .put("bytes_moved", part.report().bytesMoved());
            }
        }
        ArrayNode files = root.putArray("files");
        for (MergeReport.WrittenFile file : report.files()) {
            files.addObject()
                    .put("name", file.name())
                    .put("bytes", file.bytes())
                    .put("crc32c", file.crc32c().orElse(null))
                    .put("modified_ms", file.modifiedMillis());
        }
        card.ifPresent(text -> root.put(CardFile.CHECKSUM, CardFile.checksum(text)));
        return written(root, plan.tasks(), report.tensors());
    }

    /**
     * Tensor by tensor: as a tree, the report of a hundred thousand takes several times its text.
     */
    private static byte[] written(
            ObjectNode root, List<TensorTask> tasks, List<MergeReport.Written> tensors)
            throws IOException {
        ByteArrayBuilder bytes = new ByteArrayBuilder();
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            json.writeStartObject();
            for (Map.Entry<String, JsonNode> field : root.properties()) {
                json.writeFieldName(field.getKey());
                json.writeTree(field.getValue());
            }
            json.writeArrayFieldStart("tensors");
            int place = 0;
            for (TensorTask task : tasks) {
                for (TensorInfo stored : task.written()) {
                    ObjectNode tensor = JSON.createObjectNode();
                    tensor(tensor, stored, task, tensors.get(place++));
                    json.writeTree(tensor);
                }
            }
            json.writeEndArray();
            json.writeEndObject();
        }
        return bytes.toByteArray();
    }

    private static void preparations(ObjectNode root, MergePlan plan) {
        ArrayNode all = JSON.createArrayNode();
        for (Preparation each : plan.preparations()) {
            if (!each.remarks().isEmpty()) {
                ArrayNode remarks = all.addObject().put("title", each.title()).putArray("remarks");
                each.remarks().forEach(remarks::add);
            }
        }
        if (!all.isEmpty()) {
            root.set("preparations", all);
        }
    }

    /** Names without folders: a report may be published. */
    static ArrayNode inputs(List<InputFile> origins) {
        ArrayNode inputs = JSON.createArrayNode();
        for (InputFile input : origins) {
            ObjectNode file =
                    inputs.addObject()
                            .put("model", input.model())
                            .put("file", input.path().getFileName().toString())
                            .put("bytes", input.bytes())
                            .put("modified_ms", input.millis());
            input.sha256().ifPresent(sum -> file.put("sha256", sum));
            input.commit().ifPresent(commit -> file.put("commit", commit));
        }
        return inputs;
    }

    private static void tensor(
            ObjectNode node, TensorInfo stored, TensorTask task, MergeReport.Written written) {
        node.put("name", stored.name());
        node.put("dtype", stored.dtype().name());
        ArrayNode shape = node.putArray("shape");
        for (long dim : stored.shape().dims()) {
            shape.add(dim);
        }
        task.quantiser()
                .ifPresent(
                        by ->
                                node.put("quantised", by.name())
                                        .put("quantised_from", task.output().name()));
        node.put("method", task.action());
        PlanJson.values(node.putObject("parameters"), task.call().shared());
        PlanJson.inputs(node, task);
        node.put("crc32c", written.crc32c().orElse(null));
        written.copiedFrom().ifPresent(source -> node.put("copied_from", source));
    }
}
