package io.amalgam.internal.spark;

import io.amalgam.checkpoint.OutputLayout.DataFile;
import io.amalgam.checkpoint.OutputLayout.SmallFile;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeReport;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.engine.PartReport;
import io.amalgam.internal.parts.Part;
import io.amalgam.internal.parts.PartJson;
import io.amalgam.plan.MergePlan;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * An output in a store. Parts are uploaded whole to folders of their attempts, their reports last:
 * an attempt without a report is nothing. The driver moves the files of one attempt of each part to
 * their places, then writes what describes the model, and last what makes readers take it for
 * complete. Where a store cannot rename, Hadoop copies and deletes.
 */
final class StoredOutput {
    static final String PARTS = ".amalgam-parts";
    private static final String REPORT = "part.json";
    private static final String JOINING = "joining";

    /** In the mark of a join that replaces a model. */
    private static final byte REPLACES = 1;

    private final Path out;
    private final FileSystem store;

    StoredOutput(String address, Configuration hadoop) throws IOException {
        this.out = new Path(address);
        this.store = Stores.of(out, hadoop);
    }

    /** Whether an output is in a store, and not a path of this machine. */
    static boolean isStored(String out) {
        return StoredModels.isAddress(out) && !out.startsWith("file:");
    }

    /** A part that is whole, and where. */
    record Attempt(Path folder, PartReport report) {}

    private Path home(String key) {
        return new Path(new Path(out, PARTS), key);
    }

    /**
     * @param overwrite whether a model that is there is replaced
     * @throws BadInputException if something else is there
     */
    void requireFree(String key, boolean overwrite) throws IOException {
        if (overwrite || joining(key).isPresent()) {
            // What a join that was interrupted has left is ours.
            return;
        }
        for (FileStatus entry : list(out)) {
            String name = entry.getPath().getName();
            if (!name.equals(PARTS)) {
                throw new BadInputException(
                        Problem.expected(
                                        "output '" + out + "'",
                                        "an empty or new folder",
                                        "one with '" + name + "'")
                                .hint("choose another, or give EngineOptions.overwrite(true)"));
            }
        }
    }

    /** Whether the join that began first was told to replace what is there; empty if none began. */
    private Optional<Boolean> joining(String key) throws IOException {
        try (InputStream in = store.open(new Path(home(key), JOINING))) {
            return Optional.of(in.read() == REPLACES);
        } catch (FileNotFoundException e) {
            return Optional.empty();
        }
    }

    private FileStatus[] list(Path folder) throws IOException {
        try {
            return store.listStatus(folder);
        } catch (FileNotFoundException e) {
            return new FileStatus[0];
        }
    }

    /** One whole attempt of each part that has one, by the part's number. */
    Map<Integer, Attempt> finished(String key, int parts) throws IOException {
        Map<String, Integer> numbers = new HashMap<>();
        for (int number = 1; number <= parts; number++) {
            numbers.put(new Part(number, parts).folder(), number);
        }
        Map<Integer, Attempt> finished = new TreeMap<>();
        for (FileStatus attempt : list(home(key))) {
            String name = attempt.getPath().getName();
            int dot = name.indexOf('.');
            Integer number = dot < 0 ? null : numbers.get(name.substring(0, dot));
            if (number != null && !finished.containsKey(number)) {
                Optional<PartReport> report = report(attempt.getPath());
                if (report.isPresent() && isWhole(key, attempt.getPath(), report.get())) {
                    finished.put(number, new Attempt(attempt.getPath(), report.get()));
                }
            }
        }
        return finished;
    }

    /** Whether the files of an attempt are there, or in their places already. */
    private boolean isWhole(String key, Path attempt, PartReport report) throws IOException {
        boolean joining = joining(key).isPresent();
        for (MergeReport.WrittenFile file : report.report().files()) {
            if (length(new Path(attempt, file.name())) != file.bytes()
                    && (!joining || length(new Path(out, file.name())) != file.bytes())) {
                return false;
            }
        }
        return true;
    }

    private Optional<PartReport> report(Path folder) throws IOException {
        try (InputStream in = store.open(new Path(folder, REPORT))) {
            return PartJson.read(in.readAllBytes());
        } catch (FileNotFoundException e) {
            return Optional.empty();
        }
    }

    /** Uploads the files of a part, and last its report. */
    void upload(String key, Part part, String attempt, java.nio.file.Path local, byte[] report)
            throws IOException {
        Path folder = new Path(home(key), part.folder() + "." + attempt);
        List<MergeReport.WrittenFile> files = PartJson.read(report).orElseThrow().report().files();
        for (MergeReport.WrittenFile file : files) {
            store.copyFromLocalFile(
                    false,
                    true,
                    new Path(local.resolve(file.name()).toUri()),
                    new Path(folder, file.name()));
        }
        write(new Path(folder, REPORT), report);
    }

    private void write(Path file, byte[] content) throws IOException {
        try (FSDataOutputStream stream = store.create(file, true)) {
            stream.write(content);
        }
    }

    /**
     * A file to move to its place.
     *
     * @param from its address; empty if no part has it
     */
    record Move(String from, String name, long size) implements Serializable {}

    /** Moves files, all at once if it can: a store that copies takes as long as for writing. */
    interface Mover {
        void move(List<Move> files) throws IOException;
    }

    /** Makes the model of all parts; what was interrupted can be repeated. */
    void commit(
            MergePlan plan,
            String key,
            Map<Integer, Attempt> parts,
            List<SmallFile> companions,
            EngineOptions options,
            Mover mover)
            throws IOException {
        boolean replaces = joining(key).orElse(options.overwrite());
        write(new Path(home(key), JOINING), new byte[] {replaces ? REPLACES : (byte) 0});
        Map<String, Path> made = new HashMap<>();
        for (Attempt attempt : parts.values()) {
            attempt.report
                    .report()
                    .files()
                    .forEach(file -> made.put(file.name(), new Path(attempt.folder, file.name())));
        }
        List<Move> data = new ArrayList<>();
        for (DataFile file : plan.layout().files()) {
            Path from = made.get(file.name());
            data.add(new Move(from == null ? "" : from.toString(), file.name(), file.size()));
        }
        if (replaces) {
            new EarlierModel(out, store).remove(plan, companions, options, data);
        }
        // A single file completes the model itself; else the last of the small files does.
        int early = plan.layout().last().isEmpty() ? data.size() - 1 : data.size();
        mover.move(data.subList(0, early));
        for (SmallFile file : companions) {
            write(new Path(out, file.name()), file.content());
        }
        for (Move file : data.subList(early, data.size())) {
            move(file);
        }
        store.delete(new Path(out, PARTS), true);
    }

    /** Moves a file, unless that was done before; an attempt after a failed one is safe. */
    void move(Move file) throws IOException {
        Path to = new Path(out, file.name());
        if (file.from.isEmpty()) {
            throw new IOException("no part has '" + file.name() + "'");
        }
        Path from = new Path(file.from);
        long there = length(from);
        if (there < 0 && length(to) == file.size()) {
            return;
        }
        if (there != file.size()) {
            throw new IOException("'" + from + "' has " + there + " bytes, not " + file.size());
        }
        store.delete(to, false);
        if (to.getParent() != null) {
            store.mkdirs(to.getParent());
        }
        if (!store.rename(from, to)) {
            throw new IOException("'" + from + "' cannot be moved to '" + to + "'");
        }
    }

    /** Bytes of a file; -1 if there is none. */
    private long length(Path file) throws IOException {
        try {
            return store.getFileStatus(file).getLen();
        } catch (FileNotFoundException e) {
            return -1;
        }
    }
}
