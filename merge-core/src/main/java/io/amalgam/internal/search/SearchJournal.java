package io.amalgam.internal.search;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.io.FileWrites;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What was judged so far, a line of JSON for each candidate; the first line says of what search. It
 * is locked while a search runs.
 */
final class SearchJournal implements Closeable {
    static final String FILE = "journal.jsonl";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path file;
    private final FileChannel channel;
    private final Map<String, Trial> known = new LinkedHashMap<>();
    private long end;
    private boolean locked;

    private SearchJournal(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /**
     * Opens the journal of a search, or begins one.
     *
     * @param search what candidates depend on
     * @param anew whether what is there is dropped
     * @throws BadInputException if it is that of another search, or another process writes to it
     */
    static SearchJournal open(Path folder, Map<String, String> search, boolean anew)
            throws IOException {
        Path file = folder.resolve(FILE);
        if (!anew && Files.exists(file)) {
            requireSame(file, search);
        }
        Files.createDirectories(folder);
        FileChannel channel =
                FileChannel.open(
                        file,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.CREATE);
        SearchJournal journal = new SearchJournal(file, channel);
        try {
            journal.lock();
            journal.read(search, anew);
            return journal;
        } catch (IOException | RuntimeException e) {
            try (journal) {
                throw e;
            }
        }
    }

    private void lock() throws IOException {
        @Nullable FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            lock = null;
        }
        if (lock == null) {
            throw new BadInputException(
                    Problem.of("another search writes to '" + file + "'")
                            .hint("wait for it, or give another output"));
        }
        locked = true;
    }

    private static void requireSame(Path file, Map<String, String> search) throws IOException {
        List<JsonNode> lines = Content.of(file).lines();
        if (lines.isEmpty() && Files.size(file) == 0) {
            return;
        }
        JsonNode header = lines.isEmpty() ? JSON.createObjectNode() : lines.get(0);
        Optional<String> other =
                header.has("amalgam_search")
                        ? search.keySet().stream()
                                .filter(
                                        key ->
                                                !Objects.equals(
                                                        header.path(key).asText(), search.get(key)))
                                .findFirst()
                        : Optional.of("format");
        if (other.isPresent()) {
            throw new BadInputException(
                    Problem.expected(
                                    "journal '" + file + "'",
                                    "that of this search",
                                    "one with another " + other.get().replace('_', ' '))
                            .hint("give another output, or Search.restart to begin anew"));
        }
    }

    /** Its lines up to one that is cut off, as the last may be. */
    private record Content(List<JsonNode> lines, long bytes) {
        static Content of(Path file) throws IOException {
            List<JsonNode> lines = new ArrayList<>();
            long bytes = 0;
            for (String line : Files.readString(file).split("(?<=\n)")) {
                if (!line.endsWith("\n")) {
                    break;
                }
                try {
                    lines.add(JSON.readTree(line));
                } catch (JsonProcessingException e) {
                    break;
                }
                bytes += line.getBytes(StandardCharsets.UTF_8).length;
            }
            return new Content(lines, bytes);
        }
    }

    private void read(Map<String, String> search, boolean anew) throws IOException {
        Content content = anew ? new Content(List.of(), 0) : Content.of(file);
        channel.truncate(content.bytes());
        end = content.bytes();
        if (content.lines().isEmpty()) {
            ObjectNode header = JSON.createObjectNode().put("amalgam_search", 1);
            search.forEach(header::put);
            write(header);
        }
        content.lines().stream()
                .skip(1)
                .forEach(
                        line -> {
                            Trial trial = trial(line);
                            known.put(key(line.path("kind").asText(), trial.values()), trial);
                        });
    }

    private static Trial trial(JsonNode line) {
        Map<String, String> values = new LinkedHashMap<>();
        line.path("values")
                .properties()
                .forEach(e -> values.put(e.getKey(), e.getValue().asText()));
        Map<String, Double> figures = new LinkedHashMap<>();
        line.path("figures")
                .properties()
                .forEach(e -> figures.put(e.getKey(), e.getValue().asDouble()));
        return new Trial(
                line.path("number").asInt(),
                values,
                figures,
                line.path("figure").asDouble(Double.NaN),
                line.path("seconds").asDouble(),
                line.path("problem").asText());
    }

    private static String key(String kind, Map<String, String> values) {
        return kind + values;
    }

    /** What is known of a candidate. */
    Optional<Trial> known(String kind, Map<String, String> values) {
        return Optional.ofNullable(known.get(key(kind, values)));
    }

    /** Adds a candidate; it is on disk when this returns. */
    void add(String kind, Trial trial) throws IOException {
        known.put(key(kind, trial.values()), trial);
        ObjectNode line = JSON.createObjectNode().put("kind", kind);
        put(line, trial);
        write(line);
        channel.force(false);
    }

    /** A candidate as JSON. */
    static void put(ObjectNode line, Trial trial) {
        line.put("number", trial.number());
        ObjectNode values = line.putObject("values");
        trial.values().forEach(values::put);
        ObjectNode figures = line.putObject("figures");
        trial.figures().forEach(figures::put);
        if (trial.failed()) {
            line.put("problem", trial.problem());
        } else {
            line.put("figure", trial.figure());
        }
        line.put("seconds", Math.round(trial.seconds() * 1000) / 1000.0);
    }

    private void write(ObjectNode line) throws IOException {
        byte[] bytes = (JSON.writeValueAsString(line) + "\n").getBytes(StandardCharsets.UTF_8);
        end = FileWrites.fully(file, channel, ByteBuffer.wrap(bytes), end);
    }

    /** A journal of nothing is none. */
    @Override
    public void close() throws IOException {
        boolean empty = locked && known.isEmpty();
        channel.close();
        if (empty) {
            Files.deleteIfExists(file);
            Path folder = Objects.requireNonNull(file.getParent());
            try (Stream<Path> left = Files.list(folder)) {
                if (left.findAny().isPresent()) {
                    return;
                }
            }
            Files.deleteIfExists(folder);
        }
    }
}
