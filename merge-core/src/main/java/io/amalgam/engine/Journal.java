package io.amalgam.engine;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.plan.MergePlan;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What an unfinished merge has done, one line a tensor: {@code done <index> <crc>}. The first lines
 * say which plan and which input files (by size and time of change) it belongs to. A tensor is
 * listed only after its bytes were handed to the system; on resuming, its checksum says whether
 * they arrived.
 *
 * <p>The open journal is locked, so that two merges cannot write one output.
 */
final class Journal implements Closeable {
    private static final String NAME = "journal";
    private static final String VERSION = "amalgam-journal 1";
    private static final Pattern DONE = Pattern.compile("done ([0-9]{1,9}) ([0-9a-f]{8})");

    private final FileChannel channel;
    private final FileLock lock;
    private final Map<Integer, Integer> done;

    private Journal(FileChannel channel, FileLock lock, Map<Integer, Integer> done) {
        this.channel = channel;
        this.lock = lock;
        this.done = done;
    }

    /** Whether an interrupted merge lies in this output directory. */
    static boolean exists(Path directory) {
        return Files.exists(directory.resolve(OutputFiles.PARTIAL).resolve(NAME));
    }

    /**
     * Begins a journal, or with {@code resume} continues the one that is there.
     *
     * @throws BadInputException if the one there is of another plan, or inputs changed since
     */
    static Journal open(Path directory, MergePlan plan, boolean resume) throws IOException {
        Path file = directory.resolve(OutputFiles.PARTIAL).resolve(NAME);
        Files.createDirectories(file.getParent());
        FileChannel channel =
                FileChannel.open(
                        file,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE);
        try {
            FileLock lock = lock(channel, directory);
            List<String> header = header(plan);
            List<String> lines = resume ? readLines(channel) : List.of();
            Map<Integer, Integer> done = new HashMap<>();
            if (!lines.isEmpty()) {
                check(header, lines, directory);
                lines.stream()
                        .skip(header.size())
                        .forEach(line -> parse(line, plan.tasks().size(), done));
            }
            List<String> begin = new ArrayList<>(header);
            done.forEach((task, crc) -> begin.add(line(task, crc)));
            channel.truncate(0);
            channel.position(0);
            Journal journal = new Journal(channel, lock, done);
            // In one write: half a header would be taken for another plan's.
            journal.append(String.join("\n", begin));
            return journal;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static FileLock lock(FileChannel channel, Path directory) throws IOException {
        FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            lock = null;
        }
        if (lock == null) {
            throw new BadInputException(
                    Problem.of("another merge is writing to '" + directory + "'")
                            .hint("wait for it to end, or choose another output directory"));
        }
        return lock;
    }

    private static List<String> header(MergePlan plan) throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add(VERSION);
        lines.add("plan " + plan.hash());
        for (Checkpoint checkpoint : plan.models().values()) {
            for (Path file : checkpoint.weightFiles()) {
                lines.add(
                        "input "
                                + Files.size(file)
                                + " "
                                + Files.getLastModifiedTime(file).toMillis()
                                + " "
                                + file.toAbsolutePath().normalize());
            }
        }
        return lines;
    }

    private static List<String> readLines(FileChannel channel) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate((int) channel.size());
        while (bytes.hasRemaining() && channel.read(bytes, bytes.position()) >= 0) {
            continue;
        }
        String text = new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
        // What follows the last line end was cut off while it was written.
        int end = text.lastIndexOf('\n');
        return end < 0 ? List.of() : List.of(text.substring(0, end).split("\n"));
    }

    private static void check(List<String> header, List<String> lines, Path directory) {
        for (int i = 0; i < header.size(); i++) {
            String there = i < lines.size() ? lines.get(i) : "nothing";
            if (!there.equals(header.get(i))) {
                boolean input = header.get(i).startsWith("input ");
                throw new BadInputException(
                        Problem.expected(
                                        "interrupted merge in '" + directory + "'",
                                        input ? "unchanged inputs" : "the same recipe and options",
                                        input
                                                ? "'"
                                                        + there
                                                        + "' then, '"
                                                        + header.get(i)
                                                        + "' now"
                                                : "another plan")
                                .hint("start again with --overwrite"));
            }
        }
    }

    private static void parse(String line, int tasks, Map<Integer, Integer> done) {
        Matcher parts = DONE.matcher(line);
        if (parts.matches()) {
            int index = Integer.parseInt(parts.group(1));
            if (index < tasks) {
                done.put(index, Integer.parseUnsignedInt(parts.group(2), 16));
            }
        }
    }

    /** Checksums of the tensors finished before, by task index. */
    Map<Integer, Integer> done() {
        return Map.copyOf(done);
    }

    synchronized void finished(int task, int crc) throws IOException {
        append(line(task, crc));
    }

    private static String line(int task, int crc) {
        return "done " + task + " " + String.format("%08x", crc);
    }

    private void append(String line) throws IOException {
        ByteBuffer bytes = StandardCharsets.UTF_8.encode(line + "\n");
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    @Override
    public void close() throws IOException {
        lock.close();
        channel.close();
    }
}
