package io.amalgam.internal.stages;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeCancelledException;
import io.amalgam.engine.MergeListener;
import io.amalgam.engine.MergeReport;
import io.amalgam.error.BadInputException;
import io.amalgam.internal.engine.MemoryNeeds;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.plainformat.PlainModel;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.MergePlan.Step;
import io.amalgam.plan.MergePlan.Use;
import io.amalgam.plan.TensorTask;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Merges of several documents. */
class StagedMergeTest {
    private static final String STAGE =
            """
            name: mean
            merge_method: linear
            models:
              - {model: a, parameters: {weight: [0.3, 0.9]}}
              - {model: b, parameters: {weight: 0.7}}
            dtype: TYPE
            ---
            """;

    private static final String LINEAR =
            """
            merge_method: linear
            models:
              - {model: mean, parameters: {weight: 0.4}}
              - {model: c, parameters: {weight: 0.7}}
            dtype: float32
            """;

    @TempDir Path root;
    private StageFiles files;
    private Path out;

    @BeforeEach
    void models() throws IOException {
        files = new StageFiles(root).models();
        out = root.resolve("out");
    }

    private static String bf16(String recipes) {
        return recipes.replace("TYPE", "bfloat16");
    }

    private List<Use> kinds(String recipes) throws IOException {
        try (StagedPlan plan = files.plan(recipes, false)) {
            return plan.steps().stream().map(Step::use).toList();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"float32", "bfloat16", "float16", "float64"})
    void readThroughAndWrittenGiveTheSameBytes(String type) throws IOException {
        String recipes = (STAGE + LINEAR).replace("TYPE", type);
        Path kept = root.resolve("kept");
        assertThat(kinds(recipes)).containsExactly(Use.READ_THROUGH);

        files.merge(recipes, out);
        files.keep(recipes, root.resolve("out2"), kept);

        assertThat(kept.resolve("mean/model.plain")).isRegularFile();
        assertSame(StageFiles.contents(out), StageFiles.contents(root.resolve("out2")));
        // By hand: the stage alone, then the result from its folder.
        files.merge(recipes.substring(0, recipes.indexOf("---")), root.resolve("mean"));
        files.merge(LINEAR, root.resolve("out3"));
        Map<String, byte[]> byHand = StageFiles.contents(root.resolve("out3"));
        assertThat(StageFiles.contents(out).get("model.plain"))
                .isEqualTo(byHand.get("model.plain"));
        assertThat(out.resolveSibling("out.amalgam-stages")).doesNotExist();
    }

    @Test
    void stagesOfStagesAreReadThrough() throws IOException {
        String recipes =
                """
                merge_method: dare_linear
                base_model: copy
                models: [{model: c, parameters: {weight: 0.5, density: 0.5}}]
                parameters: {rescale: density}
                dtype: bfloat16
                ---
                name: copy
                merge_method: passthrough
                models: [{model: half, parameters: {scale: 0.5}}]
                dtype: float16
                ---
                name: half
                merge_method: task_arithmetic
                base_model: a
                models: [{model: b, parameters: {weight: 0.5}}]
                dtype: bfloat16
                """;
        assertThat(kinds(recipes)).containsExactly(Use.READ_THROUGH, Use.READ_THROUGH);

        files.merge(recipes, out);
        files.keep(recipes, root.resolve("out2"), root.resolve("kept"));

        assertSame(StageFiles.contents(out), StageFiles.contents(root.resolve("out2")));
    }

    @Test
    void whatNeedsSeveralPassesIsWritten() throws IOException {
        String ties =
                """
                merge_method: ties
                base_model: c
                models: [{model: mean, parameters: {weight: 1, density: 0.5}}]
                """;
        assertThat(kinds(bf16(STAGE) + ties)).containsExactly(Use.WRITTEN);
        String second = ties.replace("c\n", "a\n").replace("mean", "b") + "name: two\n---\n";
        assertThat(kinds(second + LINEAR.replace("mean", "two"))).containsExactly(Use.WRITTEN);
    }

    @Test
    void whatLooksAtWholeModelsOrKeepsAStateIsWritten() throws IOException {
        String soup =
                "name: mean\nmerge_method: fedavgm\nbase_model: a\nmodels: [{model: b, parameters: {examples: 9}}]\n---\n";
        assertThat(kinds(soup + LINEAR)).containsExactly(Use.WRITTEN);
        String whole =
                """
                merge_method: ties
                base_model: c
                models: [{model: mean, parameters: {weight: 1, density: 0.5}}]
                parameters: {trim_scope: model}
                """;
        assertThat(kinds(bf16(STAGE) + whole)).containsExactly(Use.WRITTEN);
        files.merge(soup + LINEAR, out);
        assertThat(out.resolve("model.plain")).isRegularFile();
    }

