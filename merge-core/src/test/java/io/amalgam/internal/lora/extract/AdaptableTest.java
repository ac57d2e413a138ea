package io.amalgam.internal.lora.extract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.error.BadInputException;
import io.amalgam.internal.lora.ModuleTree;
import io.amalgam.tensor.Shape;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class AdaptableTest {
    private static boolean transposed(String width) throws JsonProcessingException {
        ObjectNode config =
                (ObjectNode)
                        new ObjectMapper()
                                .readTree(
                                        "{\"model_type\": \"qwen3_vl_moe\", \"text_config\": {\"hidden_size\": "
                                                + width
                                                + "}}");
        String name = "model.language_model.layers.0.mlp.experts.down_proj";
        Map<String, Shape> shapes = Map.of(name, Shape.of(4, 6, 8));
        return new Adaptable(
                        new ModuleTree(shapes.keySet()),
                        shapes,
                        Optional.of(config),
                        "m",
                        false,
                        List.of())
                .expertsAreTransposed();
    }

    @Test
    void theWidthTellsHowExpertsLie() throws JsonProcessingException {
        assertThat(transposed("8")).isTrue();
        assertThat(transposed("6")).isFalse();
        assertThat(transposed("null")).isFalse();
    }

    @Test
    void aWidthThatIsATextIsRefused() {
        assertThatThrownBy(() -> transposed("\"8\""))
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "'hidden_size' in config.json of model 'm': expected a whole number from 0 up, got \"8\"; it tells how the experts' matrices lie");
    }
}
