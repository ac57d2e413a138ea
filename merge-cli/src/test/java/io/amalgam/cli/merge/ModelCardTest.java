package io.amalgam.cli.merge;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.cli.Cli;
import io.amalgam.cli.Models;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelCardTest {
    private static final String LLAMA =
            "{\"architectures\": [\"LlamaForCausalLM\"], \"model_type\": \"llama\"}";

    @TempDir Path folder;
    private Path recipe;
    private Path out;

    @BeforeEach
    void models() throws IOException {
        recipe = Models.averageRecipe(folder);
        out = folder.resolve("out");
    }

    private String card(Object... options) throws IOException {
        Object[] words = new Object[options.length + 3];
        words[0] = "merge";
        words[1] = recipe;
        words[2] = out;
        System.arraycopy(options, 0, words, 3, options.length);
        Cli result = Cli.run(words);
        assertThat(result.exit()).as(result.err()).isZero();
        return Files.readString(out.resolve("README.md"));
    }

    /** Nothing is merged: the hub does not list it as a merge, and the recipe makes it again. */
    @Test
    void aConvertedModelIsNoMerge() throws IOException {
        String source = cached("one", "1".repeat(40), licensed("license: mit"));
        Path model = folder.resolve(source);
        assertThat(Cli.run("convert", model, out, "--type", "bf16").exit()).isZero();

        assertThat(out.resolve("README.md"))
                .content()
                .contains("- org/one", "# Copy of org/one", "license: mit", "out_dtype: bfloat16")
                .doesNotContain("- merge", "relation", "## Method", "stacking");
        assertThat(Cli.run("report", out).err()).isEmpty();
    }

    /** A model where the hub's clients keep it. */
    private String cached(String name, String revision, String readme) throws IOException {
        Path place = folder.resolve("models--org--" + name + "/snapshots").resolve(revision);
        Models.tiny(place, name.length());
        Files.writeString(place.resolve("config.json"), LLAMA);
        Files.writeString(place.resolve("README.md"), readme);
        return folder.relativize(place).toString().replace('\\', '/');
    }

    private void recipe(String... models) throws IOException {
        StringBuilder text = new StringBuilder("merge_method: linear\nmodels:\n");
        for (String model : models) {
            text.append("  - {model: ").append(model).append(", parameters: {weight: 1}}\n");
        }
        Files.writeString(recipe, text.append("dtype: float32\n").toString());
    }

    private static String licensed(String... lines) {
        return "---\n" + String.join("\n", lines) + "\n---\n# A model\n";
    }

    @Test
    void namesMethodModelsRecipeAndChecksums() throws IOException {
        assertThat(card())
                .startsWith(
                        "---\nlibrary_name: transformers\ntags:\n- merge\n- amalgam\n---\n# Merge of `a` and `b`\n")
                .contains("`linear`: ")
                .contains("\n- `a`\n- `b`\n")
                .contains("```yaml\nmerge_method: linear\n")
                .contains("amalgam merge amalgam-recipe.yml merged/\n")
                .containsPattern("\\| `model.safetensors` \\| \\d+ \\| `[0-9a-f]{8}` \\|\n")
                .doesNotContain(folder.toString());
    }

    @Test
    void hubModelsAreNamedAndTheirLicenceIsKept() throws IOException {
        recipe(
                cached("one", "abc", licensed("license: apache-2.0", "tags: [x]")),
                cached("two", "def", licensed("language: en", "license: 'apache-2.0'")));

        assertThat(card())
                .startsWith(
                        """
                        ---
                        base_model:
                        - org/one
                        - org/two
                        base_model_relation: merge
                        library_name: transformers
                        tags:
                        - merge
                        - amalgam
                        license: apache-2.0
                        ---
                        """)
                .contains("- [org/one](https://huggingface.co/org/one) at `abc`\n");
    }

    @Test
    void aLicenceIsGivenOnlyWhereAllAgree() throws IOException {
        String one = cached("one", "abc", licensed("license: mit"));
        recipe(one, cached("two", "def", licensed("license: apache-2.0")));
        assertThat(card()).doesNotContain("license:");
        recipe(one, cached("three", "def", "# No front matter\nlicense: mit\n"));
        assertThat(card("--overwrite")).doesNotContain("license:");
        recipe(one, "a");
        assertThat(card("--overwrite")).doesNotContain("license:");
        String[] other = {"license: other", "license_name: llama3", "license_link: LICENSE"};
        recipe(cached("four", "x", licensed(other)), cached("fiver", "y", licensed(other)));
        assertThat(card("--overwrite"))
                .contains("license: other\nlicense_name: llama3\nlicense_link: LICENSE\n");
        recipe(
                cached("seven", "x", licensed(other)),
                cached("eights", "y", licensed("license: other", "license_name: another")));
        assertThat(card("--overwrite")).doesNotContain("license");
    }

    @Test
    void optionsThatMatterAreRepeated() throws IOException {
        assertThat(card("--random-seed", "7", "--tensor-union", "--out-shard-size", "1G"))
                .contains(
                        "The merge had these options: random seed 7, files of 1000000000 bytes, the union of tensors.\n");
    }

    @Test
    void noneIsWrittenIfNoneIsWanted() throws IOException {
        assertThat(Cli.run("merge", recipe, out, "--no-write-model-card").exit()).isZero();
        assertThat(out.resolve("README.md")).doesNotExist();
    }

    @Test
    void whatPeopleWroteIsKeptUnlessTheyAskForAnother() throws IOException {
        card();
        Files.writeString(out.resolve("README.md"), "mine");
        Cli kept = Cli.run("merge", recipe, out, "--overwrite");

        assertThat(kept.exit()).isZero();
        assertThat(kept.out() + kept.err()).contains("README.md");
        assertThat(out.resolve("README.md")).hasContent("mine");
        assertThat(card("--overwrite", "--write-model-card")).contains("# Merge of");
    }

    @Test
    void theCardOfAnEarlierMergeGoesWithIt() throws IOException {
        card();
        Models.recipe(
                folder, "merge_method: linear\nmodels: [{model: b, parameters: {weight: 1}}]\n");
        assertThat(card("--overwrite")).contains("# Merge of `b`\n").doesNotContain("`a`");
        assertThat(Cli.run("merge", recipe, out, "--overwrite", "--no-write-model-card").exit())
                .isZero();
        assertThat(out.resolve("README.md")).doesNotExist();
    }

    @Test
    void theSameMergeHasTheSameCard() throws IOException {
        String first = card("-j", "1");
        out = folder.resolve("another");
        assertThat(card("-j", "2")).isEqualTo(first);
    }

    @Test
    void noTextOfARecipeEndsItsBlock() throws IOException {
        Files.writeString(recipe, Files.readString(recipe) + "# ```\n# <script>\n");
        assertThat(card()).contains("\n````yaml\n").contains("# ```\n# <script>\n````\n");
    }
}
