package io.amalgam.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.internal.io.FileWrites;
import io.amalgam.internal.stages.StagedPlan;
import io.amalgam.plan.MergePlan.Step;
import io.amalgam.plan.MergePlan.Use;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * Stages used like any other model: with adapters, tokenizers and server states. Each must give
 * what its documents give one after the other, by hand.
 */
@Isolated("counts temporary folders")
class StagesAsModelsTest {
    private static final String MEAN =
            """
            name: stage
            merge_method: linear
            models:
              - {model: a, parameters: {weight: 1}}
              - {model: b, parameters: {weight: 3}}
            dtype: float32
            """;

    private static final String UNION =
            """
            name: stage
            merge_method: linear
            models:
              - {model: p, parameters: {weight: 1}}
              - {model: q, parameters: {weight: 1}}
            tokenizer: {source: union}
            dtype: bfloat16
            """;

    @TempDir Path root;
    private StageFiles files;

    @BeforeEach
    void models() throws IOException {
        files = new StageFiles(root).models();
        files.adapter("lora");
        files.vocabulary("p", "x", "one", "two");
        files.vocabulary("q", "x", "two", "three", "four");
    }

    /** Merges both at once and by hand; the same bytes. */
    private Map<String, byte[]> merged(String stage, String result, Use kind) throws IOException {
        try (StagedPlan plan = files.plan(stage + "---\n" + result, false)) {
            assertThat(plan.steps()).extracting(Step::use).containsExactly(kind);
        }
        files.merge(stage + "---\n" + result, root.resolve("out"));
        files.merge(stage, root.resolve("stage"));
        files.merge(result, root.resolve("hand"));

        Map<String, byte[]> out = StageFiles.contents(root.resolve("out"));
        Map<String, byte[]> hand = StageFiles.contents(root.resolve("hand"));
        assertThat(out.keySet()).isEqualTo(hand.keySet());
        hand.remove("amalgam-recipe.yml");
        hand.remove("README.md");
        hand.forEach((name, bytes) -> assertThat(out.get(name)).as(name).isEqualTo(bytes));
        assertThat(root.resolve("out.amalgam-stages")).doesNotExist();
        return out;
    }

    @Test
    void configurationAndTokenizerComeThroughStages() throws IOException {
        String recipes =
                """
                name: stack
                merge_method: passthrough
                slices:
                  - sources: [{model: b, layer_range: [0, 3]}]
                  - sources: [{model: b, layer_range: [1, 2]}]
                ---
                merge_method: passthrough
                models: [{model: stack}]
                dtype: bfloat16
                """;
        try (StagedPlan plan = files.plan(recipes, false)) {
            assertThat(plan.steps()).extracting(Step::use).containsExactly(Use.READ_THROUGH);
        }
        Path out = root.resolve("out");

        files.merge(recipes, out);

        assertThat(Files.readString(out.resolve("config.json")))
                .contains("\"model_type\": \"b\"")
                .contains("\"num_hidden_layers\": 4")
                .contains("bfloat16");
        assertThat(Files.readString(out.resolve("tokenizer.json"))).contains("\"b\"");
        assertThat(Files.readString(out.resolve("amalgam-recipe.yml"))).isEqualTo(recipes);
    }

    @Test
    void anAdapterIsLaidOverAStage() throws IOException {
        String adapted =
                """
                merge_method: linear
                models:
                  - {model: stage+lora, parameters: {weight: 1}}
                  - {model: c, parameters: {weight: 1}}
                dtype: bfloat16
                """;
        byte[] with = merged(MEAN, adapted, Use.WRITTEN).get("model.safetensors");

        files.merge(adapted.replace("+lora", ""), root.resolve("without"));
        assertThat(with)
                .isNotEqualTo(
                        StageFiles.contents(root.resolve("without")).get("model.safetensors"));
    }

    @Test
    void aStageIsUsedWithAndWithoutAnAdapter() throws IOException {
        merged(
                MEAN,
                """
                merge_method: task_arithmetic
                base_model: stage
                models: [{model: stage+lora, parameters: {weight: 0.5}}]
                """,
                Use.WRITTEN);
    }

