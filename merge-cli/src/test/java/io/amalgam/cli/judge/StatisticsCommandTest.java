package io.amalgam.cli.judge;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.cli.Cli;
import io.amalgam.formats.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StatisticsCommandTest {
    private static final Path MODEL = Path.of("../merge-core/src/test/resources/forward/llama3");
    private static final int TOKENS = 700;
    private static final int VOCABULARY = 32;

    @TempDir Path folder;

    private Path measured(String name, Object... options) throws IOException {
        Path tokens = Numbers.write(folder.resolve("t.npy"), Numbers.tokens(TOKENS, VOCABULARY));
        Path out = folder.resolve(name + ".safetensors");
        List<Object> words =
                new ArrayList<>(List.of("statistics", MODEL, tokens, out, "--context", 64));
        words.addAll(List.of(options));
        Cli result = Cli.run(words.toArray());
        assertThat(result.exit()).as(result.err()).isZero();
        assertThat(result.out()).contains("of 22 layers over 700 tokens");
        return out;
    }

    /** Against the inputs that transformers' layers get: {@code tools/forward-goldens.py}. */
    @Test
    void gramMatricesAreThoseOfTransformers() throws Exception {
        Path golden =
                Path.of(
                        Objects.requireNonNull(getClass().getResource("/forward/grams.safetensors"))
                                .toURI());
        try (SafetensorsFile expected = SafetensorsFile.open(golden);
                SafetensorsFile ours = SafetensorsFile.open(measured("grams"))) {
            assertThat(ours.tensors().keySet())
                    .containsExactlyInAnyOrderElementsOf(expected.tensors().keySet());
            for (String name : expected.tensors().keySet()) {
                float[] theirs = expected.floats(name);
                float[] found = ours.floats(name);
                double largest = 0;
                double furthest = 0;
                for (int i = 0; i < theirs.length; i++) {
                    largest = Math.max(largest, Math.abs(theirs[i]));
                    furthest = Math.max(furthest, Math.abs(theirs[i] - found[i]));
                }
                assertThat(furthest / largest).as(name).isLessThan(2e-6);
            }
            JsonNode alias = new ObjectMapper().readTree(ours.metadata().get("alias"));
            assertThat(alias.path("model.layers.2.self_attn.v_proj.weight.input_gram").asText())
                    .isEqualTo("model.layers.2.self_attn.q_proj.weight.input_gram");
            assertThat(ours.metadata())
                    .containsEntry("amalgam_statistics", "1")
                    .containsEntry("examples", "700");
        }
    }

    @Test
    void bytesDependOnNothingElse() throws IOException {
        assertThat(Files.readAllBytes(measured("one", "-j", 1)))
                .isEqualTo(Files.readAllBytes(measured("three", "-j", 3)));
    }
}
