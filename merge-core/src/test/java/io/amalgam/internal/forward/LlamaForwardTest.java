package io.amalgam.internal.forward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.plainformat.PlainFile;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against the hidden states that transformers computes in float32: see the folder's README. */
class LlamaForwardTest {
    private static final List<int[]> PROMPTS =
            List.of(new int[] {1, 5, 9, 3}, new int[] {2, 7, 7, 11, 30, 4, 8}, new int[] {6});

    @ParameterizedTest
    @ValueSource(strings = {"llama3", "mistral", "qwen2", "qwen3"})
    void statesAreThoseOfTransformers(String name) throws IOException, URISyntaxException {
        Path folder = folder(name);
        Map<Integer, float[]> states = new HashMap<>();
        try (PlainFile model = PlainFile.safetensors(folder.resolve("model.safetensors"));
                PlainFile expected =
                        PlainFile.safetensors(folder.resolve("expected.safetensors"))) {
            pass(LlamaShape.of(config(folder), 3, name, ""), model, new OneThread(() -> {}))
                    .run(PROMPTS, 2, (layer, x) -> states.put(layer, x.clone()));
            assertThat(states).hasSize(3);
            for (int layer = 0; layer < 3; layer++) {
                float[] theirs = expected.floats("layer." + layer);
                float[] ours = states.get(layer);
                assertThat(ours).hasSameSizeAs(theirs);
                float largest = 0;
                float furthest = 0;
                for (int i = 0; i < ours.length; i++) {
                    largest = Math.max(largest, Math.abs(theirs[i]));
                    furthest = Math.max(furthest, Math.abs(ours[i] - theirs[i]));
                }
                assertThat(furthest / largest).as("layer %d", layer).isLessThan(1e-5f);
            }
        }
    }

    private static Path folder(String name) throws URISyntaxException {
        return Path.of(
                Objects.requireNonNull(LlamaForwardTest.class.getResource("/forward/" + name))
                        .toURI());
    }

    private static ObjectNode config(Path folder) throws IOException {
        return (ObjectNode) new ObjectMapper().readTree(folder.resolve("config.json").toFile());
    }

    /** A large model takes minutes: whoever stops the merge does not wait for the end. */
    @Test
    void stopsWhenAsked() throws IOException, URISyntaxException {
        Path folder = folder("qwen2");
        List<Integer> entered = new ArrayList<>();
        int[] rows = new int[1];
        Runnable stopper =
                () -> {
                    if (++rows[0] > 40) {
                        throw new CancellationException();
                    }
                };
        try (PlainFile model = PlainFile.safetensors(folder.resolve("model.safetensors"))) {
            LlamaShape shape = LlamaShape.of(config(folder), 3, "qwen2", "");
            LlamaForward forward = pass(shape, model, new OneThread(stopper));
            assertThatThrownBy(() -> forward.run(PROMPTS, 2, (layer, x) -> entered.add(layer)))
                    .isInstanceOf(CancellationException.class);
        }
        assertThat(entered).containsExactly(0);
    }

    private static LlamaForward pass(LlamaShape shape, PlainFile model, OneThread context) {
        return LlamaForward.holdingLittle(
                shape, model.tensors(), new RowArithmetic(Rounding.NONE, context), context);
    }
}
