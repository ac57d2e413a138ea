package io.amalgam.internal.engine;

import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.engine.EngineOptions;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.io.FileWrites;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
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
 * The finished tensors of an unfinished merge, one per line: {@code done <place> <crc>}, or {@code
 * copied <place> <input>} for an unchanged input. The lines before {@code begin} say which plan and
 * which input files (by size and time of change) it belongs to. A tensor is listed only after its
 * bytes were handed to the system; on resuming, its checksum or the input it was copied from says
 * whether they arrived. A journal without {@code begin} was cut short before anything was done, and
 * counts for nothing.
 *
 * <p>The open journal is locked, so that two merges cannot write one output.
 */
final class Journal implements Closeable {
    private static final String NAME = "journal";
    private static final String VERSION = "amalgam-journal 2";
    private static final String OVERWRITE = "overwrite";
    private static final String BEGIN = "begin";
    private static final Pattern DONE = Pattern.compile("done ([0-9]{1,9}) ([0-9a-f]{8})");
    private static final Pattern COPIED = Pattern.compile("copied ([0-9]{1,9}) ([0-9]{1,9})");

    private final JournalLock lock;
    private final FileChannel channel;
    private final boolean resumed;
    private boolean overwrites;
    private final Map<Integer, Integer> done = new HashMap<>();
    private final Map<Integer, Integer> copied = new HashMap<>();

    private Journal(JournalLock lock, boolean resumed, boolean overwrites) {
        this.lock = lock;
        this.channel = lock.channel();
        this.resumed = resumed;
        this.overwrites = overwrites;
    }

    private static Path file(Path directory) {
        return directory.resolve(OutputLayout.PARTIAL).resolve(NAME);
    }

    /** Whether a merge has left a journal in this output directory, whatever is in it. */
    static boolean exists(Path directory) {
        return Files.exists(file(directory));
    }

    /** Whether a merge that can be resumed lies in this output directory. */
    static boolean isBegun(Path directory) throws IOException {
        if (!exists(directory)) {
            return false;
        }
        return linesIn(directory).contains(BEGIN);
    }

    /** Whether what lies in this directory is of this plan and of these files, unchanged. */
    static boolean continues(Path directory, String planHash, List<InputFile> inputs)
            throws IOException {
        if (!isBegun(directory)) {
            return false;
        }
        return isOf(linesIn(directory), planHash, inputs);
    }

    private static boolean isOf(List<String> there, String planHash, List<InputFile> inputs) {
        List<String> header = header(planHash, inputs);
        return there.size() > header.size() && there.subList(0, header.size()).equals(header);
    }

    /** Whether the merge that lies in this output directory was told to replace what is there. */
    static boolean isToOverwrite(Path directory) throws IOException {
        return isBegun(directory) && linesIn(directory).contains(OVERWRITE);
    }

