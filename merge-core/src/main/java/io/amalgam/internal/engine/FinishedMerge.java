package io.amalgam.internal.engine;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeReport;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.MergePlan.SideFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * Checks whether an output already is the result of a plan, by an earlier merge's report: plan
 * hash, inputs, and checksums (or sizes and modification times) of the files.
 */
public final class FinishedMerge {
    private static final int PIECE = 1 << 20;

    private FinishedMerge() {}

    /** Whether an output is what a merge has finished, whatever it was of. */
    public static boolean isFinished(Path output) {
        return Files.isRegularFile(OutputPlaces.beside(output, MergeReport.FILE))
                && !Files.exists(output.resolve(OutputLayout.PARTIAL));
    }

    /**
     * Why merging the plan to an output would change anything there. Reads the weights there whole,
     * to see that they are what was written, except for files with copied tensors, which have no
     * checksum: there size and time of change count.
     *
     * @return in a few words; empty if the plan's result is there, whole
     * @throws IOException if what is there cannot be read
     */
    public static Optional<String> difference(MergePlan plan, Path output) throws IOException {
        return difference(plan, OutputPlaces.of(plan, output));
    }

    static Optional<String> difference(MergePlan plan, OutputPlaces places) throws IOException {
        Optional<String> said = differenceByReport(plan, places);
        return said.isPresent() ? said : files(plan, places, read(places));
    }

    /**
     * As {@link #difference}, by what the report there says alone.
     *
     * @throws IOException if what is there cannot be read
     */
    public static Optional<String> differenceByReport(MergePlan plan, Path output)
            throws IOException {
        return differenceByReport(plan, OutputPlaces.of(plan, output));
    }

    static Optional<String> differenceByReport(MergePlan plan, OutputPlaces places)
            throws IOException {
        if (!Files.exists(places.output())) {
            return Optional.of("nothing is there");
        }
        if (Journal.exists(places.journal())) {
            return Optional.of("a merge there is not finished");
        }
        Path file = places.of(MergeReport.FILE);
        if (!Files.isRegularFile(file)) {
            return Optional.of("no " + MergeReport.FILE + " is there");
        }
        JsonNode report;
        try {
            report = read(places);
        } catch (JsonProcessingException e) {
            return Optional.of("its " + MergeReport.FILE + " is damaged");
        }
        if (!report.path("plan_hash").asText().equals(plan.hash())) {
            return Optional.of("recipe or options changed");
        }
        return inputs(plan, report);
    }

    /** Whether the inputs of a plan are those of a report, whatever else may differ. */
    public static Optional<String> inputs(MergePlan plan, JsonNode report) throws IOException {
        // Read again, so that both sides have JSON's own kinds of numbers.
        JsonNode now =
                new ObjectMapper().readTree(ReportJson.inputs(InputFile.origins(plan)).toString());
        return unnamed(report.path("inputs")).equals(unnamed(now))
                ? Optional.empty()
                : Optional.of("inputs changed");
    }

    /**
     * The first file of weights that is not as the merge wrote it. Files of the same size and time
     * of change are; others are read whole, for their checksum.
     *
     * @param model the directory, or the file, of a merge
     * @param report of the merge
     * @return in a few words; empty if none changed, or one of them is gone
     */
    public static Optional<String> changedFile(Path model, JsonNode report) throws IOException {
        for (JsonNode written : report.path("files")) {
            Path file =
                    Files.isDirectory(model) ? model.resolve(written.path("name").asText()) : model;
            if (Files.isRegularFile(file) && !isAsWritten(file, written)) {
                return Optional.of(changed(file));
            }
        }
        return Optional.empty();
    }

    private static boolean isAsWritten(Path file, JsonNode written) throws IOException {
        if (Files.size(file) != written.path("bytes").asLong()) {
            return false;
        }
        long modified = Files.getLastModifiedTime(file).toMillis();
        // A copy has another time: without a checksum nothing can be said of it.
        return modified == written.path("modified_ms").asLong(-1)
                || !written.path("crc32c").isTextual()
                || same(file, written);
    }

    private static String changed(Path file) {
        return "'" + file.getFileName() + "' changed since it was written";
    }

    private static JsonNode read(OutputPlaces places) throws IOException {
        return new ObjectMapper().readTree(Files.readAllBytes(places.of(MergeReport.FILE)));
    }

    /** What a merge reports that finds its result there, whole. */
    static MergeReport report(MergePlan plan, OutputPlaces places, EngineOptions options)
            throws IOException {
        JsonNode report = read(places);
        List<MergeReport.Written> tensors = new ArrayList<>();
        for (JsonNode tensor : report.path("tensors")) {
            tensors.add(
                    new MergeReport.Written(
                            tensor.path("name").asText(),
                            text(tensor, "crc32c"),
                            text(tensor, "copied_from")));
        }
        List<MergeReport.WrittenFile> files = new ArrayList<>();
        for (JsonNode file : report.path("files")) {
            files.add(
                    new MergeReport.WrittenFile(
                            file.path("name").asText(),
                            file.path("bytes").asLong(),
                            text(file, "crc32c"),
                            file.path("modified_ms").asLong()));
        }
        return new MergeReport(
                plan.hash(),
                options.kernels().name(),
                options.threads(),
                tensors,
                files,
                List.of(),
                plan.warnings(),
                tensors.size(),
                0,
                0);
    }

    private static Optional<String> text(JsonNode node, String key) {
        return Optional.ofNullable(node.path(key).textValue());
    }

    /** The same files are the same inputs, whatever the models are called. */
    private static JsonNode unnamed(JsonNode inputs) {
        inputs.forEach(
                input -> {
                    if (input instanceof ObjectNode object) {
                        object.remove("model");
                    }
                });
        return inputs;
    }

    private static Optional<String> files(MergePlan plan, OutputPlaces places, JsonNode report)
            throws IOException {
        for (String name : expected(plan)) {
            if (!Files.isRegularFile(places.of(name))) {
                return Optional.of("'" + name + "' is missing");
            }
        }
        for (JsonNode written : report.path("files")) {
            Path file = places.of(written.path("name").asText());
            if (Files.size(file) != written.path("bytes").asLong() || !same(file, written)) {
                return Optional.of(changed(file));
            }
        }
        return Optional.empty();
    }

    /** Where tensors were copied there is no checksum, and the time of change has to do. */
    private static boolean same(Path file, JsonNode written) throws IOException {
        JsonNode crc = written.path("crc32c");
        return crc.isTextual()
                ? checksum(file).equals(crc.textValue())
                : Files.getLastModifiedTime(file).toMillis()
                        == written.path("modified_ms").asLong(-1);
    }

    private static List<String> expected(MergePlan plan) {
        List<String> names = new ArrayList<>();
        plan.layout().files().forEach(file -> names.add(file.name()));
        plan.layout().last().forEach(file -> names.add(file.name()));
        for (SideFile side : plan.sideFiles()) {
            names.add(side.name().toString());
        }
        plan.modelFiles().forEach(file -> names.add(file.name()));
        return names;
    }

    /** The CRC-32C of a file, in hexadecimal digits. */
    public static String checksum(Path file) throws IOException {
        CRC32C crc = new CRC32C();
        ByteBuffer piece = ByteBuffer.allocateDirect(PIECE);
        try (FileChannel channel = FileChannel.open(file)) {
            while (channel.read(piece) >= 0) {
                crc.update(piece.flip());
                piece.clear();
            }
        }
        return String.format("%08x", (int) crc.getValue());
    }
}
