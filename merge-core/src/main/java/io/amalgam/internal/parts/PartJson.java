package io.amalgam.internal.parts;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.MergeReport;
import io.amalgam.error.Problem;
import io.amalgam.internal.engine.InputFile;
import io.amalgam.internal.engine.PartReport;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/** Reports of parts and lists of inputs as JSON, and back. */
public final class PartJson {
    private static final ObjectMapper JSON = new ObjectMapper();

    private PartJson() {}

    /** A report as JSON text. */
    public static byte[] of(PartReport part) {
        ObjectNode root = JSON.createObjectNode();
        root.put("amalgam_part", 1).put("part", part.part()).put("by", part.by());
        MergeReport report = part.report();
        root.put("plan_hash", report.planHash());
        root.put("kernels", report.kernels()).put("threads", report.threads());
        root.put("resumed", report.resumed()).put("bytes_moved", report.bytesMoved());
        root.put("seconds", report.seconds());
        report.warnings().forEach(w -> root.withArray("warnings").add(w.toString()));
        ArrayNode files = root.putArray("files");
        int next = 0;
        for (int number : new TreeSet<>(part.files())) {
            MergeReport.WrittenFile file = report.files().get(next++);
            files.addObject()
                    .put("number", number)
                    .put("name", file.name())
                    .put("bytes", file.bytes())
                    .put("crc32c", file.crc32c().orElse(null))
                    .put("modified_ms", file.modifiedMillis());
        }
        ArrayNode tensors = root.putArray("tensors");
        for (MergeReport.Written tensor : report.tensors()) {
            tensors.addObject()
                    .put("name", tensor.name())
                    .put("crc32c", tensor.crc32c().orElse(null))
                    .put("copied_from", tensor.copiedFrom().orElse(null));
        }
        return root.toPrettyString().getBytes(StandardCharsets.UTF_8);
    }

    /** Reads what {@link #of} wrote; empty if it is something else. */
    public static Optional<PartReport> read(byte[] text) throws IOException {
        JsonNode root;
        try {
            root = JSON.readTree(text);
        } catch (JsonProcessingException e) {
            return Optional.empty();
        }
        return root.path("amalgam_part").asInt() == 1 ? Optional.of(read(root)) : Optional.empty();
    }

    private static PartReport read(JsonNode root) {
        TreeSet<Integer> numbers = new TreeSet<>();
        List<MergeReport.WrittenFile> files = new ArrayList<>();
        for (JsonNode file : root.path("files")) {
            numbers.add(file.path("number").asInt());
            files.add(
                    new MergeReport.WrittenFile(
                            file.path("name").asText(),
                            file.path("bytes").asLong(),
                            Optional.ofNullable(file.path("crc32c").textValue()),
                            file.path("modified_ms").asLong()));
        }
        List<MergeReport.Written> tensors = new ArrayList<>();
        for (JsonNode tensor : root.path("tensors")) {
            tensors.add(
                    new MergeReport.Written(
                            tensor.path("name").asText(),
                            Optional.ofNullable(tensor.path("crc32c").textValue()),
                            Optional.ofNullable(tensor.path("copied_from").textValue())));
        }
        List<Problem> warnings = new ArrayList<>();
        root.path("warnings").forEach(w -> warnings.add(Problem.of(w.asText())));
        return new PartReport(
                root.path("part").asInt(),
                numbers,
                root.path("by").asText(),
                new MergeReport(
                        root.path("plan_hash").asText(),
                        root.path("kernels").asText(),
                        root.path("threads").asInt(),
                        tensors,
                        files,
                        List.of(),
                        warnings,
                        root.path("resumed").asInt(),
                        root.path("bytes_moved").asLong(),
                        root.path("seconds").asDouble()));
    }

    static void putInputs(ObjectNode root, List<InputFile> inputs) {
        ArrayNode all = root.putArray("inputs");
        for (InputFile input : inputs) {
            all.addObject()
                    .put("model", input.model())
                    .put("file", input.path().toAbsolutePath().normalize().toString())
                    .put("bytes", input.bytes())
                    .put("modified_ms", input.millis());
        }
    }

    static List<InputFile> inputs(JsonNode root) {
        List<InputFile> inputs = new ArrayList<>();
        for (JsonNode input : root.path("inputs")) {
            inputs.add(
                    new InputFile(
                            input.path("model").asText(),
                            Path.of(input.path("file").asText()),
                            input.path("bytes").asLong(),
                            input.path("modified_ms").asLong()));
        }
        return inputs;
    }
}
