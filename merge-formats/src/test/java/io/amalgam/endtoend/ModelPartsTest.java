package io.amalgam.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.ModelLoader;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.ModuleFolders;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeListener;
import io.amalgam.engine.MergeReport;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsWriter;
import io.amalgam.internal.engine.MergeEngine;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models in parts, as sentence-transformers saves them. */
class ModelPartsTest {
    private static final String LINEAR =
            """
            merge_method: linear
            models:
              - {model: one, parameters: {weight: 0.25}}
              - {model: two, parameters: {weight: 0.75}}
            """;

    @TempDir Path root;
    private Path out;

    @BeforeEach
    void models() throws IOException {
        out = root.resolve("out");
        model("one", "", 1, true);
        model("two", "", 2, true);
    }

    /** A transformer of one tensor, pooling and, if asked for, a dense layer of two. */
    private Path model(String name, String home, float value, boolean dense) throws IOException {
        Path model = root.resolve(name);
        Path proper = model.resolve(home);
        weights(proper.resolve("model.safetensors"), "embeddings.weight", value);
        Files.writeString(proper.resolve("config.json"), "{\"model_type\": \"bert\"}");
        Files.writeString(proper.resolve("tokenizer.json"), "{}");
        Files.writeString(proper.resolve("sentence_bert_config.json"), "{\"n\": 5}");
        Files.createDirectories(model.resolve("1_Pooling"));
        Files.writeString(model.resolve("1_Pooling/config.json"), "{\"mode\": \"mean\"}");
        String modules = entry(home, "Transformer") + "," + entry("1_Pooling", "Pooling");
        if (dense) {
            weights(
                    model.resolve("2_Dense/model.safetensors"),
                    "linear.bias",
                    10 * value,
                    "linear.weight",
                    100 * value);
            Files.writeString(model.resolve("2_Dense/config.json"), "{\"in_features\": 2}");
            modules += "," + entry("2_Dense", "Dense");
        }
        Files.writeString(model.resolve("modules.json"), "[" + modules + "]");
        Files.writeString(model.resolve("config_sentence_transformers.json"), "{\"v\": 1}");
        return model;
    }

    private static String entry(String path, String type) {
        return """
        {"idx": 0, "name": "x", "path": "%s", "type": "sentence_transformers.models.%s"}"""
                .formatted(path, type);
    }

