package io.amalgam.internal.formats.quantised;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.error.BadInputException;
import io.amalgam.fuzz.Fuzzing;
import io.amalgam.fuzz.JsonMutations;
import io.amalgam.internal.formats.huggingface.HuggingFaceFormat;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever {@code quantization_config} says, models are read or refused. */
class QuantisationConfigFuzzTest {
    private static final Path GOLDEN = Path.of("src/test/resources/golden/quant/models");
    private static final List<String> MODELS =
            List.of("fp8-deepseek", "int4-ct-asym", "gptq-v1", "awq-gemm", "bnb-nf4", "nvfp4-ct");
    private static final JsonMutations MUTATIONS =
            new JsonMutations(
                    List.of(
                            "\"fp8\"",
                            "\"gptq\"",
                            "\"gptq_v2\"",
                            "\"awq\"",
                            "\"modelopt\"",
                            "\"compressed-tensors\"",
                            "\"bitsandbytes\"",
                            "\"mxfp4\"",
                            "\"hqq\"",
                            "\"128x128\"",
                            "[128, 128]",
                            "[1, 32]",
                            "[0, 0]",
                            "[-1, 2147483647]",
                            "4",
                            "32",
                            "-1"));

    @TempDir Path folder;

    @BeforeEach
    void weights() throws IOException {
        for (String name : MODELS) {
            Path model = Files.createDirectories(folder.resolve(name));
            Files.copy(
                    GOLDEN.resolve(name).resolve("model.safetensors"),
                    model.resolve("model.safetensors"));
        }
    }

    static List<byte[]> seeds() {
        List<byte[]> seeds = new ArrayList<>();
        try {
            for (String name : MODELS) {
                Path config = GOLDEN.resolve(name).resolve("config.json");
                JsonNode said = new ObjectMapper().readTree(Files.readAllBytes(config));
                seeds.add(
                        said.path("quantization_config")
                                .toString()
                                .getBytes(StandardCharsets.UTF_8));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return seeds;
    }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "90s")
    void anyBytes(byte[] bytes) throws IOException {
        accepts(bytes);
    }

    @Test
    void changedSettings() {
        Fuzzing.run(300, MUTATIONS, seeds(), seeds(), this::accepts).areBothAtLeast(20);
    }

    private boolean accepts(byte[] settings) throws IOException {
        boolean accepted = false;
        for (String name : MODELS) {
            accepted |= accepts(folder.resolve(name), settings);
        }
        return accepted;
    }

    private static boolean accepts(Path model, byte[] settings) throws IOException {
        String text = new String(settings, StandardCharsets.UTF_8);
        Files.writeString(
                model.resolve("config.json"),
                "{\"torch_dtype\": \"bfloat16\", \"quantization_config\": " + text + "}");
        try (Checkpoint read = new HuggingFaceFormat().open(model, "m")) {
            if (read.quantisation().isPresent() && !read.quantisation().get().readable()) {
                assertThat(read.quantisation().get().name()).isNotBlank();
                return false;
            }
            QuantisedMutationTest.readAll(read);
            return true;
        } catch (BadInputException e) {
            QuantisedMutationTest.assertRefusal(e);
            return false;
        }
    }
}
