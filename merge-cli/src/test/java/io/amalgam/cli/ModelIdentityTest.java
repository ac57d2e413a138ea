package io.amalgam.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.cli.console.ExitCode;
import io.amalgam.formats.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whichever way a path leads to a model, it is one model. HERE stands for the recipe's folder. */
class ModelIdentityTest {
    @TempDir Path temp;
    private Path here;

    @BeforeEach
    void models() throws IOException {
        here = temp.toRealPath();
        Models.averageRecipe(here);
        Files.createSymbolicLink(here.resolve("link"), here.resolve("a"));
        Files.createDirectories(here.resolve("cache"));
        Files.createSymbolicLink(
                here.resolve("cache/model.safetensors"), here.resolve("a/model.safetensors"));
        adapter("l");
        Files.createSymbolicLink(here.resolve("m"), here.resolve("l"));
    }

    private void adapter(String name) throws IOException {
        Path directory = Files.createDirectories(here.resolve(name));
        Files.writeString(
                directory.resolve("adapter_config.json"),
                "{\"peft_type\": \"LORA\", \"r\": 1, \"lora_alpha\": 1, \"target_modules\": [\"up\"]}");
        String module = "base_model.model.model.layers.0.up.lora_";
        SafetensorsWriter.write(
                directory.resolve("adapter_model.safetensors"),
                List.of(
                        Models.filled(module + "A.weight", 1, 1, 4),
                        Models.filled(module + "B.weight", 1, 4, 1)),
                Map.of());
    }

    private Cli plan(String recipe, Object... options) throws IOException {
        Path file = Models.recipe(here, recipe.replace("HERE", here.toString()));
        Object[] words = new Object[options.length + 2];
        words[0] = "plan";
        words[1] = file;
        System.arraycopy(options, 0, words, 2, options.length);
        return Cli.run(words);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "./a/",
                "HERE/a",
                "link",
                "HERE/link/",
                "link/../a",
                "a/model.safetensors",
                "HERE/link/model.safetensors",
                "'a@main'",
                "{model: {path: a}}",
                "{model: a, override_architecture: Other}"
            })
    void spellingsOfOneModel(String other) throws IOException {
        assertThat(
                        plan(
                                "merge_method: karcher\nmodels: [{model: a}, {model: %s}]"
                                        .formatted(other)))
                .satisfies(twice -> assertThat(twice.exit()).isEqualTo(ExitCode.BAD_INPUT))
                .satisfies(twice -> assertThat(twice.err()).contains("is listed twice"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'a+HERE/l:0.5'",
                "'link+m:0.50'",
                "{model: a, lora: {path: l, weight: 0.5}}",
                "{model: a, lora: 'l/adapter_model.safetensors:5e-1'}",
                "{model: {path: HERE/a}, lora: [{path: m, weight: 0.5}]}"
            })
    void spellingsOfOneAdapter(String other) throws IOException {
        Cli twice =
                plan(
                        "merge_method: karcher\nmodels: [{model: 'a+l:0.5'}, {model: %s}]"
                                .formatted(other));

        assertThat(twice.err()).contains("is listed twice");
    }

    @ParameterizedTest
    @ValueSource(strings = {"b", "a+l", "a+l:0.5", "cache", "a+l+l"})
    void otherModels(String other) throws IOException {
        Cli two =
                plan(
                        "merge_method: karcher\nmodels: [{model: 'a+m:0.25'}, {model: '%s'}, {model: a}]"
                                .formatted(other));

        assertThat(two.errors()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"HERE/a", "link", "a/model.safetensors", "a"})
    void theBaseAmongTheModels(String base) throws IOException {
        String recipe =
                """
                merge_method: task_arithmetic
                base_model: %s
                models: [{model: a}, {model: b, parameters: {weight: 1}}]
                """;

        Cli plan = plan(recipe.formatted(base), "--json");

        // Without a weight the base is the base; another model would need one.
        assertThat(plan.errors()).isEmpty();
        assertThat(plan.json().get("models")).hasSize(2);
    }

    @Test
    void theBaseOfASlice() throws IOException {
        Cli plan =
                plan(
                        """
                        merge_method: task_arithmetic
                        base_model: HERE/a
                        slices:
                          - sources:
                            - {model: link, layer_range: [0, 2]}
                            - {model: b, layer_range: [0, 2], parameters: {weight: 1}}
                        """,
                        "--json");

        assertThat(plan.errors()).isEmpty();
        assertThat(plan.json().get("models")).hasSize(2);
    }

    @Test
    void aStageIsNoFolderOfItsName() throws IOException {
        Cli plan =
                plan(
                        """
                        name: b
                        merge_method: linear
                        models: [{model: ./b, parameters: {weight: 1}}]
                        ---
                        merge_method: linear
                        models: [{model: b, parameters: {weight: 1}}, {model: ./b, parameters: {weight: 1}}]
                        """,
                        "--json");

        assertThat(plan.errors()).isEmpty();
    }

    @Test
    void soups() {
        Cli soup = Cli.run("soup", here.resolve("a"), here.resolve("link"), here.resolve("out"));

        assertThat(soup.err()).contains("model '" + here.resolve("link") + "' is listed twice");
        assertThat(here.resolve("out")).doesNotExist();
    }
}