    @Test
    void anAdapterThatIsMissingOrDoesNotFitIsSaid() {
        String result = "merge_method: passthrough\nmodels: [{model: stage+%s}]\n";
        assertThatThrownBy(() -> files.plan(MEAN + "---\n" + result.formatted("gone"), false))
                .hasMessageStartingWith("adapter 'gone': expected an existing path");
        assertThatThrownBy(
                        () ->
                                files.plan(
                                        "name: stage\nmerge_method: passthrough\nmodels: [{model: p}]\n---\n"
                                                + result.formatted("lora"),
                                        false))
                .hasMessageContaining("layers.1.up");
    }

    @Test
    void aStagesTokenizerIsTakenOver() throws IOException {
        Map<String, byte[]> out =
                merged(
                        UNION,
                        "merge_method: passthrough\nmodels: [{model: stage}]\ndtype: float32\n",
                        Use.WRITTEN);

        assertThat(new String(out.get("tokenizer.json"), "UTF-8")).contains("one", "three");
        assertThat(new String(out.get("config.json"), "UTF-8")).contains("\"vocab_size\": 5");
    }

    @Test
    void aStagesTokenizerIsMergedWithAnother() throws IOException {
        files.vocabulary("r", "x", "four", "five");
        Map<String, byte[]> out =
                merged(
                        UNION,
                        """
                        merge_method: linear
                        models:
                          - {model: stage, parameters: {weight: 1}}
                          - {model: r, parameters: {weight: 1}}
                        tokenizer: {source: union}
                        """,
                        Use.WRITTEN);

        assertThat(new String(out.get("tokenizer.json"), "UTF-8")).contains("one", "five");
        assertThat(new String(out.get("config.json"), "UTF-8")).contains("\"vocab_size\": 6");
    }

    @Test
    void aStagesChatTemplateIsTakenOver() throws IOException {
        Map<String, byte[]> out =
                merged(
                        MEAN + "chat_template: chatml\n",
                        "merge_method: passthrough\nmodels: [{model: stage}]\n",
                        Use.READ_THROUGH);

        assertThat(new String(out.get("chat_template.jinja"), "UTF-8")).contains("im_start");
    }

    @Test
    void planningLeavesNoFolderBehind() throws IOException {
        String result = "---\nmerge_method: passthrough\nmodels: [{model: stage}, {model: gone}]\n";
        List<Path> before = temporary();
        files.plan(UNION + result.replace(", {model: gone}", ""), false).close();
        assertThatThrownBy(() -> files.plan(UNION + result, false)).hasMessageContaining("'gone'");
        assertThat(temporary()).isEqualTo(before);
    }

    private static List<Path> temporary() throws IOException {
        Path folder = Path.of(System.getProperty("java.io.tmpdir"));
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(path -> path.getFileName().toString().startsWith("amalgam-stage"))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void aRoundGoesOnWithWhatTheStageKept() throws IOException {
        for (String method : List.of("fedavgm", "fedadam")) {
            String round =
                    "merge_method: %s\nbase_model: %s\nmodels: [{model: %s, parameters: {examples: 9}}]\n";
            Map<String, byte[]> out =
                    merged(
                            "name: stage\n" + round.formatted(method, "a", "b"),
                            round.formatted(method, "stage", "c"),
                            Use.WRITTEN);
            assertThat(out).containsKey("server-state.safetensors");
            for (String folder : List.of("out", "stage", "hand")) {
                FileWrites.deleteTree(root.resolve(folder));
            }
        }
    }

    @Test
    void aStageWithoutStateBeginsWithNone() throws IOException {
        String round =
                "merge_method: fedavgm\nbase_model: a\nmodels: [{model: b, parameters: {examples: 9}}]\n";
        files.merge(round, root.resolve("a2"));
        Files.copy(
                root.resolve("a2/server-state.safetensors"),
                root.resolve("a/server-state.safetensors"));

        // The state beside the stage's own donor is not the stage's.
        merged(MEAN, round.replace("base_model: a", "base_model: stage"), Use.WRITTEN);
    }
}
