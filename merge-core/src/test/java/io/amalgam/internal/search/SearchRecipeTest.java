package io.amalgam.internal.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.error.BadInputException;
import io.amalgam.internal.recipe.SearchRange;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SearchRecipeTest {
    private static final String RECIPE =
            """
            merge_method: ${how}
            models: [{model: a, parameters: {weight: ${w}}}]
            search:
              how: {choices: [ties, linear], start: linear}
              # between
              w: [0, 1]
            # after
            dtype: float32
            """;

    @Test
    void theRecipeIsPlainWithoutTheRanges() {
        SearchRecipe recipe = SearchRecipe.read("t.yml", RECIPE);

        assertThat(recipe.ranges()).extracting(SearchRange::name).containsExactly("how", "w");
        assertThat(recipe.plain().fill(recipe.values(new double[] {0, 0.25})))
                .isEqualTo(
                        """
                        merge_method: ties
                        models: [{model: a, parameters: {weight: 0.25}}]
                        # after
                        dtype: float32
                        """);
        assertThat(recipe.first().lines()).hasSize((int) RECIPE.lines().count());
        assertThat(recipe.first()).contains("linear").contains("weight: 0.5");
    }

    /** Line ends of Windows, a mark of byte order, a second document, ranges at the end. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "merge_method: linear\r\nsearch:\r\n  w: [0, 1]\r\nmodels: ${w}\r\n",
                "\ufeffmerge_method: linear\nsearch: {w: [0, 1]}\nmodels: ${w}\n",
                "name: x\nmodels: 1\n---\nmerge_method: linear\nmodels: ${w}\nsearch:\n  w: [0, 1]",
                "search:\n    w:\n    - 0\n    - 1\n# ${w}\nmodels: '${w}'\nmerge_method: linear\n",
                "merge_method: linear\nmodels: ${w}\nsearch:\n  w: [0,\n    1]\n---\nname: y\n"
            })
    void rangesStandWhereTheyLike(String text) {
        SearchRecipe recipe = SearchRecipe.read("t.yml", text);

        assertThat(recipe.ranges()).hasSize(1);
        assertThat(recipe.plain().text())
                .doesNotContain("search")
                .doesNotContain("[0")
                .contains("merge_method", "models");
        assertThat(recipe.first()).contains("0.5").doesNotContain("$");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    [0, 1]                             | 0       | 0.5   | 1
                    [-2.5, 2.5]                        | -2.5    | 0     | 2.5
                    [0, 100]                           | 0       | 50    | 100
                    [0.00001, 0.00003]                 | 0.00001 | 0.00002 | 0.00003
                    {range: [0.01, 1], log: true}      | 0.01    | 0.1   | 1
                    {range: [1e-4, 1e4], log: true}    | 0.0001  | 1     | 10000
                    {integers: [1, 9]}                 | 1       | 5     | 9
                    {integers: [1, 100], log: true}    | 1       | 7     | 100
                    {choices: [a, b, 3]}               | a       | b     | 3
                    """)
    void pointsAreValues(String range, String low, String middle, String high) {
        SearchRecipe recipe = SearchRecipe.read("t.yml", "m: ${x}\nsearch:\n  x: " + range);

        assertThat(List.of(0.0, 0.5, 1.0))
                .extracting(point -> recipe.values(new double[] {point}).get("x"))
                .containsExactly(low, middle, high);
        double start = recipe.start()[0];
        assertThat(start).isBetween(0.0, 1.0);
    }

    @Test
    void everyWholeNumberHasAnEqualPart() {
        SearchRecipe recipe =
                SearchRecipe.read("t.yml", "m: ${x}\nsearch: {x: {integers: [0, 3]}}");
        int[] counts = new int[4];
        for (int i = 0; i < 400; i++) {
            counts[Integer.parseInt(recipe.values(new double[] {(i + 0.5) / 400}).get("x"))]++;
        }
        assertThat(counts).containsOnly(100);
        assertThat(recipe.candidates()).isEqualTo(4);
    }

    @Test
    void aRecipeWithinBracesIsRefused() {
        assertThatThrownBy(() -> SearchRecipe.read("t.yml", "{m: '${x}', search: {x: [0, 1]}}"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("'search': expected lines of its own");
    }

    @Test
    void theAutomaticRecipeHasAWeightForEachModelAndGroup() {
        String text =
                AutoRecipe.of(
                        "base",
                        List.of("x/one", "y/one", "2"),
                        List.of("l.0.self_attn.q", "l.0.mlp.up", "norm"));
        SearchRecipe recipe = SearchRecipe.read("auto", text);

        assertThat(recipe.ranges())
                .extracting(SearchRange::name)
                .containsExactly(
                        "one_attention",
                        "one_mlp",
                        "one_rest",
                        "one2_attention",
                        "one2_mlp",
                        "one2_rest",
                        "m2_attention",
                        "m2_mlp",
                        "m2_rest");
        assertThat(recipe.values(recipe.start())).containsValue("0.3333");
        assertThat(recipe.first()).contains("filter: \"self_attn\"");
    }

    @Test
    void modulesAreGroupsWhereNothingElseIs() {
        String text = AutoRecipe.of("base", List.of("a"), List.of("fc1.w", "fc1.b", "fc2.w"));

        Map<String, String> values =
                SearchRecipe.read("auto", text).values(new double[] {0.25, 0.75});
        assertThat(values).isEqualTo(Map.of("a_fc1", "0.25", "a_fc2", "0.75"));
        assertThat(text).contains("filter: \"fc1.\"").doesNotContain("filter: \"fc2.\"");
    }
}
