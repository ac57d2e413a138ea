package io.amalgam.internal.spark;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.RemoteModels;
import io.amalgam.internal.io.Placeholders;
import io.amalgam.plan.MergePlan;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.RemoteIterator;

/**
 * Models in a store that Hadoop knows: {@code s3a://}, {@code hdfs://}, {@code gs://}, {@code
 * abfss://}, {@code file:}. Small files are copied to a temporary folder; of weights only
 * placeholders are there, and what is read of them comes from the store, by ranges.
 */
final class StoredModels implements RemoteModels {
    private static final Pattern ADDRESS = Pattern.compile("[a-z][a-z0-9+.-]+:/.*");
    private static final String SAFETENSORS = ".safetensors";

    /** What this process has looked at; the folder of a model is the same for all tasks. */
    private static final Map<String, Path> SEEN = new ConcurrentHashMap<>();

    private static final Map<Path, StoredFile> FILES = new ConcurrentHashMap<>();

    private final Configuration hadoop;

    StoredModels(Configuration hadoop) {
        this.hadoop = hadoop;
    }

    static boolean isAddress(String name) {
        return ADDRESS.matcher(name).matches();
    }

    @Override
    public boolean takes(String name) {
        return isAddress(name);
    }

    @Override
    public boolean isCertain(String name, Optional<String> revision) {
        return takes(name);
    }

    @Override
    public String asName(String name) {
        return name;
    }

    @Override
    public Optional<Path> present(String name, Optional<String> revision) {
        return Optional.ofNullable(SEEN.get(name));
    }

    @Override
    public Path fetch(String name, Optional<String> revision) throws IOException {
        synchronized (SEEN) {
            Path known = SEEN.get(name);
            if (known == null) {
                known = fetched(name);
                SEEN.put(name, known);
            }
            return known;
        }
    }

    private Path fetched(String name) throws IOException {
        org.apache.hadoop.fs.Path place = new org.apache.hadoop.fs.Path(URI.create(name));
        FileSystem store = Stores.of(place, hadoop);
        FileStatus status;
        try {
            status = store.getFileStatus(place);
        } catch (FileNotFoundException e) {
            throw new BadInputException(
                    Problem.expected("model '" + name + "'", "a folder or file", "nothing there")
                            .hint("check the address"));
        }
        Path folder = Files.createTempDirectory("amalgam-stored-");
        folder.toFile().deleteOnExit();
        if (status.isFile()) {
            return put(store, status, folder, place.getName());
        }
        RemoteIterator<LocatedFileStatus> files = store.listFiles(place, true);
        int start = status.getPath().toUri().getPath().length() + 1;
        while (files.hasNext()) {
            FileStatus file = files.next();
            put(store, file, folder, file.getPath().toUri().getPath().substring(start));
        }
        return folder;
    }

    private static Path put(FileSystem store, FileStatus file, Path folder, String name)
            throws IOException {
        Path to = folder.resolve(name);
        if (!to.normalize().startsWith(folder)) {
            throw new IOException("the store has a file '" + name + "'");
        }
        Files.createDirectories(to.resolveSibling(""));
        if (name.endsWith(SAFETENSORS)) {
            try (RandomAccessFile placeholder = new RandomAccessFile(to.toFile(), "rw")) {
                placeholder.setLength(file.getLen());
            }
            StoredFile stored = new StoredFile(store, file);
            FILES.put(to, stored);
            Placeholders.put(to, () -> new StoredChannel(stored));
        } else {
            store.copyToLocalFile(
                    false, file.getPath(), new org.apache.hadoop.fs.Path(to.toUri()), true);
        }
        Files.setLastModifiedTime(to, FileTime.fromMillis(file.getModificationTime()));
        to.toFile().deleteOnExit();
        return to;
    }

    /**
     * Makes sure that an output is none of a plan's inputs, nor inside of one.
     *
     * @throws BadInputException if it is
     */
    static void requireOther(MergePlan plan, String out) {
        String folder = new org.apache.hadoop.fs.Path(out) + "/";
        List<Problem> problems = new ArrayList<>();
        for (io.amalgam.checkpoint.Checkpoint model : plan.models().values()) {
            model.weightFiles().stream()
                    .map(FILES::get)
                    .filter(
                            file ->
                                    file != null
                                            && folder.startsWith(file.path().getParent() + "/"))
                    .findFirst()
                    .ifPresent(
                            file ->
                                    problems.add(
                                            Problem.of(
                                                            "output '%s' is the input model '%s', or inside of it"
                                                                    .formatted(
                                                                            out,
                                                                            file.path()
                                                                                    .getParent()))
                                                    .hint(
                                                            "inputs are never written over: choose another output")));
        }
        if (!problems.isEmpty()) {
            throw new BadInputException(problems);
        }
    }

    /**
     * Makes sure that the weights a plan reads are in their stores as they were.
     *
     * @throws BadInputException if one is not
     */
    static void requireUnchanged(MergePlan plan) throws IOException {
        List<Problem> problems = new ArrayList<>();
        for (io.amalgam.checkpoint.Checkpoint model : plan.models().values()) {
            for (Path file : model.weightFiles()) {
                StoredFile stored = FILES.get(file);
                if (stored != null && !stored.isUnchanged()) {
                    problems.add(
                            Problem.expected(
                                            "input '" + stored.path() + "'",
                                            "no change while it was merged",
                                            "another file")
                                    .hint("merge again when nothing writes to it"));
                }
            }
        }
        if (!problems.isEmpty()) {
            throw new BadInputException(problems);
        }
    }
}
