package io.amalgam.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.recipe.OutputSlice.LayerSource;
import io.amalgam.recipe.ParameterValue.Scalar;
import io.amalgam.tensor.DType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RecipeTest {
    private static final ModelRef A = ModelRef.of("a");

    @Test
    void locationsPrintAsPlacesInAFile() {
        assertThat(new Location("r.yml", 4, 7)).hasToString("r.yml:4:7");
        assertThat(new Location("r.yml", 0, 0)).hasToString("r.yml");
        assertThat(Location.NONE).hasToString("");
    }

    @Test
    void parametersKeepTheirOrderAndPlaces() {
        Map<String, ParameterValue> values = new LinkedHashMap<>();
        values.put("weight", new Scalar(1L, new Location("r.yml", 2, 9)));
        values.put("density", new Scalar(0.5, new Location("r.yml", 3, 10)));
        Parameters parameters =
                Parameters.of(values, Map.of("weight", new Location("r.yml", 2, 1)));
        values.clear();

        assertThat(parameters.names()).containsExactly("weight", "density");
        assertThat(parameters.isEmpty()).isFalse();
        assertThat(parameters.get("t")).isEmpty();
        assertThat(parameters.location("weight")).hasToString("r.yml:2:1");
        assertThat(parameters.location("density")).hasToString("r.yml:3:10");
        assertThat(parameters.location("t")).isEqualTo(Location.NONE);
        assertThat(Parameters.of(Map.of())).isSameAs(Parameters.EMPTY);
        assertThat(Parameters.EMPTY.isEmpty()).isTrue();
    }

    @Test
    void parametersAreEqualByNamesAndValues() {
        Parameters one = Parameters.of(Map.of("t", ParameterValue.of(1)));

        assertThat(one)
                .isEqualTo(Parameters.of(Map.of("t", ParameterValue.of(1))))
                .hasSameHashCodeAs(Parameters.of(Map.of("t", ParameterValue.of(1))))
                .isNotEqualTo(Parameters.of(Map.of("t", ParameterValue.of(2))))
                .isNotEqualTo(Parameters.EMPTY);
    }

    @Test
    void recipeIsBuiltInCode() {
        List<ModelEntry> models = new ArrayList<>();
        models.add(ModelEntry.of(A, Parameters.of(Map.of("weight", ParameterValue.of(0.5)))));
        Recipe recipe =
                Recipe.ofModels("ties", models, Optional.of(A), Parameters.EMPTY)
                        .withTypes(Optional.of(DType.F32), Optional.of(DType.BF16));
        models.clear();

        assertThat(recipe.models()).hasSize(1);
        assertThat(recipe.slices()).isEmpty();
        assertThat(recipe.method()).isEqualTo("ties");
        assertThat(recipe.dtype()).contains(DType.F32);
        assertThat(recipe.outDtype()).contains(DType.BF16);
        assertThat(recipe.location()).hasToString("");
        assertThat(recipe.warnings()).isEmpty();
    }

    @Test
    void recipeHasModelsOrSlices() {
        LayerSource source = new LayerSource(A, 0, 4, Parameters.EMPTY, Location.NONE);
        OutputSlice slice =
                new OutputSlice(List.of(source), Optional.empty(), Parameters.EMPTY, Location.NONE);
        ModelEntry model = ModelEntry.of(A, Parameters.EMPTY);

        assertThat(recipe(List.of(), List.of(slice)).slices()).containsExactly(slice);
        assertThatThrownBy(() -> recipe(List.of(), List.of()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> recipe(List.of(model), List.of(slice)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> ModuleSection.ofModels("encoder", List.of()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void sectionsAreModulesOrTheWholeModel() {
        ModelEntry model = ModelEntry.of(A, Parameters.EMPTY);
        ModuleSection module = ModuleSection.ofModels("encoder", List.of(model));
        Recipe parts =
                Recipe.ofModules("linear", List.of(module), Optional.empty(), Parameters.EMPTY);

        assertThat(parts.sections()).containsExactly(module);
        assertThat(parts.references()).containsExactly(A);
        assertThat(recipe(List.of(model), List.of()).sections())
                .containsExactly(ModuleSection.ofModels("", List.of(model)));
    }

    private static Recipe recipe(List<ModelEntry> models, List<OutputSlice> slices) {
        return new Recipe(
                "",
                "",
                "linear",
                Location.NONE,
                models,
                slices,
                List.of(),
                Optional.empty(),
                Parameters.EMPTY,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Location.NONE,
                List.of());
    }

    @Test
    void sourcesAndSlicesAreNotEmpty() {
        assertThat(new LayerSource(A, 2, 6, Parameters.EMPTY, Location.NONE).layers()).isEqualTo(4);
        assertThatThrownBy(() -> new LayerSource(A, -1, 6, Parameters.EMPTY, Location.NONE))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new LayerSource(A, 6, 6, Parameters.EMPTY, Location.NONE))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(
                        () ->
                                new OutputSlice(
                                        List.of(),
                                        Optional.empty(),
                                        Parameters.EMPTY,
                                        Location.NONE))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
