package io.amalgam.internal.recipe.yaml;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.internal.recipe.RecipeWriter;
import io.amalgam.recipe.Location;
import io.amalgam.recipe.ModelEntry;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.ParameterValue;
import io.amalgam.recipe.ParameterValue.Scalar;
import io.amalgam.recipe.Parameters;
import io.amalgam.recipe.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is written is read as the same recipe. */
class RecipeWriterTest {
    static List<Path> golden() {
        return Recipes.golden();
    }

    @ParameterizedTest
    @MethodSource("golden")
    void goldenRecipes(Path file) throws IOException {
        Recipe recipe = RecipeReader.read(Files.readString(file), "r.yml");
        Recipe again = RecipeReader.read(RecipeWriter.write(recipe), "w.yml");

        assertThat(again.saysTheSameAs(recipe)).as(RecipeWriter.write(recipe)).isTrue();
        assertThat(again.warnings()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "models: [{model: m, align: {to: n}}, {model: n}]",
                "models: [{model: m, align: {method: ot, to: n+a, metric: log, solver: sinkhorn}}]",
                "models: [{model: {model: m, align: {to: n, permutations: 'x: y'}}}]",
                "models: [{model: m}, {model: n}]\nalign: {method: weight_matching}",
                "models: [{model: m}]\nbase_model: b\nalign: {to: n}",
                "models: [{model: m, statistics: s}, {model: n, statistics: t}]\nalign: {to: m}",
                "slices: [{sources: [{model: m, layer_range: [0, 2], align: {to: n}}]}]"
            })
    void alignments(String text) {
        Recipe recipe = RecipeReader.read("merge_method: linear\n" + text + "\n", "r.yml");

        Recipe again = RecipeReader.read(RecipeWriter.write(recipe), "w.yml");

        assertThat(again.saysTheSameAs(recipe)).as(RecipeWriter.write(recipe)).isTrue();
        assertThat(recipe.references()).anySatisfy(ref -> assertThat(ref.alignment()).isPresent());
    }

