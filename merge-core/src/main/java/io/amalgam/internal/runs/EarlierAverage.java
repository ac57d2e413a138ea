package io.amalgam.internal.runs;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.amalgam.engine.MergeReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;

/**
 * Recognises averages of a series by their reports, so that they are not averaged again together
 * with their checkpoints.
 */
final class EarlierAverage {
    private static final JsonMapper JSON = new JsonMapper();
    private static final Set<String> METHODS = Set.of("ema", "lawa");

    private EarlierAverage() {}

    static boolean isOne(Path model) throws IOException {
        Path report = model.resolve(MergeReport.FILE);
        return Files.isRegularFile(report) && METHODS.contains(method(report));
    }

    /** Read from the beginning, where it stands: reports of large models are large. */
    private static String method(Path report) throws IOException {
        try (JsonParser json = JSON.createParser(report.toFile())) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                return "";
            }
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String key = json.currentName();
                JsonToken value = json.nextToken();
                if (key.equals("merge_method")) {
                    return value == JsonToken.VALUE_STRING ? json.getText() : "";
                }
                json.skipChildren();
            }
            return "";
        } catch (JsonProcessingException e) {
            // Damaged: nothing is known, and the checkpoint is taken like any other.
            return "";
        }
    }
}
