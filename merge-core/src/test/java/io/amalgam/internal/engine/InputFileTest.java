package io.amalgam.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What a report says of the files that were merged. */
class InputFileTest {
    private static final String SUM = "0a".repeat(32);
    private static final String COMMIT = "b1".repeat(20);

    @TempDir Path folder;

    private static JsonNode reported(Path file) throws IOException {
        return ReportJson.inputs(List.of(new InputFile("m", file, Files.size(file), 12))).get(0);
    }

    @Test
    void aFileOfOnesOwnHasSizeAndTime() throws IOException {
        JsonNode input = reported(Files.writeString(folder.resolve("model.safetensors"), "abc"));
        assertThat(input.toString())
                .isEqualTo(
                        "{\"model\":\"m\",\"file\":\"model.safetensors\",\"bytes\":3,\"modified_ms\":12}");
    }

    /** A name alone proves nothing: only a cache names by content. */
    @Test
    void aFileNamedLikeAChecksumIsNotTakenForOne() throws IOException {
        assertThat(reported(Files.writeString(folder.resolve(SUM), "abc")).has("sha256")).isFalse();
        Path blobs = Files.createDirectory(folder.resolve("blobs"));
        // A small file's name is another kind of checksum.
        Path small = Files.writeString(blobs.resolve(COMMIT), "abc");
        assertThat(reported(small).has("sha256")).isFalse();
        Path part = Files.writeString(blobs.resolve(SUM + ".incomplete"), "abc");
        assertThat(reported(part).has("sha256")).isFalse();
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "links need a right of their own")
    void aFileOfTheHubsCacheHasItsChecksumAndCommit() throws IOException {
        Path blobs = Files.createDirectories(folder.resolve("models--org--m/blobs"));
        Files.writeString(blobs.resolve(SUM), "abc");
        Path snapshot =
                Files.createDirectories(folder.resolve("models--org--m/snapshots/" + COMMIT));
        Path link =
                Files.createSymbolicLink(
                        snapshot.resolve("model.safetensors"), Path.of("../../blobs/" + SUM));
        JsonNode input = reported(link);
        assertThat(input.path("sha256").asText()).isEqualTo(SUM);
        assertThat(input.path("commit").asText()).isEqualTo(COMMIT);
    }
}
