package io.amalgam.internal.recipe.yaml;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.OutputSlice;
import io.amalgam.recipe.OutputSlice.LayerSource;
import io.amalgam.recipe.ParameterValue;
import io.amalgam.recipe.ParameterValue.Filtered;
import io.amalgam.recipe.ParameterValue.Gradient;
import io.amalgam.recipe.ParameterValue.Scalar;
import io.amalgam.recipe.Recipe;
import io.amalgam.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class GoldenRecipesTest {
    static List<Path> golden() {
        return Recipes.golden();
    }

    @Test
    void allAreThere() {
        assertThat(golden()).hasSize(42);
    }

    @ParameterizedTest
    @MethodSource("golden")
    void everyRecipeIsReadWithoutAWord(Path file) throws IOException {
        Recipe recipe = RecipeReader.read(file, new ReadOptions(true));

        assertThat(recipe.warnings()).isEmpty();
        assertThat(recipe.file()).isEqualTo(file.toString());
        assertThat(recipe.text()).isEqualTo(Files.readString(file));
        assertThat(recipe.models().isEmpty()).isNotEqualTo(recipe.slices().isEmpty());
        assertThat(recipe.text()).contains("merge_method: " + recipe.method());
    }

    @Test
    void modelsAndTheirParametersAreRead() {
        Recipe recipe = read("ties-gradient-density.yml");

        assertThat(recipe.method()).isEqualTo("ties");
        assertThat(recipe.methodLocation()).hasToString("r.yml:1:15");
        assertThat(recipe.baseModel()).contains(ModelRef.of("models/base"));
        assertThat(recipe.baseModel().orElseThrow().location()).hasToString("r.yml:2:13");
        assertThat(recipe.models().stream().map(entry -> entry.model().path()))
                .containsExactly("models/ft1", "models/ft2");
        assertThat(recipe.models().get(0).location()).hasToString("r.yml:4:5");
        assertThat(recipe.models().get(0).parameters().names())
                .containsExactly("weight", "density");
        ParameterValue density = recipe.models().get(0).parameters().get("density").orElseThrow();
        assertThat(density).isInstanceOf(Gradient.class);
        assertThat(((Gradient) density).values()).containsExactly(1L, 0.7, 0.1);
        assertThat(density.location()).hasToString("r.yml:5:40");
        assertThat(recipe.models().get(0).parameters().location("density"))
                .hasToString("r.yml:5:31");
        assertThat(recipe.parameters().get("normalize").orElseThrow().evaluate("x", 0))
                .contains(true);
        assertThat(recipe.dtype()).contains(DType.F32);
        assertThat(recipe.outDtype()).isEmpty();
    }

    @Test
    void filtersAreRead() {
        ParameterValue t = read("slerp-gradient.yml").parameters().get("t").orElseThrow();

        assertThat(t).isInstanceOf(Filtered.class);
        assertThat(t.evaluate("model.layers.0.self_attn.q_proj.weight", 0.25)).contains(0.5);
        assertThat(t.evaluate("model.layers.0.mlp.up_proj.weight", 0.25)).contains(0.5);
        assertThat(t.evaluate("model.layers.0.mlp.up_proj.weight", 0.5)).contains(0.7);
        assertThat(t.evaluate("model.layers.0.input_layernorm.weight", 0.5)).contains(0.5);
    }

    @Test
    void slicesAreRead() {
        Recipe mixed = read("slices-mixed.yml");
        Recipe withParameters = read("slices-parameters.yml");

        assertThat(mixed.slices()).hasSize(3);
        OutputSlice first = mixed.slices().get(0);
        assertThat(first.sources().stream().map(source -> source.model().path()))
                .containsExactly("models/ft1", "models/ft2");
        assertThat(first.sources().stream().map(LayerSource::start)).containsExactly(0, 1);
        assertThat(first.sources().stream().map(LayerSource::end)).containsExactly(2, 3);
        assertThat(first.location()).hasToString("r.yml:3:5");
        assertThat(first.sources().get(1).location()).hasToString("r.yml:5:9");
        assertThat(first.sources().get(0).parameters().get("weight"))
                .map(value -> ((Scalar) value).value())
                .contains(0.9);
        assertThat(withParameters.slices().get(0).parameters().names()).containsExactly("t");
        assertThat(withParameters.slices().get(1).parameters().isEmpty()).isTrue();
        assertThat(withParameters.parameters().names()).containsExactly("t");
    }

    private static Recipe read(String name) {
        return RecipeReader.read(Recipes.text("golden/" + name), "r.yml");
    }
}