    private static void weights(Path file, Object... namesAndValues) throws IOException {
        Files.createDirectories(file.getParent());
        List<NamedTensor> tensors = new ArrayList<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            float value = ((Number) namesAndValues[i + 1]).floatValue();
            tensors.add(
                    NamedTensor.ofFloats(
                            (String) namesAndValues[i], Shape.of(2), value, value + 1));
        }
        SafetensorsWriter.write(file, tensors, Map.of("format", "pt"));
    }

    private static float first(Path file, String tensor) throws IOException {
        try (Checkpoint weights = ModelLoader.load().open(file, "x")) {
            float[] value = new float[2];
            weights.tensors()
                    .get(tensor)
                    .read(0, 2, value, 0, new Workspace(ScalarKernels.INSTANCE, 1024));
            return value[0];
        }
    }

    private List<Problem> problems(String recipe) {
        try (MergePlan plan = Merges.plan(Merges.recipe(recipe), root, PlanOptions.DEFAULT)) {
            throw new AssertionError("planned " + plan.tasks());
        } catch (BadInputException e) {
            return e.problems();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void modulesAreMergedAsTheRestIs() throws IOException {
        try (MergePlan plan = Merges.plan(Merges.recipe(LINEAR), root, PlanOptions.DEFAULT)) {
            assertThat(plan.parameters()).isEqualTo(6);
            assertThat(plan.outputBytes()).isEqualTo(24);
            assertThat(plan.warnings()).isEmpty();
        }
        Merges.run(LINEAR, root, out, Options.DEFAULT);
        assertThat(first(out.resolve("model.safetensors"), "embeddings.weight")).isEqualTo(1.75f);
        Path dense = out.resolve("2_Dense/model.safetensors");
        assertThat(first(dense, "linear.bias")).isEqualTo(17.5f);
        assertThat(first(dense, "linear.weight")).isEqualTo(175f);
        for (String copied :
                List.of(
                        "modules.json",
                        "1_Pooling/config.json",
                        "2_Dense/config.json",
                        "config_sentence_transformers.json",
                        "sentence_bert_config.json",
                        "tokenizer.json")) {
            assertThat(out.resolve(copied)).hasSameBinaryContentAs(root.resolve("one/" + copied));
        }
    }

    @Test
    void filtersKnowTensorsByTheirFolder() throws IOException {
        String recipe =
                """
                merge_method: linear
                parameters: {normalize: false}
                models:
                  - {model: one, parameters: {weight: [{filter: 2_Dense.linear.weight, value: 2}, {value: 1}]}}
                  - {model: two, parameters: {weight: 0}}
                """;
        Merges.run(recipe, root, out, Options.DEFAULT);
        Path dense = out.resolve("2_Dense/model.safetensors");
        assertThat(first(dense, "linear.weight")).isEqualTo(200f);
        assertThat(first(dense, "linear.bias")).isEqualTo(10f);
        assertThat(first(out.resolve("model.safetensors"), "embeddings.weight")).isEqualTo(1f);
    }

    @Test
    void oneTypeAndCopiesGoToTheFoldersToo() throws IOException {
        Merges.run(
                """
                merge_method: passthrough
                models: [{model: two}]
                """,
                root,
                out,
                Options.DEFAULT);
        assertThat(out.resolve("2_Dense/model.safetensors"))
                .hasSameBinaryContentAs(root.resolve("two/2_Dense/model.safetensors"));
    }

    @Test
    void theTransformerMayLieInAFolder() throws IOException {
        model("one", "0_Transformer", 1, true);
        Files.delete(root.resolve("one/model.safetensors"));
        Files.delete(root.resolve("one/config.json"));
        Files.delete(root.resolve("one/tokenizer.json"));
        Files.delete(root.resolve("one/sentence_bert_config.json"));
        Merges.run(LINEAR, root, out, Options.DEFAULT);
        assertThat(first(out.resolve("0_Transformer/model.safetensors"), "embeddings.weight"))
                .isEqualTo(1.75f);
        assertThat(first(out.resolve("2_Dense/model.safetensors"), "linear.bias")).isEqualTo(17.5f);
        assertThat(out.resolve("0_Transformer")).isDirectoryContaining("glob:**/config.json");
        assertThat(out.resolve("0_Transformer")).isDirectoryContaining("glob:**/tokenizer.json");
        assertThat(out.resolve("0_Transformer"))
                .isDirectoryContaining("glob:**/sentence_bert_config.json");
        assertThat(out.resolve("model.safetensors")).doesNotExist();
        assertThat(out.resolve("config.json")).doesNotExist();
        assertThat(out.resolve("tokenizer.json")).doesNotExist();
        try (Checkpoint merged = ModelLoader.load().open(out, "merged")) {
            assertThat(merged.mainFolder()).isEqualTo(out.resolve("0_Transformer"));
            assertThat(merged.config()).isPresent();
        }
        // Read again, whole: with another layout of the same modules, which the output then has.
        Merges.run(
                LINEAR.replace("one", "two2").replace("two,", "out,").replace("two2", "two"),
                root,
                root.resolve("again"),
                Options.DEFAULT);
        assertThat(first(root.resolve("again/model.safetensors"), "embeddings.weight"))
                .isEqualTo(2 * 0.25f + 1.75f * 0.75f);
        assertThatThrownBy(
                        () ->
                                Merges.run(
                                        LINEAR,
                                        root,
                                        root.resolve("one"),
                                        Options.DEFAULT.overwriting()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("is a part of the input model");
    }

    @Test
    void shardsOfTheTransformerLieInItsFolder() throws IOException {
        weights(
                model("one", "0_Transformer", 1, true).resolve("0_Transformer/model.safetensors"),
                "embeddings.weight",
                1,
                "norm.weight",
                1);
        Files.delete(root.resolve("one/model.safetensors"));
        PlanOptions small = new PlanOptions(0, 8, PlanOptions.TensorSet.SAME, false);
        try (MergePlan plan =
                Merges.plan(
                        Merges.recipe("merge_method: passthrough\nmodels: [{model: one}]"),
                        root,
                        small)) {
            assertThat(plan.layout().files().stream().map(file -> file.name()))
                    .containsExactly(
                            "2_Dense/model.safetensors",
                            "0_Transformer/model-00001-of-00002.safetensors",
                            "0_Transformer/model-00002-of-00002.safetensors");
            MergeEngine.run(
                    plan, out, Options.DEFAULT.build(), MergeListener.NONE, new Cancellation());
        }
        try (Checkpoint merged = ModelLoader.load().open(out, "merged")) {
            assertThat(merged.tensors().keySet())
                    .containsExactlyInAnyOrder(
                            "embeddings.weight",
                            "norm.weight",
                            "2_Dense.linear.bias",
                            "2_Dense.linear.weight");
        }
    }

    @Test
    void aModuleThatOnlyOneModelHasIsOneProblem() throws IOException {
        model("two", "", 2, false);
        assertThat(problems(LINEAR))
                .singleElement()
                .hasToString(
                        "modules with weights of model 'two': expected '2_Dense' (Dense) as in 'one', got none (recipe.yml:4:13); merge models whose modules.json has the same modules");
        assertThat(problems(LINEAR.replace("one", "x").replace("two", "one").replace("x", "two")))
                .singleElement()
                .asString()
                .contains("of model 'one': expected none as in 'two', got '2_Dense' (Dense)");
    }

    @Test
    void modulesWithoutWeightsThatDifferAreWarnings() throws IOException {
        Files.writeString(root.resolve("two/1_Pooling/config.json"), "{\"mode\": \"cls\"}");
        try (MergePlan plan = Merges.plan(Merges.recipe(LINEAR), root, PlanOptions.DEFAULT)) {
            assertThat(plan.warnings())
                    .singleElement()
                    .asString()
                    .startsWith(
                            "module '1_Pooling' of model 'two' is set otherwise than that of 'one' (config.json)");
        }
        Files.writeString(
                root.resolve("two/modules.json"),
                "[" + entry("", "Transformer") + "," + entry("2_Dense", "Dense") + "]");
        try (MergePlan plan = Merges.plan(Merges.recipe(LINEAR), root, PlanOptions.DEFAULT)) {
            assertThat(plan.warnings())
                    .singleElement()
                    .asString()
                    .startsWith(
                            "modules of model 'two': expected Transformer, Pooling, Dense as in 'one', got Transformer, Dense");
        }
    }

    @Test
    void foldersOutsideOfTheModelAreRefused() throws IOException {
        Files.writeString(
                root.resolve("two/modules.json"),
                "[" + entry("", "Transformer") + "," + entry("../one", "Dense") + "]");
        assertThat(problems(LINEAR))
                .singleElement()
                .asString()
                .contains(
                        "'path' of module 1: expected the name of a folder in the model's directory, got '../one'");
    }

    @Test
    void stoppedAndResumedGivesTheSameBytes() throws IOException {
        Merges.run(LINEAR, root, root.resolve("expected"), Options.DEFAULT);
        assertThatThrownBy(
                        () ->
                                Merges.run(
                                        Merges.recipe(LINEAR),
                                        Watched.watch(
                                                Merges.models(root),
                                                number -> {
                                                    if (number == 5) {
                                                        throw new IOException("disk is gone");
                                                    }
                                                }),
                                        out,
                                        Options.DEFAULT.threads(1).build(),
                                        new Cancellation()))
                .isInstanceOf(IOException.class);
        assertThat(out.resolve("2_Dense")).doesNotExist();
        assertThat(out.resolve("modules.json")).doesNotExist();
        MergeReport report = Merges.run(LINEAR, root, out, Options.DEFAULT.resuming());
        assertThat(report.resumed()).isPositive();
        for (String file : List.of("model.safetensors", "2_Dense/model.safetensors")) {
            assertThat(out.resolve(file))
                    .hasSameBinaryContentAs(root.resolve("expected").resolve(file));
        }
    }

    @Test
    void overwritingLeavesNoPartOfAnEarlierModel() throws IOException {
        model("old", "0_Transformer", 7, true);
        Merges.run("merge_method: passthrough\nmodels: [{model: old}]", root, out, Options.DEFAULT);
        model("one", "", 1, false);
        for (String file : List.of("2_Dense/model.safetensors", "2_Dense/config.json", "2_Dense")) {
            Files.delete(root.resolve("one").resolve(file));
        }
        Merges.run(
                "merge_method: passthrough\nmodels: [{model: one}]",
                root,
                out,
                Options.DEFAULT.overwriting());
        assertThat(out.resolve("2_Dense")).doesNotExist();
        assertThat(out.resolve("0_Transformer")).doesNotExist();
        try (Checkpoint merged = ModelLoader.load().open(out, "merged")) {
            assertThat(merged.tensors()).containsOnlyKeys("embeddings.weight");
            assertThat(merged.folders().modules())
                    .contains(new ModuleFolders.Part("Pooling", "1_Pooling", false));
        }
    }
}
