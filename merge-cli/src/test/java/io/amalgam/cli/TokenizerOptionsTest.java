package io.amalgam.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.ModelLoader;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.cli.console.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** mergekit's options for tokenizers: what they do to the files and to the rows. */
class TokenizerOptionsTest {
    private static final String RECIPE =
            """
            merge_method: linear
            models:
              - {model: a, parameters: {weight: 1}}
              - {model: b, parameters: {weight: 1}}
            """;

    @TempDir Path folder;
    private Path out;

    @BeforeEach
    void models() throws IOException {
        model("a", 6, 1);
        model("b", 4, 3);
        out = folder.resolve("out");
    }

    private void model(String name, int rows, float value) throws IOException {
        Path directory = folder.resolve(name);
        Models.write(
                directory,
                List.of(
                        Models.filled("lm_head.weight", value, rows, 2),
                        Models.filled("model.embed_tokens.weight", value, rows, 2),
                        Models.filled("model.layers.0.up.weight", value, 2, 2)),
                "{\"vocab_size\": " + rows + "}");
        StringBuilder words = new StringBuilder();
        for (int i = 0; i < rows; i++) {
            words.append(i == 0 ? "" : ", ").append("\"t").append(i).append("\": ").append(i);
        }
        Files.writeString(
                directory.resolve("tokenizer.json"),
                "{\"version\": \"1.0\", \"added_tokens\": [], \"model\": {\"type\": \"WordLevel\", \"vocab\": {%s}, \"unk_token\": \"t0\"}}"
                        .formatted(words));
        Files.writeString(directory.resolve("tokenizer_config.json"), "{}");
        Files.writeString(directory.resolve("generation_config.json"), "{}");
        Files.writeString(directory.resolve("preprocessor_config.json"), "{}");
    }

    private List<String> copied() {
        return List.of(
                        "tokenizer.json",
                        "tokenizer_config.json",
                        "generation_config.json",
                        "preprocessor_config.json")
                .stream()
                .filter(name -> Files.exists(out.resolve(name)))
                .toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"merge", "batch"})
    void withoutTheTokenizer(String command) throws IOException {
        Path recipe = Models.recipe(folder, RECIPE.replace("model: b", "model: ./a2"));
        model("a2", 6, 3);
        Path where = command.equals("batch") ? folder.resolve("all") : out;

        Cli done = Cli.run(command, recipe, where, "--no-copy-tokenizer");

        assertThat(done.exit()).as(done.err()).isZero();
        assertThat(done.errors()).isEmpty();
        out = command.equals("batch") ? where.resolve("recipe") : out;
        assertThat(copied()).containsExactly("preprocessor_config.json");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--copy-tokenizer", "--quiet"})
    void withIt(String option) throws IOException {
        model("b", 6, 3);

        assertThat(Cli.run("merge", Models.recipe(folder, RECIPE), out, option).exit()).isZero();

        assertThat(copied()).hasSize(4);
    }

    @Test
    void aTokenizerSectionWritesItsOwn() throws IOException {
        Path recipe = Models.recipe(folder, RECIPE + "tokenizer: {source: union}\n");

        Cli done =
                Cli.run(
                        "merge",
                        recipe,
                        out,
                        "--no-copy-tokenizer",
                        "--unsafe-truncate-embeddings");

        assertThat(done.exit()).as(done.err()).isZero();
        assertThat(done.err()).doesNotContain("are cut");
        assertThat(copied()).contains("tokenizer.json");
        assertThat(rows()).isEqualTo(6);
    }

    @Test
    void aTemplateNeedsATokenizer() throws IOException {
        Path recipe =
                Models.recipe(
                        folder,
                        "merge_method: passthrough\nmodels: [{model: a}]\nchat_template: chatml\n");

        Cli done = Cli.run("merge", recipe, out, "--no-copy-tokenizer");

        assertThat(done.err()).contains("'chat_template' has no effect without a tokenizer");
        assertThat(done.exit()).isZero();
        assertThat(out.resolve("chat_template.jinja")).doesNotExist();
    }

    @Test
    void embeddingsAndHeadsAreCut() throws IOException {
        Path recipe = Models.recipe(folder, RECIPE);
        assertThat(Cli.run("merge", recipe, out).exit()).isEqualTo(ExitCode.BAD_INPUT);

        Cli done = Cli.run("merge", recipe, out, "--unsafe-truncate-embeddings");

        assertThat(done.exit()).as(done.err()).isZero();
        assertThat(done.err()).contains("warning: embeddings are cut from up to 6 rows to 4");
        assertThat(rows()).isEqualTo(4);
        assertThat(
                        new ObjectMapper()
                                .readTree(out.resolve("config.json").toFile())
                                .get("vocab_size")
                                .asInt())
                .isEqualTo(4);
    }

    @Test
    void otherShapesStayErrors() throws IOException {
        Models.write(
                folder.resolve("b"),
                List.of(
                        Models.filled("lm_head.weight", 3, 4, 3),
                        Models.filled("model.embed_tokens.weight", 3, 4, 3),
                        Models.filled("model.layers.0.up.weight", 3, 3, 3)),
                "{\"vocab_size\": 4}");

        Cli refused =
                Cli.run(
                        "merge",
                        Models.recipe(folder, RECIPE),
                        out,
                        "--unsafe-truncate-embeddings");

        assertThat(refused.exit()).isEqualTo(ExitCode.BAD_INPUT);
    }

    @Test
    void batchesKeepTheWarningsOfTheirMerges() throws IOException {
        Path all = folder.resolve("all");

        Cli done =
                Cli.run(
                        "batch",
                        Models.recipe(folder, RECIPE),
                        all,
                        "--quiet",
                        "--unsafe-truncate-embeddings");

        assertThat(done.err()).contains("warning: embeddings are cut");
        assertThat(
                        new ObjectMapper()
                                .readTree(all.resolve("batch.json").toFile())
                                .at("/merges/0/warnings")
                                .toString())
                .contains("embeddings are cut from up to 6 rows to 4");
    }

    private long rows() throws IOException {
        try (Checkpoint model = ModelLoader.load().open(out, "out")) {
            long head = model.tensors().get("lm_head.weight").info().shape().dim(0);
            long rows = model.tensors().get("model.embed_tokens.weight").info().shape().dim(0);
            assertThat(head).isEqualTo(rows);
            return rows;
        }
    }
}
