package io.amalgam.internal.runs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Scores of models that were measured before: a JSON object with a number for each model. */
public final class Scores {
    public static final Scores NONE =
            new Scores(Path.of(""), new ObjectMapper().createObjectNode());

    private final Path file;
    private final JsonNode scores;

    private Scores(Path file, JsonNode scores) {
        this.file = file;
        this.scores = scores;
    }

    /**
     * @throws BadInputException if the file is not there, or no JSON object
     */
    public static Scores read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new BadInputException(
                    Problem.expected(
                                    "scores '" + file + "'",
                                    "a JSON file",
                                    Files.exists(file) ? "no file" : "nothing there")
                            .hint("check the path"));
        }
        try {
            JsonNode read = new ObjectMapper().readTree(file.toFile());
            if (read.isObject()) {
                return new Scores(file, read);
            }
        } catch (JsonProcessingException e) {
            // Said below.
        }
        throw new BadInputException(
                Problem.expected(
                        "scores '" + file + "'",
                        "a JSON object of models and numbers",
                        "other text"));
    }

    /** Warnings of scores that no model has: most often a name is misspelt. */
    public List<Problem> ofNone(List<Path> models) {
        Set<String> names = new HashSet<>();
        models.forEach(model -> names.addAll(names(model)));
        List<Problem> unused = new ArrayList<>();
        scores.fieldNames()
                .forEachRemaining(
                        key -> {
                            if (!names.contains(key)) {
                                unused.add(
                                        Problem.of(
                                                        "no model is named '"
                                                                + key
                                                                + "', which '"
                                                                + file
                                                                + "' has a score of")
                                                .hint(
                                                        "scores are found by a model's path as given, or its folder's name"));
                            }
                        });
        return unused;
    }

    private static List<String> names(Path model) {
        return List.of(model.toString(), String.valueOf(model.getFileName()));
    }

    /**
     * A model's score, by its path as given or by its folder's name.
     *
     * @throws BadInputException if it is there and no finite number
     */
    Optional<Double> of(Path model) {
        for (String key : names(model)) {
            JsonNode score = scores.get(key);
            if (score != null) {
                if (!score.isNumber() || !Double.isFinite(score.asDouble())) {
                    throw new BadInputException(
                            Problem.expected(
                                    "score of '" + key + "' in '" + file + "'",
                                    "a number",
                                    score.toString()));
                }
                return Optional.of(score.asDouble());
            }
        }
        return Optional.empty();
    }

    /** The scores there are of these models. */
    public Map<Path, Double> of(List<Path> models) {
        Map<Path, Double> known = new HashMap<>();
        models.forEach(model -> of(model).ifPresent(score -> known.put(model, score)));
        return known;
    }
}
