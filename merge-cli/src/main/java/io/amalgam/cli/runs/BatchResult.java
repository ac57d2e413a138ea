package io.amalgam.cli.runs;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.cli.console.Json;
import io.amalgam.error.Problem;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * The result of one merge of a batch.
 *
 * @param seconds it took; 0 if it was not run
 * @param bytes of its weights; 0 if it could not be planned
 * @param planHash of its result; empty if it could not be planned
 * @param warnings what was said of it and stopped nothing
 * @param problems why it failed
 */
public record BatchResult(
        BatchJob job,
        Path output,
        State state,
        double seconds,
        long bytes,
        String planHash,
        List<Problem> warnings,
        List<Problem> problems) {
    public BatchResult {
        warnings = List.copyOf(warnings);
        problems = List.copyOf(problems);
    }

    /** How it ended. */
    public enum State {
        MERGED,
        /** Its output is there, whole, from the same recipe and inputs. */
        UNCHANGED,
        /** It would be merged: a dry run. */
        CHECKED,
        FAILED,
        INTERRUPTED,
        /** The batch was interrupted before it began. */
        NOT_RUN;

        /** For people. */
        public String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }
    }

    static BatchResult of(BatchJob job, Path output, State state, List<Problem> problems) {
        return new BatchResult(job, output, state, 0, 0, "", List.of(), problems);
    }

    /** The same with what was said and stopped nothing. */
    BatchResult warned(List<Problem> said) {
        return new BatchResult(job, output, state, seconds, bytes, planHash, said, problems);
    }

    public ObjectNode json() {
        ObjectNode node = Json.object();
        node.put("name", job.name());
        node.put("recipe", job.file().toString());
        ObjectNode values = node.putObject("values");
        job.values().forEach(values::put);
        node.put("state", state.name().toLowerCase(Locale.ROOT));
        node.put("output", output.toString());
        node.put("seconds", Math.round(seconds * 1000) / 1000.0);
        node.put("bytes", bytes);
        node.put("plan_hash", planHash);
        Json.problems(node.putArray("warnings"), warnings);
        Json.problems(node.putArray("problems"), problems);
        return node;
    }
}
