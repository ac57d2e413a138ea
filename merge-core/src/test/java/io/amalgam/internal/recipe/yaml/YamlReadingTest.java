package io.amalgam.internal.recipe.yaml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.error.BadInputException;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.ParameterValue;
import io.amalgam.recipe.ParameterValue.Filtered;
import io.amalgam.recipe.Parameters;
import io.amalgam.recipe.Recipe;
import io.amalgam.tensor.DType;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class YamlReadingTest {
    private static final String RECIPE = "merge_method: linear\nmodels: [{model: a}]\n";

    private static Recipe read(String text) {
        return RecipeReader.read(text, "r.yml");
    }

    private static Parameters parameters(String flow) {
        return read(RECIPE + "parameters: " + flow + "\n").parameters();
    }

    private static Object value(String written) {
        ParameterValue value = parameters("{p: " + written + "}").get("p").orElseThrow();
        return value.evaluate("tensor", 0).orElseThrow();
    }

    @ParameterizedTest
    @CsvSource({
        "0.5, 0.5",
        "1.0e-5, 1e-5",
        "1e-5, 1e-5",
        ".5, 0.5",
        "-2.5, -2.5",
        "1_0.5, 10.5",
        "1:30.5, 90.5",
        "99999999999999999999, 1e20",
    })
    void realNumbers(String written, double expected) {
        assertThat(value(written)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "7, 7",
        "-7, -7",
        "+7, 7",
        "0x1F, 31",
        "010, 8",
        "0b101, 5",
        "1_000, 1000",
        "1:30, 90",
        "9223372036854775807, 9223372036854775807",
    })
    void wholeNumbers(String written, long expected) {
        assertThat(value(written)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"true", "True", "yes", "YES", "on", "On", "!!bool 'yes'"})
    void yes(String written) {
        assertThat(value(written)).isEqualTo(true);
    }

    @ParameterizedTest
    @ValueSource(strings = {"false", "FALSE", "no", "No", "off", "!!bool 'off'"})
    void no(String written) {
        assertThat(value(written)).isEqualTo(false);
    }

    @ParameterizedTest
    @ValueSource(strings = {"density", "y", "n", "=", "2024-01-31", "tRuE", "1.2.3", "0.5x"})
    void text(String written) {
        assertThat(value(written)).isEqualTo(written);
    }

    @Test
    void quotesMakeText() {
        assertThat(value("'0.5'")).isEqualTo("0.5");
        assertThat(value("\"yes\"")).isEqualTo("yes");
        assertThat(value("!!str 7")).isEqualTo("7");
    }

    @Test
    void emptyListSetsNothing() {
        assertThat(parameters("{p: []}").get("p").orElseThrow().evaluate("x", 0)).isEmpty();
    }

    @Test
    void filterFormsAreRead() {
        Filtered bare = (Filtered) parameters("{p: {filter: mlp, value: [0, 1]}}").get("p").get();
        Filtered list =
                (Filtered)
                        parameters("{p: [{filter: '*', value: 1}, {filter: ~, value: 2}]}")
                                .get("p")
                                .get();

        assertThat(bare.entries()).hasSize(1);
        assertThat(bare.evaluate("a.mlp.b", 0.5)).contains(0.5);
        assertThat(bare.evaluate("a.attn.b", 0.5)).isEmpty();
        assertThat(list.entries().get(0).filter()).contains("*");
        assertThat(list.entries().get(1).filter()).isEmpty();
    }

    @Test
    void keysWithoutValuesCountAsAbsent() {
        Recipe recipe =
                read(
                        RECIPE
                                + "slices:\nmodules: ~\nbase_model:\nparameters:\ndtype: null\n"
                                + "out_dtype:\ntokenizer:\ntokenizer_source:\nchat_template:\n");

        assertThat(recipe.baseModel()).isEmpty();
        assertThat(recipe.parameters().isEmpty()).isTrue();
        assertThat(recipe.dtype()).isEmpty();
        assertThat(recipe.warnings()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "bfloat16, BF16",
        "float16, F16",
        "float32, F32",
        "float64, F64",
        "torch.bfloat16, BF16",
    })
    void types(String name, DType type) {
        Recipe recipe = read(RECIPE + "dtype: " + name + "\nout_dtype: " + name + "\n");

        assertThat(recipe.dtype()).contains(type);
        assertThat(recipe.outDtype()).contains(type);
    }

    @Test
    void referencesMayNameAnAdapter() {
        ModelRef written = model("base+adapter");
        assertThat(written.path()).isEqualTo("base");
        assertThat(written.lora()).contains("adapter");
        assertThat(model("{model: base, lora: {path: a+b}}").lora()).contains("a+b");
    }

    @Test
    void mappingFormOfReferencesTakesAnyPath() {
        assertThat(model("{model: a+b}")).isEqualTo(ModelRef.of("a+b"));
        assertThat(model("{model: {path: 'a@b+c@d'}}")).isEqualTo(ModelRef.of("a@b+c@d"));
        assertThat(model("{model: a, override_architecture: X}").overrideArchitecture())
                .contains("X");
        assertThat(model("2024-01-31")).isEqualTo(ModelRef.of("2024-01-31"));
        assertThat(model("'C:\\models\\a'")).isEqualTo(ModelRef.of("C:\\models\\a"));
    }

    private static ModelRef model(String written) {
        Recipe recipe = read("merge_method: linear\nmodels: [{model: " + written + "}]\n");
        return recipe.models().get(0).model();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"[0, 4]", "[0.0, 4.0]", "['0', '4']", "[0x0, 0b100]", "[0, 4e0]"})
    void layersAreWholeNumbersHoweverWritten(String range) {
        Recipe recipe =
                read(
                        "merge_method: linear\nslices:\n  - sources: [{model: a, layer_range: "
                                + range
                                + "}]\n    base_model: b\n");

        assertThat(recipe.slices().get(0).sources().get(0).start()).isZero();
        assertThat(recipe.slices().get(0).sources().get(0).end()).isEqualTo(4);
        assertThat(recipe.slices().get(0).baseModel()).contains(ModelRef.of("b"));
    }

    @Test
    void anchorsStandForTheirValues() {
        Recipe recipe =
                read(
                        "merge_method: linear\nmodels:\n"
                                + "  - {model: &a x, parameters: &p {weight: 0.25}}\n"
                                + "  - {model: y, parameters: *p}\nbase_model: *a\n");

        assertThat(recipe.models().get(1).parameters())
                .isEqualTo(recipe.models().get(0).parameters());
        assertThat(recipe.baseModel()).contains(ModelRef.of("x"));
    }

    @Test
    void mergeKeysBringInWhatIsNotThere() {
        Parameters merged =
                parameters(
                        "{<<: [{a: 1, b: 1}, {b: 2, c: 2, d: 2}], d: 3, '<<': 4, e: {value: 5}}");

        assertThat(merged.names()).containsExactlyInAnyOrder("a", "b", "c", "d", "<<", "e");
        assertThat(number(merged, "a")).contains(1L);
        assertThat(number(merged, "b")).contains(1L);
        assertThat(number(merged, "c")).contains(2L);
        assertThat(number(merged, "d")).contains(3L);
    }

    @Test
    void mergeKeysNestAndTheLastOfSeveralWins() {
        Parameters merged = parameters("{<<: {a: 1, <<: {a: 0, b: 0}}, <<: {a: 2}, p: 1}");

        assertThat(number(merged, "a")).contains(2L);
        assertThat(number(merged, "b")).contains(0L);
    }

    private static Optional<Object> number(Parameters parameters, String name) {
        return parameters.get(name).orElseThrow().evaluate("x", 0);
    }

    @Test
    void mergeKeysWorkInModelEntries() {
        Recipe recipe =
                read(
                        "merge_method: linear\nmodels:\n"
                                + "  - &first {model: a, parameters: {weight: 1}}\n"
                                + "  - {<<: *first, model: b}\n");

        assertThat(recipe.models().get(1).model()).isEqualTo(ModelRef.of("b"));
        assertThat(recipe.models().get(1).parameters().names()).containsExactly("weight");
    }

    @Test
    void mergesOfMergesAreDoneOnce() {
        StringBuilder text = new StringBuilder(RECIPE + "x0: &x0 {k: 1}\n");
        for (int i = 1; i <= 40; i++) {
            String last = "*x" + (i - 1);
            text.append(
                    "x" + i + ": &x" + i + " {<<: [" + last + ", " + last + ", " + last + "]}\n");
        }
        Recipe recipe = read(text + "parameters: {<<: *x40}\n");

        assertThat(recipe.parameters().names()).containsExactly("k");
    }

    @Test
    void tooManyAliasesAreRefused() {
        String aliases = ", *a".repeat(300);

        assertThatThrownBy(() -> read(RECIPE + "x: [&a [1]" + aliases + "]\n"))
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "too many aliases of lists and mappings (r.yml); write some of them out");
    }

    @Test
    void deepNestingIsRefused() {
        assertThatThrownBy(() -> read(RECIPE + "x: " + "[".repeat(100_000)))
                .isInstanceOf(BadInputException.class)
                .hasMessage("lists and mappings are nested too deeply (r.yml); check the brackets");
    }

    @Test
    void recursiveAnchorsEnd() {
        assertThatThrownBy(() -> read("merge_method: linear\nmodels: &m [*m]\n"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("item of 'models': expected a mapping, got a list");
        assertThat(read(RECIPE + "x: &x {y: *x}\n").warnings()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"x: \"\\x", "x: \"\\x4z\"", "x: \"\\UFFFFFFFF\"", "x: !%zz y"})
    void escapesThatStandForNothingAreRefused(String line) {
        assertThatThrownBy(() -> read(RECIPE + line))
                .isInstanceOf(BadInputException.class)
                .hasMessageStartingWith("not valid yaml: unfinished or impossible escape (r.yml")
                .hasMessageEndingWith("; use single quotes, where a backslash is only itself");
    }

    @Test
    void messagesAreSingleLines() {
        String text = "merge_method: linear\nmodels: [{model: \"a\\nb+c+\"}, \"e\\rf\\u2028g\"]\n";

        assertThatThrownBy(() -> read(text))
                .isInstanceOfSatisfying(
                        BadInputException.class, e -> assertThat(e.problems()).hasSize(2))
                .hasMessageContaining("'a b+c+'")
                .hasMessageContaining("'e f g'");
    }
}
