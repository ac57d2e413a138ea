package io.amalgam.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.recipe.yaml.RecipeReader;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RecipeWriterTest {
    /** What is written is already in the writer's form, so it must come back letter by letter. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                """
                merge_method: linear
                base_model: "b"
                models:
                  - {model: "a \\"x\\" C:\\\\y", parameters: {weight: 0.5, density: [1, 0.5]}}
                  - {model: "b"}
                parameters: {normalize: false, t: [{filter: ".mlp.", value: [0.0, 1.0]}, {value: "x"}]}
                dtype: bfloat16
                out_dtype: float32
                """,
                """
                merge_method: passthrough
                slices:
                  - sources:
                      - {model: "a", layer_range: [0, 3], parameters: {scale: 0.5}}
                    parameters: {scale: 2.0}
                    base_model: "a"
                  - sources:
                      - {model: {model: {path: "a+b@c"}}, layer_range: [1, 2]}
                      - {model: "b", layer_range: [2, 3]}
                """
            })
    void readsBack(String text) {
        assertThat(RecipeWriter.text(RecipeReader.read(text, "r.yml"))).isEqualTo(text);
    }
}