    private static List<String> linesIn(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(file(directory), StandardOpenOption.READ)) {
            return lines(readWholeLines(channel));
        }
    }

    /** Whether a merge is writing to this output directory right now. */
    static boolean isHeld(Path directory) throws IOException {
        return JournalLock.isHeld(file(directory));
    }

    static Problem held(Path directory) {
        return Problem.of("another merge is writing to '" + directory + "'")
                .hint("wait for it to end, or choose another output directory");
    }

    /**
     * Begins a journal, or with {@code resume} continues the existing one; one of another plan, or
     * of inputs that changed since, is begun again with {@code overwrite}.
     *
     * @param inputs the files read, as they are now
     * @throws BadInputException if the one there is of another plan, or inputs changed since,
     *     without {@code overwrite}; or another merge writes it
     */
    static Journal open(
            Path directory, String planHash, List<InputFile> inputs, EngineOptions options)
            throws IOException {
        JournalLock lock = lock(directory);
        try {
            byte[] there = options.resume() ? readWholeLines(lock.channel()) : new byte[0];
            List<String> lines = lines(there);
            int begin = lines.indexOf(BEGIN);
            if (options.overwrite() && !isOf(lines, planHash, inputs)) {
                begin = -1;
            }
            Journal journal = new Journal(lock, begin >= 0, options.overwrite());
            if (begin >= 0) {
                journal.take(lines, begin, planHash, inputs, directory);
            } else {
                journal.begin(planHash, inputs, options.overwrite());
            }
            return journal;
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    /** Holds a directory against other merges, without a journal of one. */
    static JournalLock lock(Path directory) throws IOException {
        Files.createDirectories(file(directory).getParent());
        return JournalLock.take(file(directory))
                .orElseThrow(() -> new BadInputException(held(directory)));
    }

    private void begin(String planHash, List<InputFile> inputs, boolean overwrite)
            throws IOException {
        List<String> lines = header(planHash, inputs);
        if (overwrite) {
            lines.add(OVERWRITE);
        }
        lines.add(BEGIN);
        channel.truncate(0);
        channel.position(0);
        append(String.join("\n", lines));
    }

    private void take(
            List<String> lines, int begin, String planHash, List<InputFile> inputs, Path directory)
            throws IOException {
        List<String> head = lines.subList(0, begin);
        overwrites = head.contains(OVERWRITE);
        check(header(planHash, inputs), head, directory);
        lines.subList(begin + 1, lines.size()).forEach(line -> parse(line));
        // What follows the last line end was cut off while it was written.
        channel.truncate(readWholeLines(channel).length);
        channel.position(channel.size());
    }

    private static List<String> header(String planHash, List<InputFile> inputs) {
        List<String> lines = new ArrayList<>(List.of(VERSION, "plan " + planHash));
        inputs.forEach(input -> lines.add(input.line()));
        return lines;
    }

    /** The file's bytes up to its last line end. */
    private static byte[] readWholeLines(FileChannel channel) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(channel.size()));
        while (bytes.hasRemaining() && channel.read(bytes, bytes.position()) >= 0) {
            continue;
        }
        int length = bytes.position();
        while (length > 0 && bytes.get(length - 1) != '\n') {
            length--;
        }
        byte[] whole = new byte[length];
        bytes.get(0, whole);
        return whole;
    }

    private static List<String> lines(byte[] text) {
        return new String(text, StandardCharsets.UTF_8).lines().toList();
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
                                .hint("start again with EngineOptions.overwrite(true)"));
            }
        }
    }

    private void parse(String line) {
        Matcher parts = DONE.matcher(line);
        if (parts.matches()) {
            int task = Integer.parseInt(parts.group(1));
            done.put(task, Integer.parseUnsignedInt(parts.group(2), 16));
            copied.remove(task);
        }
        parts = COPIED.matcher(line);
        if (parts.matches()) {
            int task = Integer.parseInt(parts.group(1));
            copied.put(task, Integer.parseInt(parts.group(2)));
            done.remove(task);
        }
    }

    /** Whether this continues a merge that was interrupted. */
    boolean resumed() {
        return resumed;
    }

    /** Whether the merge, when it began, was told to replace what is in the directory. */
    boolean overwrites() {
        return overwrites;
    }

    /** Checksums of the tensors computed before, by their places in the layout. */
    Map<Integer, Integer> done() {
        return Map.copyOf(done);
    }

    /** Inputs of the tensors copied before, by their places in the layout. */
    Map<Integer, Integer> copied() {
        return Map.copyOf(copied);
    }

    synchronized void finishedCopy(int place, int input) throws IOException {
        append("copied " + place + " " + input);
    }

    synchronized void finished(int place, int crc) throws IOException {
        append("done " + place + " " + String.format("%08x", crc));
    }

    private void append(String line) throws IOException {
        ByteBuffer bytes = StandardCharsets.UTF_8.encode(line + "\n");
        while (bytes.hasRemaining()) {
            try {
                channel.write(bytes);
            } catch (IOException e) {
                throw FileWrites.named(lock.file(), e);
            }
        }
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }
}
