package io.amalgam.internal.recipe.yaml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WarningsTest {
    private static final String RECIPE = "merge_method: linear\nmodels: [{model: a}]\n";

    private static final String SLICES =
            "merge_method: linear\nslices:\n  - sources: [{model: a, layer_range: [0, 1]}]\n";

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "dtyp           | did you mean 'dtype'?",
                "base_modle     | did you mean 'base_model'?",
                "output_dtype   | did you mean 'out_dtype'?",
                "normalize      | it belongs under 'parameters', if the method has it",
                "int8_mask      | it belongs under 'parameters', if the method has it",
                "lambda         | it belongs under 'parameters', if the method has it",
                "density        | it belongs under 'parameters', if the method has it",
                "t              | it belongs under 'parameters', if the method has it",
                "normalise      | did you mean 'normalize', under 'parameters'?",
                "layer_range    | it belongs in an item of 'sources'",
                "sources        | it belongs in an item of 'slices'",
                "x              | known here: merge_method, models, slices, modules, base_model,"
                        + " parameters, dtype, out_dtype, tokenizer_source, tokenizer, chat_template, align,"
                        + " name",
            })
    void unknownTopLevelKey(String key, String hint) {
        assertSaid(RECIPE + key + ": 1\n", "unknown key '" + key + "' (r.yml:3:1); " + hint);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "wieght      | did you mean 'weight', under 'parameters'?",
                "weight      | it belongs under 'parameters', if the method has it",
                "paramters   | did you mean 'parameters'?",
                "layer_range | it belongs in an item of 'sources'",
                "base_model  | it belongs at the top level",
                "whatever    | known here: model, statistics, parameters, align",
            })
    void unknownKeyOfAModel(String key, String hint) {
        assertSaid(
                "merge_method: linear\nmodels:\n  - model: a\n    " + key + ": 1\n",
                "unknown key '" + key + "' (r.yml:4:5); " + hint);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "basemodel | did you mean 'base_model'?",
                "model     | it belongs in an item of 'sources'",
                "models    | it belongs at the top level",
                "t         | it belongs under 'parameters', if the method has it",
            })
    void unknownKeyOfASlice(String key, String hint) {
        assertSaid(
                SLICES + "    " + key + ": 1\n", "unknown key '" + key + "' (r.yml:4:5); " + hint);
    }

    @Test
    void unknownKeysFurtherDown() {
        assertSaid(
                "merge_method: linear\nmodels: [{model: {model: {path: a, rver: 1}, loraa: l}}]\n",
                "unknown key 'rver' (r.yml:2:36); known here: path, revision",
                "unknown key 'loraa' (r.yml:2:46); did you mean 'lora'?");
        assertSaid(
                RECIPE + "parameters: {t: {filters: mlp, value: 1}}\n",
                "unknown key 'filters' (r.yml:3:18); did you mean 'filter'?");
        assertWarning(
                "merge_method: linear\nslices:\n"
                        + "  - sources: [{model: a, layers: 1, layer_range: [0, 1]}]\n",
                "unknown key 'layers' (r.yml:3:26); known here: model, layer_range, parameters, align");
    }

    @Test
    void namesOfParametersAreTheMethodsBusiness() {
        assertWarning(RECIPE + "parameters: {wieght: 1, anything: yes}\n");
    }

    @Test
    void strictMakesUnknownKeysErrors() {
        String text = RECIPE + "dtyp: float32\nname: x\nnormalize: true\n";

        assertThatThrownBy(() -> RecipeReader.read(text, "r.yml", new ReadOptions(true)))
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "unknown key 'dtyp' (r.yml:3:1); did you mean 'dtype'?\n"
                                + "unknown key 'normalize' (r.yml:5:1); it belongs under"
                                + " 'parameters', if the method has it");
    }

    @Test
    void keysWithoutEffect() {
        assertWarning(
                RECIPE + "name: first\n",
                "'name' has no effect in a recipe of one document (r.yml:3:1); remove it");
        assertWarning(
                SLICES + "    residual_weight: 0.5\n",
                "'residual_weight' has no effect (r.yml:4:5); remove it");
    }

    @Test
    void unknownKeyOfAnAnchorIsNamedOnce() {
        assertSaid(
                "merge_method: linear\nmodels:\n  - &m {model: a, wieght: 1}\n  - *m\n",
                "unknown key 'wieght' (r.yml:3:19); did you mean 'weight', under 'parameters'?");
    }

    /** A key so near to one that is known that nothing else can be meant. */
    @ParameterizedTest
    @ValueSource(strings = {"dtyp", "Dtype", "base-model", "base_modle", "tokeniser", "normalise"})
    void misspeltKeysAreErrors(String key) {
        assertThatThrownBy(() -> RecipeReader.read(RECIPE + key + ": 1\n", "r.yml"))
                .isInstanceOf(BadInputException.class)
                .hasMessageStartingWith("unknown key '" + key + "' (r.yml:3:1); did you mean '");
    }

    /** Without it, the merge would read other weights than those that were asked for. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "models: [{model: a, KEY: v2}]",
                "models: [{model: {model: a, KEY: v2}}]",
                "models: [{model: {model: a, lora: {path: l, KEY: v2}}}]",
                "slices: [{sources: [{model: a, layer_range: [0, 1], KEY: v2}]}]",
                "models: [{model: a}]\ntokenizer: {source: a, KEY: v2}",
                "models: [{model: a, align: {to: b, KEY: v2}}]",
            })
    void aRevisionBesideAModelIsAnError(String rest) {
        for (String key : List.of("rev", "lora_revision", "branch", "commit")) {
            assertThatThrownBy(
                            () ->
                                    RecipeReader.read(
                                            "merge_method: linear\n" + rest.replace("KEY", key),
                                            "r.yml"))
                    .isInstanceOf(BadInputException.class)
                    .hasMessageMatching(
                            "unknown key '%s' \\(r.yml:.*\\); .*revision.*".formatted(key));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"models: [{model: a, revision: main}]", "models: [{model: a, revision: }]"})
    void theNewestRevisionBesideAModelIsAWarning(String rest) {
        assertWarning(
                "merge_method: linear\n" + rest,
                "unknown key 'revision' (r.yml:2:21); known here: model, statistics, parameters, align");
    }

    @ParameterizedTest
    @ValueSource(strings = {"output_dtype", "lambda", "sources", "x", "comment", "k"})
    void otherKeysAreWarnings(String key) {
        assertThat(RecipeReader.read(RECIPE + key + ": 1\n", "r.yml").warnings()).hasSize(1);
    }

    /** As a warning or as an error. */
    private static void assertSaid(String text, String... said) {
        List<Problem> all = new ArrayList<>();
        try {
            all.addAll(RecipeReader.read(text, "r.yml").warnings());
        } catch (BadInputException e) {
            all.addAll(e.warnings());
            all.addAll(e.problems());
        }
        assertThat(all.stream().map(Problem::toString)).containsExactly(said);
    }

    private static void assertWarning(String text, String... warnings) {
        assertThat(RecipeReader.read(text, "r.yml").warnings().stream().map(Problem::toString))
                .containsExactly(warnings);
    }
}
