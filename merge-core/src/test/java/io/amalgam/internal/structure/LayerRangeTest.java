package io.amalgam.internal.structure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.error.BadInputException;
import io.amalgam.internal.recipe.yaml.RecipeReader;
import io.amalgam.recipe.OutputSlice;
import io.amalgam.recipe.Recipe;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LayerRangeTest {
    @ParameterizedTest
    @CsvSource({
        "models/chat:0-23, models/chat, 0, 23",
        "C:\\x:0-3, C:\\x, 0, 3",
        "C:\\x y\\m:7, C:\\x y\\m, 7, 7",
        "a:b:3-3, a:b, 3, 3",
        "./m+n@v:10-11, ./m+n@v, 10, 11"
    })
    void ranges(String text, String model, int first, int last) {
        LayerRange range = LayerRange.parse(text);
        assertThat(range.model()).isEqualTo(model);
        assertThat(range.layers()).contains(new LayerRange.Span(first, last));
    }

    @ParameterizedTest
    @CsvSource({"models/chat", "C:\\x", "C:x", "/tmp/a-b"})
    void wholeModels(String text) {
        assertThat(LayerRange.parse(text).model()).isEqualTo(text);
        assertThat(LayerRange.parse(text).layers()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "m:5-3, a last layer that is not before the first",
        "m:, MODEL:FIRST-LAST",
        "m:3-, MODEL:FIRST-LAST",
        "m:-3, MODEL:FIRST-LAST",
        "m:1-2-3, MODEL:FIRST-LAST",
        "'', MODEL:FIRST-LAST",
        "m:0-4294967296, layer numbers of at most 6 digits"
    })
    void badRanges(String text, String expected) {
        assertThatThrownBy(() -> LayerRange.parse(text))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("expected " + expected);
    }

    @Test
    void recipesThatReadBack() {
        List<LayerRange> ranges =
                List.of(
                        LayerRange.parse("C:\\mo\"dels\\a:0-2"),
                        LayerRange.parse("b+lora@x"),
                        LayerRange.parse("b+lora@x:1"));

        Recipe recipe = LayerStacking.recipe(ranges, model -> 4);

        assertThat(slices(recipe))
                .containsExactly("C:\\mo\"dels\\a [0, 3)", "b+lora@x [0, 4)", "b+lora@x [1, 2)");
        Recipe read = RecipeReader.read(recipe.text(), "recipe.yml");
        assertThat(read.method()).isEqualTo("passthrough");
        assertThat(slices(read)).isEqualTo(slices(recipe));
    }

    static List<String> slices(Recipe recipe) {
        return recipe.slices().stream().map(LayerRangeTest::describe).toList();
    }

    private static String describe(OutputSlice slice) {
        return slice.sources().stream()
                .map(
                        s ->
                                s.model().path()
                                        + " ["
                                        + s.start()
                                        + ", "
                                        + s.end()
                                        + ")"
                                        + (s.parameters().isEmpty()
                                                ? ""
                                                : " " + s.parameters().names()))
                .collect(Collectors.joining(" + "));
    }

    @Test
    void rangesBeyondTheModel() {
        assertThatThrownBy(
                        () ->
                                LayerStacking.recipe(
                                        List.of(
                                                LayerRange.parse("a:0-4"),
                                                LayerRange.parse("b:4-4")),
                                        model -> 4))
                .isInstanceOfSatisfying(
                        BadInputException.class,
                        e ->
                                assertThat(e.problems().stream().map(Object::toString))
                                        .containsExactly(
                                                "last layer of 'a': expected at most 3, as it has 4 layers, got 4; layers are counted from 0 and both ends are included",
                                                "last layer of 'b': expected at most 3, as it has 4 layers, got 4; layers are counted from 0 and both ends are included"));
        assertThatThrownBy(() -> LayerStacking.recipe(List.of(), model -> 4))
                .hasMessage("nothing to stack; give models and layers: base:0-23");
    }
}
