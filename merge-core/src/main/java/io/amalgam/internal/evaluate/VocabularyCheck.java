package io.amalgam.internal.evaluate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.Checkpoint.ModelFacts;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.config.ConfigNumbers;
import io.amalgam.internal.forward.LlamaModel;
import io.amalgam.internal.layers.NonLayerTensors;
import io.amalgam.internal.tokenizer.TokenizerVocabulary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Tokenizer and configuration against the rows of the embedding. */
final class VocabularyCheck {
    private static final List<String> SPECIAL =
            List.of("bos_token_id", "eos_token_id", "pad_token_id");

    private static final String HINT = "write the token's number, or null if there is none";

    private final Checkpoint model;
    private final String name;
    private final List<Problem> problems;
    private final List<Problem> warnings;
    private final Optional<TensorSource> embedding;

    VocabularyCheck(Checkpoint model, String name, List<Problem> problems, List<Problem> warnings) {
        this.warnings = warnings;
        this.model = model;
        this.name = name;
        this.problems = problems;
        this.embedding =
                model.tensors().values().stream()
                        .filter(t -> NonLayerTensors.isEmbedding(t.info().name()))
                        .filter(t -> t.info().shape().rank() == 2)
                        .map(TensorSource.class::cast)
                        .findFirst();
    }

    /** What was compared, or why nothing was. */
    String run() throws IOException {
        if (embedding.isEmpty()) {
            return "not compared: no embedding is known by its name";
        }
        long rows = embedding.get().info().shape().dim(0);
        model.config().ifPresent(config -> config(config, rows));
        Path file = model.tokenizerHome().resolve(TokenizerVocabulary.NAME);
        if (!Files.isRegularFile(file)) {
            return "not compared: there is no tokenizer.json";
        }
        Map<String, Integer> ids;
        try {
            ids = TokenizerVocabulary.read(file).ids();
        } catch (BadInputException e) {
            problems.addAll(e.problems());
            return "damaged";
        }
        Map.Entry<String, Integer> last =
                ids.entrySet().stream().max(Map.Entry.comparingByValue()).orElseThrow();
        if (last.getValue() >= rows) {
            problems.add(
                    Problem.expected(
                                    "tokens of the tokenizer of model '" + name + "'",
                                    "numbers below " + rows + ", the rows of its embedding",
                                    last.getValue() + " of '" + last.getKey() + "'")
                            .hint(
                                    "the tokenizer is another model's, or the embedding was not enlarged"));
        }
        return ids.size() + " tokens, " + rows + " rows";
    }

    private void config(ObjectNode config, long rows) {
        long said = ModelFacts.of(config).vocabulary();
        // Of known types all shapes are compared.
        if (said > 0 && said != rows && !LlamaModel.isKnown(model)) {
            warnings.add(
                    Problem.expected(
                                    "rows of tensor '"
                                            + embedding.orElseThrow().info().name()
                                            + "'",
                                    said + " as 'vocab_size' in config.json says",
                                    rows)
                            .hint("loading it may fail, or make a new embedding"));
        }
        for (String key : SPECIAL) {
            for (int token : numbers(key, config.path(key))) {
                if (token >= rows) {
                    problems.add(
                            Problem.expected(
                                    "'" + key + "' in config.json of model '" + name + "'",
                                    "a number below " + rows + ", the rows of its embedding",
                                    token));
                }
            }
        }
    }

    private List<Integer> numbers(String key, JsonNode said) {
        List<Integer> numbers = new ArrayList<>();
        for (JsonNode number : said.isArray() ? said : List.of(said)) {
            ObjectNode alone = JsonNodeFactory.instance.objectNode().set(key, number);
            try {
                // Some models say -1 for none.
                numbers.add(new ConfigNumbers(alone, name, HINT).whole(key, -1, -1));
            } catch (BadInputException e) {
                problems.addAll(e.problems());
            }
        }
        return numbers;
    }
}
