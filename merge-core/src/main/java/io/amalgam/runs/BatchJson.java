package io.amalgam.runs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.internal.io.ProblemJson;
import io.amalgam.runs.Batch.Judge;
import io.amalgam.runs.Batch.Result;
import io.amalgam.runs.Batch.State;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Results of a batch as JSON. */
final class BatchJson {
    private static final ObjectMapper MAPPER =
            new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private BatchJson() {}

    /**
     * @param judge of the scores, and what inputs are by the names of merges; empty if none
     */
    static String text(List<Result> results, Optional<Judged> judge) {
        ObjectNode root = MAPPER.createObjectNode();
        root.put("amalgam_batch", 1);
        ObjectNode counts = root.putObject("counts");
        for (State state : State.values()) {
            long count = results.stream().filter(r -> r.state() == state).count();
            if (count > 0) {
                counts.put(key(state), count);
            }
        }
        judge.ifPresent(
                judged -> {
                    root.put("judge", judged.judge().identity());
                    root.put("smaller_is_better", judged.judge().smallerIsBetter());
                });
        ArrayNode merges = root.putArray("merges");
        for (Result result : results) {
            ObjectNode merge = merges.addObject();
            put(merge, result);
            judge.map(judged -> judged.inputs().get(result.job().name()))
                    .ifPresent(inputs -> merge.put("inputs", inputs));
        }
        try {
            return MAPPER.writeValueAsString(root);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What scores are of. */
    record Judged(Judge judge, Map<String, String> inputs) {}

    private static String key(State state) {
        return state.name().toLowerCase(Locale.ROOT);
    }

    private static void put(ObjectNode node, Result result) {
        node.put("name", result.job().name());
        node.put("recipe", result.job().recipe().toString());
        ObjectNode values = node.putObject("values");
        result.job().values().forEach(values::put);
        node.put("state", key(result.state()));
        node.put("output", result.output().toString());
        node.put("seconds", Math.round(result.seconds() * 1000) / 1000.0);
        node.put("bytes", result.bytes());
        node.put("plan_hash", result.planHash());
        result.score()
                .ifPresent(
                        score -> {
                            node.put("score", score.value());
                            ObjectNode figures = node.putObject("figures");
                            score.figures().forEach(figures::put);
                        });
        ProblemJson.put(node.putArray("warnings"), result.warnings());
        ProblemJson.put(node.putArray("problems"), result.problems());
    }
}
