package io.amalgam.internal.parts;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.engine.MergeReport;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.engine.FinishedMerge;
import io.amalgam.internal.engine.PartReport;
import io.amalgam.internal.engine.SharedResults;
import io.amalgam.internal.io.AtomicFile;
import io.amalgam.internal.io.FileWrites;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The folder in an output directory where parts of a merge wait for each other. {@code plan.json}
 * says of which plan, inputs and count they are; all else is in a folder named after these, so
 * nothing of an earlier plan is ever taken for a part of this one.
 */
public final class PartsFolder {
    private static final String FOLDER = ".amalgam-parts";
    private static final String PLAN = "plan.json";
    private static final String PART = "part.json";
    private static final String JOINING = "joining";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path out;
    private final Agreement agreement;

    private PartsFolder(Path out, Agreement agreement) {
        this.out = out;
        this.agreement = agreement;
    }

    /** The parts that are in an output directory; empty if there are none. */
    public static Optional<PartsFolder> in(Path out) throws IOException {
        Path file = out.resolve(FOLDER).resolve(PLAN);
        try {
            JsonNode root = JSON.readTree(Files.readAllBytes(file));
            return Optional.of(new PartsFolder(out, Agreement.of(root)));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (JsonProcessingException | IllegalArgumentException e) {
            throw new BadInputException(
                    Problem.expected(
                                    "'" + file + "'",
                                    "what parts of a merge have in common",
                                    "something else")
                            .hint("remove '" + out.resolve(FOLDER) + "' and merge again"));
        }
    }

    /**
     * The folder for a part that begins. The first one decides for all.
     *
     * @param overwrite whether what is there of another merge is given up
     * @throws BadInputException if the parts that are there are of another merge
     */
    static PartsFolder begin(Path out, Agreement wanted, boolean overwrite) throws IOException {
        Optional<PartsFolder> there = overwrite ? sameOrNone(out, wanted) : in(out);
        if (there.isPresent()) {
            there.get().agreement.require(wanted, out);
            return there.get();
        }
        ObjectNode root = JSON.createObjectNode();
        wanted.put(root);
        Path folder = out.resolve(FOLDER);
        Files.createDirectories(folder);
        AtomicFile.write(
                folder.resolve(PLAN), root.toPrettyString().getBytes(StandardCharsets.UTF_8));
        return new PartsFolder(out, wanted);
    }

    private static Optional<PartsFolder> sameOrNone(Path out, Agreement wanted) throws IOException {
        try {
            return in(out).filter(there -> there.agreement.key().equals(wanted.key()));
        } catch (BadInputException e) {
            return Optional.empty();
        }
    }

    /** What the parts have in common. */
    public Agreement agreement() {
        return agreement;
    }

    private Path home() {
        return out.resolve(FOLDER).resolve(agreement.key());
    }

    /** The folder of a part. */
    public Path of(Part part) {
        return home().resolve(part.folder());
    }

    SharedResults shared() {
        return SharedResults.in(home().resolve("shared"), agreement.parts());
    }

    void finished(Part part, PartReport report) throws IOException {
        AtomicFile.write(of(part).resolve(PART), PartJson.of(report));
    }

    /**
     * Makes an attempt the part, unless another one is.
     *
     * @param home the attempt's folder
     * @return what is there now
     */
    PartReport adopt(Part part, PartReport report, Path home) throws IOException {
        AtomicFile.write(home.resolve(PART), PartJson.of(report));
        try {
            Files.move(home, of(part), StandardCopyOption.ATOMIC_MOVE);
            return report;
        } catch (FileSystemException e) {
            Optional<PartReport> there = whole(part);
            if (there.isPresent()) {
                return there.get();
            }
            // What an earlier run has left, or what somebody has damaged since.
            FileWrites.deleteTree(of(part));
            Files.move(home, of(part), StandardCopyOption.ATOMIC_MOVE);
            return report;
        }
    }

    /** The report of a part whose files are there, or in their places already. */
    Optional<PartReport> whole(Part part) throws IOException {
        Optional<PartReport> report = report(part);
        if (report.isEmpty()) {
            return report;
        }
        for (MergeReport.WrittenFile file : report.get().report().files()) {
            if (!isWhole(of(part).resolve(file.name()), file)
                    && !isWhole(out.resolve(file.name()), file)) {
                return Optional.empty();
            }
        }
        return report;
    }

    /** The report of a part; empty if it is not finished, or its report is damaged. */
    Optional<PartReport> report(Part part) throws IOException {
        try {
            byte[] text = Files.readAllBytes(of(part).resolve(PART));
            return PartJson.read(text).filter(report -> report.part() == part.number());
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /** Numbers of the parts that are not finished. */
    public List<Integer> missing() throws IOException {
        List<Integer> missing = new ArrayList<>();
        for (int number = 1; number <= agreement.parts(); number++) {
            if (whole(new Part(number, agreement.parts())).isEmpty()) {
                missing.add(number);
            }
        }
        return missing;
    }

    /** Whether a file is what a part has written: by size and time, else by its checksum. */
    static boolean isWhole(Path file, MergeReport.WrittenFile written) throws IOException {
        if (!Files.isRegularFile(file) || Files.size(file) != written.bytes()) {
            return false;
        }
        return Files.getLastModifiedTime(file).toMillis() == written.modifiedMillis()
                || (written.crc32c().isPresent()
                        && FinishedMerge.checksum(file).equals(written.crc32c().get()));
    }

    /**
     * Marks that the model is being made of the parts.
     *
     * @return whether the join that began first was told to replace what is there; empty if this is
     *     the first
     */
    Optional<Boolean> joining() throws IOException {
        Path mark = home().resolve(JOINING);
        return Files.exists(mark)
                ? Optional.of(Files.readString(mark).equals("overwrite"))
                : Optional.empty();
    }

    void beginJoining(boolean overwrite) throws IOException {
        AtomicFile.write(
                home().resolve(JOINING),
                (overwrite ? "overwrite" : "new").getBytes(StandardCharsets.UTF_8));
    }

    /** Removes the parts, once the model is there. */
    void remove() throws IOException {
        Path folder = out.resolve(FOLDER);
        try {
            Files.deleteIfExists(folder.resolve(PLAN));
            FileWrites.deleteTree(folder);
        } catch (FileSystemException e) {
            throw FileWrites.leftOver(folder, "its parts", e);
        }
    }
}
