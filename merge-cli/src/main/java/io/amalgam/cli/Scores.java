package io.amalgam.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** Scores of models that were measured before: a JSON object with a number for each model. */
final class Scores {
    static final Scores NONE = new Scores(Path.of(""), new ObjectMapper().createObjectNode());

    private final Path file;
    private final JsonNode scores;

    private Scores(Path file, JsonNode scores) {
        this.file = file;
        this.scores = scores;
    }

    /**
     * @throws BadInputException if the file is no JSON object
     */
    static Scores read(Path file) throws IOException {
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

    /**
     * A model's score, by its path as given or by its folder's name.
     *
     * @throws BadInputException if it is there and no finite number
     */
    Optional<Double> of(Path model) {
        for (String key : new String[] {model.toString(), String.valueOf(model.getFileName())}) {
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
}
