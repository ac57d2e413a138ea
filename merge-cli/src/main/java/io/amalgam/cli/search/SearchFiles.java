package io.amalgam.cli.search;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.cli.console.Json;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a search leaves beside its output. */
record SearchFiles(Path folder) {
    static final String RECIPE = "best.yml";
    private static final String RESULT = "search.json";

    /** The folder of a search beside its output. */
    static Path beside(Path out) {
        Path whole = out.toAbsolutePath().normalize();
        Path name = whole.getFileName();
        if (name == null) {
            throw new BadInputException(
                    Problem.expected("output '" + out + "'", "a directory with a name", "none")
                            .hint("choose another output"));
        }
        // Of '.' and the like, the name is not in what was written.
        Path written = out.normalize();
        return (name.equals(written.getFileName()) ? written : whole)
                .resolveSibling(name + ".search");
    }

    void write(ObjectNode result) throws IOException {
        Json.write(folder.resolve(RESULT), result);
    }

    /** Whether an output is what a search in this folder merged last: the next may replace it. */
    static boolean isResult(Path folder, Path out) throws IOException {
        Path file = folder.resolve(RESULT);
        if (!Files.isRegularFile(file)) {
            return false;
        }
        JsonNode result = new ObjectMapper().readTree(Files.readAllBytes(file));
        return result.path("output").asText().equals(out.toAbsolutePath().normalize().toString());
    }
}
