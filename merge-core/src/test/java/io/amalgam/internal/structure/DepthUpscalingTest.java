package io.amalgam.internal.structure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.error.BadInputException;
import io.amalgam.internal.recipe.yaml.RecipeReader;
import io.amalgam.recipe.Recipe;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DepthUpscalingTest {
    private static DepthUpscaling of(
            int layers, Integer target, Integer overlap, Integer copies, boolean average) {
        return DepthUpscaling.of(
                layers,
                Optional.ofNullable(target),
                Optional.ofNullable(overlap),
                Optional.ofNullable(copies),
                average,
                OptionalDouble.empty());
    }

    private static List<List<Integer>> singles(int... ranges) {
        List<List<Integer>> all = new ArrayList<>();
        for (int i = 0; i < ranges.length; i += 2) {
            IntStream.rangeClosed(ranges[i], ranges[i + 1]).mapToObj(List::of).forEach(all::add);
        }
        return all;
    }

    @Test
    void asSolar() {
        assertThat(of(32, 48, null, null, false).stack()).isEqualTo(singles(0, 23, 8, 31));
        assertThat(of(32, null, 16, null, false)).isEqualTo(of(32, 48, 16, 2, false));
    }

    @Test
    void otherShapes() {
        assertThat(of(32, 64, null, null, false).stack()).isEqualTo(singles(0, 31, 0, 31));
        assertThat(of(4, 5, null, null, false).stack()).isEqualTo(singles(0, 2, 2, 3));
        assertThat(of(8, 20, null, null, false).stack()).isEqualTo(singles(0, 6, 1, 6, 1, 7));
        assertThat(of(8, 19, null, 3, false).stack()).isEqualTo(singles(0, 6, 2, 6, 1, 7));
    }

    /** What no plan could hold is refused before it is begun. */
    @Test
    void depthHasAnEnd() {
        assertThat(of(4, 10_000, null, null, false).stack()).hasSize(10_000);
        assertThatThrownBy(() -> of(4, 10_001, null, null, false))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("'DepthUpscaling.layers': expected at most 10000, got 10001");
        assertThatThrownBy(() -> of(4, 6, null, 1_000_000_000, false))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining(
                        "'DepthUpscaling.copies': expected at most 10000, got 1000000000");
    }

    @Test
    void everyLengthComesOut() {
        for (boolean average : new boolean[] {false, true}) {
            for (int target = 8; target <= 21; target++) {
                List<List<Integer>> stack = of(7, target, null, null, average).stack();
                assertThat(stack).hasSize(target);
                assertThat(stack.get(0)).isEqualTo(List.of(0));
                assertThat(stack.get(target - 1)).isEqualTo(List.of(6));
                if (average) {
                    assertThat(stack.stream().flatMap(List::stream).distinct()).hasSize(7);
                }
            }
        }
    }

    @Test
    void overlapsAveraged() {
        List<List<Integer>> stack = of(4, 6, null, null, true).stack();
        assertThat(stack)
                .containsExactly(
                        List.of(0),
                        List.of(1),
                        List.of(2, 0),
                        List.of(3, 1),
                        List.of(2),
                        List.of(3));
    }

    @Test
    void recipesThatReadBack() {
        DepthUpscaling plain = of(32, 48, null, null, false);
        Recipe recipe = plain.recipe("m", List.of());
        assertThat(LayerRangeTest.slices(recipe)).containsExactly("m [0, 24)", "m [8, 32)");

        Recipe averaged = of(4, 6, null, null, true).recipe("m", List.of());
        assertThat(LayerRangeTest.slices(averaged))
                .containsExactly(
                        "m [0, 2) [weight]",
                        "m [2, 4) [weight] + m [0, 2) [weight]",
                        "m [2, 4) [weight]");

        DepthUpscaling damped =
                DepthUpscaling.of(
                        32,
                        Optional.of(48),
                        Optional.empty(),
                        Optional.empty(),
                        false,
                        OptionalDouble.of(0.5));
        Recipe repeats = damped.recipe("m", List.of(".self_attn.o_proj.", ".mlp.down_proj."));
        assertThat(LayerRangeTest.slices(repeats))
                .containsExactly("m [0, 24)", "m [8, 24) [scale]", "m [24, 32)");
        assertThat(repeats.text())
                .contains("{filter: '.self_attn.o_proj.', value: 0.5}")
                .contains("{filter: '.mlp.down_proj.', value: 0.5}")
                .contains("{value: 1.0}");

        for (Recipe made : List.of(recipe, averaged, repeats)) {
            Recipe read = RecipeReader.read(made.text(), "recipe.yml");
            assertThat(LayerRangeTest.slices(read)).isEqualTo(LayerRangeTest.slices(made));
            assertThat(read.parameters().names()).isEqualTo(made.parameters().names());
            assertThat(
                            read.slices()
                                    .get(1)
                                    .sources()
                                    .get(0)
                                    .parameters()
                                    .toString()
                                    .replaceAll("location=[^]]*]?", ""))
                    .isEqualTo(
                            made.slices()
                                    .get(1)
                                    .sources()
                                    .get(0)
                                    .parameters()
                                    .toString()
                                    .replaceAll("location=[^]]*]?", ""));
        }
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            delimiter = '|',
            value = {
                "32 | -  | - | 'DepthUpscaling.layers': expected more than the model's 32, got 32",
                "32 | -  | 3 | 'DepthUpscaling.layers': expected more than the model's 32, got 32",
                "65 | -  | 2 | 'DepthUpscaling.layers': expected at most 64, 2 times the model's 32, got 65; give DepthUpscaling.copies 3",
                "48 | -  | 1 | 'DepthUpscaling.copies': expected at least 2, got 1",
                "-  | 32 | - | 'DepthUpscaling.overlap': expected 0 to 31, as the model has 32 layers, got 32",
                "-  | -1 | - | 'DepthUpscaling.overlap': expected 0 to 31, as the model has 32 layers, got -1",
                "48 | 15 | - | 'DepthUpscaling.layers': expected 49 with 2 copies and an overlap of 15, got 48"
            })
    void stacksThatCannotBe(Integer target, Integer overlap, Integer copies, String message) {
        assertThatThrownBy(() -> of(32, target, overlap, copies, false))
                .isInstanceOf(BadInputException.class)
                .hasMessageStartingWith(message);
    }

    @Test
    void threeLayersInOnePlace() {
        assertThatThrownBy(() -> of(8, 9, null, 3, true))
                .hasMessage(
                        "'DepthUpscaling.layers': expected overlaps of at most half the model's 8 where they are averaged, got 8; three layers would meet in one place: use fewer copies, or more layers");
    }
}