    /** The base, or the first model, stays as it is; what says otherwise keeps its own. */
    @Test
    void anAlignmentOfAllIsToTheBaseOrTheFirst() {
        Recipe recipe =
                RecipeReader.read(
                        "merge_method: linear\nmodels: [{model: a}, {model: b}, {model: c, align: {method: ot, to: b}}]\nalign: {}\n",
                        "r.yml");

        List<ModelRef> models = recipe.models().stream().map(ModelEntry::model).toList();
        assertThat(models.get(0).alignment()).isEmpty();
        assertThat(models.get(1).alignment().orElseThrow().to()).isEqualTo(models.get(0));
        assertThat(models.get(2).alignment().orElseThrow().method()).isEqualTo("ot");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "m+a",
                "m+a:0.5",
                "m+a:0.5+b:-1",
                "{model: m, lora: {path: 'a:0.5'}}",
                "{model: m, lora: {path: a+b, weight: 0.25}}",
                "{model: m, lora: [{path: a, weight: 1e-7}, 'b:2']}"
            })
    void adaptersWithTheirWeights(String model) {
        Recipe recipe =
                RecipeReader.read(
                        "merge_method: passthrough\nmodels: [{model: " + model + "}]\n", "r.yml");

        Recipe again = RecipeReader.read(RecipeWriter.write(recipe), "w.yml");

        assertThat(again.models().get(0).model().adapters())
                .zipSatisfy(
                        recipe.models().get(0).model().adapters(),
                        (a, b) -> {
                            assertThat(a.path()).isEqualTo(b.path());
                            assertThat(a.weight()).isEqualTo(b.weight());
                        });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "plain",
                "it's",
                "a: b",
                "#x",
                "- x",
                "{a}",
                "[a]",
                "~",
                "null",
                "yes",
                "1e3",
                "3",
                " blank ",
                "tab\there",
                "line\nend",
                "quote\"d",
                "back\\slash",
                "ünï",
                "\u2028",
                "*",
                "&a",
                "!t",
                "%",
                "@at",
                "a+b",
                "a@b"
            })
    void awkwardNames(String text) {
        Map<String, ParameterValue> values = new LinkedHashMap<>();
        values.put("word", new Scalar(text, Location.NONE));
        values.put(text, ParameterValue.of(1e-7));
        values.put("large", ParameterValue.of(1.5e300));
        Recipe recipe =
                Recipe.ofModels(
                        "linear",
                        List.of(ModelEntry.of(ModelRef.of(text), Parameters.of(values))),
                        Optional.of(ModelRef.of("x" + text)),
                        Parameters.EMPTY);

        Recipe again = RecipeReader.read(RecipeWriter.write(recipe), "w.yml");

        assertThat(again.saysTheSameAs(recipe)).as(RecipeWriter.write(recipe)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "tokenizer: {}\n",
                "tokenizer: {source: base, pad_to_multiple_of: 8}\nchat_template: auto\n",
                "tokenizer: {source: b}\nchat_template: chatml\n",
                "tokenizer: {source: {model: {path: union}}}\n",
                "chat_template: \"{% for m in messages %}\\n{{ m['x'] }}{% endfor %}\"\n",
                """
                tokenizer:
                  tokens:
                    "<|im_start|>": {source: b, force: true}
                    "it's": {source: {kind: zero}}
                    x: {source: {kind: model_token, model: a, token: y}}
                    z: {source: {kind: model_token, model: a, token_id: 3}}
                """
            })
    void tokenizers(String section) {
        String text = "merge_method: linear\nmodels: [{model: a}, {model: b}]\n";
        Recipe recipe = RecipeReader.read(text + section, "r.yml");
        Recipe again = RecipeReader.read(RecipeWriter.write(recipe), "w.yml");

        assertThat(again.saysTheSameAs(recipe)).as(RecipeWriter.write(recipe)).isTrue();
        assertThat(again.saysTheSameAs(RecipeReader.read(text, "r.yml"))).isFalse();
    }

    @Test
    void modules() {
        String text =
                """
                merge_method: ties
                base_model: b
                modules:
                  encoder:
                    models: [{model: a, parameters: {weight: [0, 1]}}, {model: b}]
                    parameters: {density: 0.5}
                  "model.decoder":
                    slices:
                      - sources:
                          - {model: a, layer_range: [0, 2], parameters: {weight: 1}}
                          - {model: b, layer_range: [2, 4]}
                        base_model: b
                        parameters: {weight: 0.5}
                      - sources: [{model: b, layer_range: [1, 2]}]
                """;
        Recipe recipe = RecipeReader.read(text, "r.yml");
        Recipe again = RecipeReader.read(RecipeWriter.write(recipe), "w.yml");

        assertThat(again.saysTheSameAs(recipe)).as(RecipeWriter.write(recipe)).isTrue();
        assertThat(again.warnings()).isEmpty();
        assertThat(recipe.modules().get(1).location()).hasToString("r.yml:7:3");
        assertThat(recipe.references()).hasSize(7);
        for (String other : List.of("[2, 4]", "density: 0.5", "model.decoder", "[0, 1]")) {
            String changed = text.replace(other, other.replaceFirst("[02.]", "1"));
            assertThat(recipe.saysTheSameAs(RecipeReader.read(changed, "r"))).as(other).isFalse();
        }
    }

    @Test
    void differencesAreSeen() {
        String text = "merge_method: linear\nmodels: [{model: a, parameters: {weight: 1}}]\n";
        Recipe recipe = RecipeReader.read(text, "r.yml");

        assertThat(recipe.saysTheSameAs(RecipeReader.read("# x\n" + text, "s.yml"))).isTrue();
        assertThat(recipe.saysTheSameAs(RecipeReader.read(text.replace("1", "1.0"), "r"))).isTrue();
        for (String other : List.of("weight: 2", "weight: [1]", "density: 1", "weight: true")) {
            Recipe changed = RecipeReader.read(text.replace("weight: 1", other), "r.yml");
            assertThat(recipe.saysTheSameAs(changed)).as(other).isFalse();
        }
        assertThat(recipe.saysTheSameAs(RecipeReader.read(text + "dtype: float16\n", "r")))
                .isFalse();
    }
}
