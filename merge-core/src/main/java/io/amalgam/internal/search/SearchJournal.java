package io.amalgam.internal.search;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.engine.JournalLock;
import io.amalgam.internal.io.FileWrites;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What was judged so far, a line of JSON for each candidate; the first line says of what search. It
 * is locked while a search runs.
 */
final class SearchJournal implements Closeable {
    static final String FILE = "journal.jsonl";
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path file;
    private final JournalLock lock;
    private final FileChannel channel;
    private final Map<String, Trial> known = new LinkedHashMap<>();
    private long end;
    private boolean ours;

    private SearchJournal(Path file, JournalLock lock) {
        this.file = file;
        this.lock = lock;
        this.channel = lock.channel();
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
        Files.createDirectories(folder);
        JournalLock lock =
                JournalLock.take(file)
                        .orElseThrow(
                                () ->
                                        new BadInputException(
                                                Problem.of(
                                                                "another search writes to '"
                                                                        + file
                                                                        + "'")
                                                        .hint(
                                                                "wait for it, or give another output")));
        SearchJournal journal = new SearchJournal(file, lock);
        try {
            journal.read(search, anew);
            return journal;
        } catch (IOException | RuntimeException e) {
            try (journal) {
                throw e;
            }
        }
    }

    private void requireSame(Content content, Map<String, String> search) {
        if (content.lines().isEmpty() && content.isEmpty()) {
            return;
        }
        JsonNode header =
                content.lines().isEmpty() ? JSON.createObjectNode() : content.lines().get(0);
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
    private record Content(List<JsonNode> lines, long bytes, boolean isEmpty) {
        static final Content NONE = new Content(List.of(), 0, true);

        /** Through the channel that has the lock: another one would give it up. */
        static Content of(FileChannel channel) throws IOException {
            ByteBuffer all = ByteBuffer.allocate(Math.toIntExact(channel.size()));
            while (all.hasRemaining() && channel.read(all, all.position()) > 0) {
                // Until all is there.
            }
            String text = new String(all.array(), 0, all.position(), StandardCharsets.UTF_8);
            List<JsonNode> lines = new ArrayList<>();
            long bytes = 0;
            for (String line : text.split("(?<=\n)", -1)) {
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
            return new Content(lines, bytes, text.isEmpty());
        }
    }

    private void read(Map<String, String> search, boolean anew) throws IOException {
        Content content = anew ? Content.NONE : Content.of(channel);
        requireSame(content, search);
        ours = true;
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
        FileWrites.force(file, channel);
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
        boolean empty = ours && known.isEmpty();
        lock.close();
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
