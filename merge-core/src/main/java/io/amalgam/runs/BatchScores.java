package io.amalgam.runs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.internal.engine.InputFile;
import io.amalgam.internal.runs.BestFirst;
import io.amalgam.runs.Batch.Judge;
import io.amalgam.runs.Batch.Result;
import io.amalgam.runs.Batch.Score;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/** The scores that an earlier batch in the same folder has measured. */
final class BatchScores {
    /**
     * A score, and what it is of.
     *
     * @param inputs their files, sizes and times
     * @param kept whether its model was not removed
     */
    private record Earlier(Score score, String planHash, String inputs, boolean kept) {}

    private static final String REMOVED = Batch.State.REMOVED.word();

    private final Map<String, Earlier> byName = new HashMap<>();
    private final boolean smallerIsBetter;

    private BatchScores(boolean smallerIsBetter) {
        this.smallerIsBetter = smallerIsBetter;
    }

    /** Those of this judge. */
    static BatchScores read(Path root, Judge judge) throws IOException {
        BatchScores scores = new BatchScores(judge.smallerIsBetter());
        Path file = root.resolve(Batch.FILE);
        if (judge.identity().isEmpty() || !Files.isRegularFile(file)) {
            return scores;
        }
        try {
            JsonNode batch = new ObjectMapper().readTree(Files.readAllBytes(file));
            if (batch.path("judge").asText().equals(judge.identity())) {
                batch.path("merges").forEach(scores::add);
            }
        } catch (JsonProcessingException e) {
            return scores;
        }
        return scores;
    }

    private void add(JsonNode merge) {
        if (merge.path("score").isNumber()) {
            Map<String, Double> figures = new LinkedHashMap<>();
            merge.path("figures")
                    .properties()
                    .forEach(e -> figures.put(e.getKey(), e.getValue().asDouble()));
            byName.put(
                    merge.path("name").asText(),
                    new Earlier(
                            new Score(merge.path("score").asDouble(), figures),
                            merge.path("plan_hash").asText(),
                            merge.path("inputs").asText(),
                            !merge.path("state").asText().equals(REMOVED)));
        }
    }

    /** The score of a merge, if it is of the same plan and inputs. */
    Optional<Score> of(String name, String planHash, List<InputFile> inputs) {
        return Optional.ofNullable(byName.get(name))
                .filter(earlier -> earlier.planHash().equals(planHash))
                .filter(earlier -> earlier.inputs().equals(identity(inputs)))
                .map(Earlier::score);
    }

    /** Whether so many models that are kept, or more, are at least as good. */
    boolean isBeaten(Score score, int by, Set<String> names) {
        return byName.entrySet().stream()
                        .filter(other -> names.contains(other.getKey()))
                        .map(Map.Entry::getValue)
                        .filter(Earlier::kept)
                        .filter(
                                other ->
                                        smallerIsBetter
                                                ? other.score().value() <= score.value()
                                                : other.score().value() >= score.value())
                        .count()
                >= by;
    }

    /** Files with sizes and times, in a line. */
    static String identity(List<InputFile> inputs) {
        StringBuilder line = new StringBuilder();
        for (InputFile file : inputs) {
            Path whole = file.path().toAbsolutePath().normalize();
            line.append(whole).append(' ').append(file.bytes()).append(' ').append(file.millis());
            line.append(';');
        }
        return Integer.toHexString(line.toString().hashCode()) + "-" + line.length();
    }

    static List<Result> ranked(List<Result> results, boolean smallerIsBetter) {
        return results.stream()
                .filter(result -> result.score().isPresent())
                .sorted(
                        BestFirst.by(
                                result -> OptionalDouble.of(result.score().orElseThrow().value()),
                                smallerIsBetter))
                .toList();
    }
}