    @Test
    void whatIsUsedTwiceIsWritten() throws IOException {
        String twice =
                """
                merge_method: passthrough
                slices:
                  - sources: [{model: mean, layer_range: [0, 3]}]
                  - sources: [{model: mean, layer_range: [1, 3]}]
                """;
        assertThat(kinds(bf16(STAGE) + twice)).containsExactly(Use.WRITTEN);
        String other = LINEAR.replace("0.4", "0.1") + "name: other\n---\n";
        assertThat(kinds(bf16(STAGE) + other + LINEAR.replace("model: c", "model: other")))
                .containsExactly(Use.WRITTEN, Use.READ_THROUGH);
    }

    @Test
    void integersOfSeveralModelsAreComparedAndSoWritten() throws IOException {
        files.modelsWithIntegers();
        assertThat(kinds(bf16(STAGE) + LINEAR)).containsExactly(Use.WRITTEN);
        String one = "name: mean\nmerge_method: passthrough\nmodels: [{model: a}]\n---\n";
        assertThat(kinds(one + LINEAR)).containsExactly(Use.READ_THROUGH);

        files.merge(one + LINEAR, out);
        files.merge(LINEAR.replace("mean", "a"), root.resolve("out2"));
        assertThat(StageFiles.contents(out).get("model.plain"))
                .isEqualTo(StageFiles.contents(root.resolve("out2")).get("model.plain"));
        files.merge(bf16(STAGE) + LINEAR, root.resolve("out3"));
        assertThat(root.resolve("out3.amalgam-stages")).doesNotExist();
    }

    @Test
    void whatNothingUsesIsNotMergedUnlessKept() throws IOException {
        String recipes = bf16(STAGE) + LINEAR.replace("mean", "b");
        assertThat(kinds(recipes)).containsExactly(Use.UNUSED);
        try (StagedPlan plan = files.plan(recipes, false)) {
            assertThat(plan.warnings())
                    .singleElement()
                    .hasToString(
                            "document 'mean' is used by no other (r.yml:1:1); it is not merged unless stages are kept");
        }

        assertThat(files.merge(recipes, out).stages()).isEmpty();
        files.keep(recipes, root.resolve("out2"), root.resolve("kept"));
        assertThat(root.resolve("kept/mean/model.plain")).isRegularFile();
    }

    @Test
    void oneBufferForEachStageIsCounted() throws IOException {
        try (StagedPlan through = files.plan(bf16(STAGE) + LINEAR, false);
                StagedPlan alone = files.plan(LINEAR.replace("mean", "a"), false)) {
            MergePlan one = alone.result().orElseThrow();
            long more =
                    MemoryNeeds.of(through.result().orElseThrow(), 2).total(64L << 20)
                            - MemoryNeeds.of(one, 2).total(64L << 20);
            int block = MemoryNeeds.of(one, 2).blockElements(64L << 20);
            assertThat(more).isEqualTo(2L * (2 * 2 + 1) * block * Float.BYTES);
        }
    }

    /** Row-wise stages and probes read from anywhere; masks are drawn by groups of elements. */
    @Test
    void tensorsCanBeReadFromAnyElement() throws IOException {
        String recipes =
                """
                name: drop
                merge_method: dare_linear
                base_model: a
                models: [{model: b, parameters: {weight: 1, density: 0.5}}]
                parameters: {rescale: density}
                dtype: bfloat16
                ---
                merge_method: passthrough
                models: [{model: drop}]
                """;
        files.keep(recipes, out, root.resolve("kept"));
        try (StagedPlan plan = files.plan(recipes, false);
                Checkpoint kept = PlainModel.open(root.resolve("kept/drop"), "kept")) {
            Workspace workspace = new Workspace(ScalarKernels.INSTANCE, 1024);
            for (TensorTask task : plan.result().orElseThrow().tasks()) {
                TensorSource stored = kept.tensors().get(task.output().name());
                for (int from : new int[] {0, 1, 3, 1019, 4093}) {
                    int n = (int) Math.min(1024, task.output().elements() - from);
                    if (n <= 0) {
                        continue;
                    }
                    float[] expected = new float[1030];
                    float[] got = new float[1030];
                    stored.read(from, n, expected, 5, workspace);
                    task.sources().get(0).read(from, n, got, 5, workspace);
                    assertThat(got).isEqualTo(expected);
                }
            }
        }
    }

    @Test
    void finishedStagesAreNotMergedAgain() throws IOException {
        Path kept = root.resolve("kept");
        files.keep(bf16(STAGE) + LINEAR, out, kept);

        MergeReport.OfRecipe again = files.keep(bf16(STAGE) + LINEAR, root.resolve("out2"), kept);
        assertThat(again.stages()).singleElement().matches(stage -> stage.report().isEmpty());
        assertSame(StageFiles.contents(out), StageFiles.contents(root.resolve("out2")));

        // Another recipe, a damaged file, a changed input: not the same stage any more.
        assertRefused(STAGE.replace("TYPE", "float16"), kept);
        Path weights = kept.resolve("mean/model.plain");
        byte[] bytes = Files.readAllBytes(weights);
        bytes[bytes.length - 1] ^= 1;
        Files.write(weights, bytes);
        assertRefused(bf16(STAGE), kept);
        bytes[bytes.length - 1] ^= 1;
        Files.write(weights, bytes);
        Files.setLastModifiedTime(
                root.resolve("a/model.plain"), java.nio.file.attribute.FileTime.fromMillis(5000));
        assertRefused(bf16(STAGE), kept);
    }

    private void assertRefused(String stage, Path kept) {
        assertThatThrownBy(() -> files.keep(stage + LINEAR, root.resolve("out3"), kept))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("expected an empty or new directory")
                .hasMessageContaining("give EngineOptions.overwrite(true)");
    }

    @Test
    void anInterruptedMergeKeepsItsFinishedStages() throws IOException {
        String recipes =
                bf16(STAGE)
                        + """
                        merge_method: ties
                        base_model: c
                        models: [{model: mean, parameters: {weight: 1, density: 0.5}}]
                        """;
        List<String> heard = new ArrayList<>();
        Cancellation cancellation = new Cancellation();
        MergeListener stopping =
                new MergeListener() {
                    @Override
                    public void stage(Stage stage) {
                        heard.add("stage " + stage.name());
                        assertThat(stage.number()).isEqualTo(stage.of());
                    }

                    @Override
                    public void stageSkipped(Stage stage) {
                        heard.add("skipped " + stage.name());
                    }

                    @Override
                    public void result(Path directory) {
                        if (heard.equals(List.of("stage mean"))) {
                            cancellation.cancel();
                        }
                        heard.add("result");
                    }
                };
        StagePlaces places = StagePlaces.beside(out);
        try (StagedPlan plan = files.plan(recipes, false)) {
            assertThatThrownBy(
                            () ->
                                    StagedMerge.run(
                                            plan,
                                            places,
                                            StageFiles.OPTIONS,
                                            stopping,
                                            cancellation))
                    .isInstanceOf(MergeCancelledException.class);
        }
        assertThat(places.of("mean").resolve("model.plain")).isRegularFile();

        files.run(recipes, places, StageFiles.OPTIONS.resume(true), stopping);

        assertThat(heard).containsExactly("stage mean", "result", "skipped mean", "result");
        assertThat(places.stages()).doesNotExist();
        files.keep(recipes, root.resolve("out2"), root.resolve("kept"));
        assertSame(StageFiles.contents(out), StageFiles.contents(root.resolve("out2")));
    }

    @Test
    void withNamesAloneAllAreKept() throws IOException {
        MergeReport.OfRecipe report =
                files.run(
                        bf16(STAGE) + LINEAR + "name: last\n",
                        StagePlaces.keeping(out, out),
                        StageFiles.OPTIONS,
                        MergeListener.NONE);

        assertThat(report.result()).isEmpty();
        assertThat(out.resolve("mean/model.plain")).isRegularFile();
        assertThat(out.resolve("last/model.plain")).isRegularFile();
    }

    @Test
    void circlesAreShownWhole() {
        String recipe = "merge_method: passthrough\nmodels: [{model: %s}]\nname: %s\n---\n";
        String circle =
                recipe.formatted("y", "x")
                        + recipe.formatted("z", "y")
                        + recipe.formatted("y", "z");
        assertThatThrownBy(() -> files.plan(circle, false))
                .hasMessage(
                        "documents refer to each other in a cycle: y -> z -> y (r.yml:10:18); a model on disk of the same name is written './y'");
        assertThatThrownBy(() -> files.plan(recipe.formatted("a", "a") + LINEAR, false))
                .hasMessageStartingWith(
                        "documents refer to each other in a cycle: a -> a (r.yml:2:18)");
    }

    @Test
    void outputIsLookedAtBeforeStagesAreWritten() throws IOException {
        Files.createDirectories(out);
        Files.writeString(out.resolve("mine.txt"), "mine");
        String ties =
                """
                merge_method: ties
                base_model: c
                models: [{model: mean, parameters: {weight: 1, density: 0.5}}]
                """;

        assertThatThrownBy(() -> files.merge(bf16(STAGE) + ties, out))
                .isInstanceOf(BadInputException.class);
        assertThat(out.resolveSibling("out.amalgam-stages")).doesNotExist();
    }

    private static void assertSame(Map<String, byte[]> a, Map<String, byte[]> b) {
        assertThat(a.keySet()).isEqualTo(b.keySet());
        a.forEach((name, bytes) -> assertThat(bytes).as(name).isEqualTo(b.get(name)));
    }
}
