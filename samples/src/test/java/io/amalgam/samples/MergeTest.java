package io.amalgam.samples;

import static io.amalgam.Merge.layers;
import static io.amalgam.Parameter.density;
import static io.amalgam.Parameter.filtered;
import static io.amalgam.Parameter.gradient;
import static io.amalgam.Parameter.normalize;
import static io.amalgam.Parameter.otherwise;
import static io.amalgam.Parameter.scale;
import static io.amalgam.Parameter.t;
import static io.amalgam.Parameter.weight;
import static io.amalgam.Parameter.where;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.Amalgam;
import io.amalgam.Checkpoints;
import io.amalgam.Merge;
import io.amalgam.ModelLoader;
import io.amalgam.OpenModel;
import io.amalgam.Parameter;
import io.amalgam.TaskVector;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeCancelledException;
import io.amalgam.engine.MergeListener;
import io.amalgam.error.BadInputException;
import io.amalgam.internal.plan.MergePlanner;
import io.amalgam.internal.recipe.yaml.RecipeReader;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import io.amalgam.recipe.Recipe;
import io.amalgam.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Merges said in code: the same recipes, plans and bytes as those of files. */
class MergeTest {
    @TempDir Path out;

    private static Merge in(Merge merge) {
        return merge.folder(Digits.model("."));
    }

    private static Map<String, INDArray> model(String name) throws IOException {
        try (OpenModel file = Checkpoints.open(Digits.model(name))) {
            return file.tensors();
        }
    }

    private static void assertSame(Merge merge, String yaml) throws IOException {
        Recipe recipe = RecipeReader.read(yaml, "r.yml");
        assertThat(merge.recipe().saysTheSameAs(recipe)).isTrue();
        assertThat(RecipeReader.read(merge.yaml(), "w.yml").saysTheSameAs(recipe)).isTrue();
        ModelLoader formats = ModelLoader.load();
        MergePlanner planner =
                new MergePlanner(
                        Amalgam.load().methods(),
                        formats.models(List.of(Digits.model("."))),
                        formats.output("huggingface"));
        try (MergePlan built = in(merge).plan();
                MergePlan read = planner.plan(recipe, PlanOptions.DEFAULT)) {
            assertThat(built.hash()).isEqualTo(read.hash());
        }
    }

    @Test
    void modulesSayWhatYamlSays() {
        Merge merge =
                Merge.passthrough()
                        .module("encoder", part -> part.model("models/t5", scale(0.5)))
                        .module(
                                "decoder",
                                part ->
                                        part.slice(layers("models/t5", 0, 8))
                                                .slice(layers("models/t5-tuned", 4, 12))
                                                .with(
                                                        filtered(
                                                                "scale",
                                                                where("o", 0.5),
                                                                otherwise(1))))
                        .module("shared", part -> part.model(Path.of("models/t5")))
                        .with(scale(2))
                        .dtype(DType.BF16);
        Recipe recipe =
                RecipeReader.read(
                        """
                        merge_method: passthrough
                        modules:
                          encoder: {models: [{model: models/t5, parameters: {scale: 0.5}}]}
                          decoder:
                            slices:
                              - sources: [{model: models/t5, layer_range: [0, 8]}]
                              - sources: [{model: models/t5-tuned, layer_range: [4, 12]}]
                            parameters: {scale: [{filter: o, value: 0.5}, {value: 1}]}
                          shared: {models: [{model: models/t5}]}
                        parameters: {scale: 2}
                        dtype: bfloat16
                        """,
                        "r.yml");
        assertThat(merge.recipe().saysTheSameAs(recipe)).isTrue();
        assertThat(RecipeReader.read(merge.yaml(), "w.yml").saysTheSameAs(recipe)).isTrue();
        assertThatIllegalStateException().isThrownBy(() -> merge.model("models/t5").recipe());
        assertThatIllegalStateException()
                .isThrownBy(() -> Merge.linear().module("encoder", part -> part.with(scale(1))))
                .withMessage("module 'encoder' has either models or slices");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> merge.module("encoder", part -> part.model("x")))
                .withMessage("module 'encoder' is given twice");
    }

    @Test
    void modulesOfArrays() throws IOException {
        Map<String, INDArray> one = new LinkedHashMap<>();
        Map<String, INDArray> two = new LinkedHashMap<>();
        for (String name : List.of("encoder.block.%d.w", "decoder.block.%d.w")) {
            for (int layer = 0; layer < 2; layer++) {
                one.put(name.formatted(layer), Nd4j.createFromArray(1f + layer, 1));
                two.put(name.formatted(layer), Nd4j.createFromArray(3f + layer, 3));
            }
        }
        Map<String, INDArray> merged =
                Merge.linear()
                        .module("encoder", part -> part.model(one).model(two))
                        .module("decoder", part -> part.model(two))
                        .with(weight(1))
                        .toArrays();
        assertThat(merged.get("encoder.block.1.w")).isEqualTo(Nd4j.createFromArray(3f, 2));
        assertThat(merged.get("decoder.block.1.w")).isEqualTo(Nd4j.createFromArray(4f, 3));
    }

    @Test
    void sayWhatYamlSays() throws IOException {
        assertSame(
                Merge.ties()
                        .base("base")
                        .model("expert-rotated", weight(0.5), density(0.2))
                        .model("expert-inverted", weight(0.3, 0.7), density(1))
                        .with(normalize(false), Parameter.of("lambda", 0.9))
                        .dtype(DType.BF16),
                """
                merge_method: ties
                base_model: base
                models:
                  - model: expert-rotated
                    parameters: {weight: 0.5, density: 0.2}
                  - model: expert-inverted
                    parameters: {weight: [0.3, 0.7], density: 1}
                parameters: {normalize: false, lambda: 0.9}
                dtype: bfloat16
                """);
        assertSame(
                Merge.linear()
                        .model("base", filtered("weight", where("fc1", 0.1, 0.9), otherwise(1)))
                        .model("expert-rotated", gradient("weight", 1, 2))
                        .dtype(DType.F32)
                        .outDtype(DType.F16),
                """
                merge_method: linear
                models:
                  - model: base
                    parameters:
                      weight: [{filter: fc1, value: [0.1, 0.9]}, {value: 1}]
                  - {model: expert-rotated, parameters: {weight: [1, 2]}}
                dtype: float32
                out_dtype: float16
                """);
        assertSame(
                Merge.method("dare_ties")
                        .base("base")
                        .model("expert-rotated", weight(1), density(0.5))
                        .with(Parameter.of("rescale", "density")),
                """
                merge_method: dare_ties
                base_model: base
                models: [{model: expert-rotated, parameters: {weight: 1, density: 0.5}}]
                parameters: {rescale: density}
                """);
    }

    @Test
    void slicesToo() {
        Merge merge =
                Merge.passthrough()
                        .slice(Merge.layers("a", 0, 4))
                        .slice(Merge.layers("b", 2, 4, scale(0.5)));
        String yaml =
                """
                merge_method: passthrough
                slices:
                  - sources: [{model: a, layer_range: [0, 4]}]
                  - sources: [{model: b, layer_range: [2, 4], parameters: {scale: 0.5}}]
                """;
        assertThat(merge.recipe().saysTheSameAs(RecipeReader.read(yaml, "r.yml"))).isTrue();
        assertThat(RecipeReader.read(merge.yaml(), "w").saysTheSameAs(merge.recipe())).isTrue();
        assertThatIllegalStateException().isThrownBy(() -> merge.model("a").recipe());
        assertThatIllegalStateException().isThrownBy(() -> Merge.linear().recipe());
    }

    @Test
    void arraysGiveTheValuesOfFiles() throws IOException {
        for (DType type : List.of(DType.F32, DType.BF16, DType.F16)) {
            Path written = out.resolve(type.name());
            in(Merge.ties())
                    .base("base")
                    .model("expert-rotated", weight(0.5), density(0.3))
                    .model("expert-mirrored", weight(0.5), density(0.3))
                    .dtype(type)
                    .to(written)
                    .run();

            // A model in memory beside one in a file.
            Map<String, INDArray> merged =
                    in(Merge.ties())
                            .base(model("base"))
                            .model(model("expert-rotated"), weight(0.5), density(0.3))
                            .model("expert-mirrored", weight(0.5), density(0.3))
                            .dtype(type)
                            .toArrays();

            try (OpenModel file = Checkpoints.open(written)) {
                assertThat(merged).isEqualTo(file.tensors());
                assertThat(merged.get("fc1.weight").dataType())
                        .isEqualTo(file.tensor("fc1.weight").dataType());
            }
        }
    }

    @Test
    void methodsOfWholeModelsAndWithStatesGiveTheValuesOfFiles() throws IOException {
        List<Merge> merges =
                List.of(
                        Merge.ties().with(Parameter.of("trim_scope", "model"), density(0.3)),
                        Merge.method("fedavgm").with(Parameter.of("examples", 10)));
        for (int i = 0; i < merges.size(); i++) {
            Merge merge =
                    in(merges.get(i))
                            .base("base")
                            .model("expert-rotated", weight(0.5))
                            .model("expert-mirrored", weight(0.5))
                            .to(out.resolve("merge-" + i));
            merge.run();
            try (OpenModel file = Checkpoints.open(out.resolve("merge-" + i))) {
                assertThat(merge.toArrays()).isEqualTo(file.tensors());
            }
        }
    }

    @Test
    void arraysAreMergedToFilesToo() throws IOException {
        Merge.slerp()
                .base(model("base"))
                .model(model("expert-rotated"))
                .with(t(0.3))
                .to(out.resolve("memory"))
                .run();
        in(Merge.slerp())
                .base("base")
                .model("expert-rotated")
                .with(t(0.3))
                .to(out.resolve("files").toString())
                .run();

        assertThat(out.resolve("memory/model.safetensors"))
                .hasSameBinaryContentAs(out.resolve("files/model.safetensors"));
    }

    @Test
    void integersAreEqualOrAnError() throws IOException {
        Map<String, INDArray> one = new HashMap<>(model("base"));
        one.put("step", Nd4j.createFromArray(1L, 2L));
        Map<String, INDArray> two = new HashMap<>(model("expert-rotated"));
        two.put("step", Nd4j.createFromArray(1L, 2L));

        Merge merge = Merge.linear().model(one, weight(1)).model(two, weight(1));
        assertThat(merge.toArrays().get("step"))
                .isEqualTo(one.get("step"))
                .isNotSameAs(one.get("step"));
        assertThatThrownBy(() -> merge.to(out).run())
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("merge in memory, and write the result");
        two.get("step").addi(1);
        assertThatThrownBy(merge::toArrays)
                .isInstanceOf(BadInputException.class)
                .hasMessageStartingWith("I64 tensor 'step' differs between the models");
    }

    private static Map<String, INDArray> vector(float... values) {
        return Map.of("w", Nd4j.createFromArray(values));
    }

    /** TIES would drop the NaN, and give numbers that look right. */
    @Test
    void damagedArraysAreRefusedInMemoryAsInFiles() throws IOException {
        Merge merge =
                Merge.ties()
                        .base(vector(1, 2, 3))
                        .model(vector(3, 2, 1), weight(1))
                        .model(vector(1, Float.NaN, 2), weight(1));
        String message =
                "tensor 'w' of model 'arrays-2': expected finite numbers, got NaN at element 1";
        assertThatThrownBy(merge::toArrays)
                .isInstanceOf(BadInputException.class)
                .hasMessageStartingWith(message);
        assertThatThrownBy(() -> merge.to(out.resolve("m")).run()).hasMessageStartingWith(message);
        assertThat(merge.engine(options -> options.allowNonfinite(true)).toArrays())
                .containsOnlyKeys("w");
        assertThatThrownBy(
                        Merge.method("pcb")
                                        .base(vector(1, 2, 3))
                                        .model(vector(1, Float.POSITIVE_INFINITY, 2))
                                ::toArrays)
                .hasMessageContaining("got Infinity at element 1");
        // Krum judges damaged models, and leaves them out.
        assertThat(
                        Merge.method("krum")
                                .model(vector(1, 2, 3))
                                .model(vector(1, Float.NaN, 3))
                                .model(vector(1, 2, 3.1f))
                                .model(vector(1, 2, 3))
                                .toArrays())
                .isEqualTo(vector(1, 2, 3));
    }

    @Test
    void whatATypeCannotHoldIsRefusedInMemory() {
        Merge merge =
                Merge.linear()
                        .model(vector(60_000), weight(2))
                        .with(normalize(false))
                        .dtype(DType.F16);
        assertThatThrownBy(merge::toArrays)
                .isInstanceOf(BadInputException.class)
                .hasMessageStartingWith(
                        "merged tensor 'w': expected numbers that F16 can hold, got 120000.0 at element 0");
    }

    @Test
    void listensAndStops() throws IOException {
        List<Integer> heard = new ArrayList<>();
        Cancellation cancellation = new Cancellation();
        MergeListener listener =
                new MergeListener() {
                    @Override
                    public void progressed(Progress progress) {
                        heard.add(progress.tensors());
                        if (progress.tensors() == 2) {
                            cancellation.cancel();
                        }
                    }
                };
        Merge merge = in(Merge.linear()).model("base", weight(1)).listener(listener);
        merge.toArrays();
        assertThat(heard).containsExactly(1, 2, 3, 4, 5, 6);

        assertThatThrownBy(() -> merge.cancellation(cancellation).toArrays())
                .isInstanceOf(MergeCancelledException.class);
        assertThatThrownBy(() -> merge.to(out).run()).isInstanceOf(MergeCancelledException.class);
        assertThatIllegalStateException().isThrownBy(() -> in(Merge.linear()).run());
    }

    @Test
    void methodsByNameAndByObject() throws IOException {
        assertThatThrownBy(() -> Merge.method("tise")).hasMessageContaining("did you mean 'ties'?");
        Map<String, INDArray> plugged =
                in(Merge.method("median")).model("base").model("expert-rotated").toArrays();
        Map<String, INDArray> passed =
                in(Merge.method(new MedianMethod()))
                        .model("base")
                        .model("expert-rotated")
                        .toArrays();
        assertThat(passed).isEqualTo(plugged);
    }

    @Test
    void everyTypeIsWrittenAndRead() throws IOException {
        Map<String, INDArray> all = new LinkedHashMap<>();
        all.put("view", Nd4j.arange(24).castTo(DataType.FLOAT).reshape(4, 6).transpose());
        all.put("part", Nd4j.arange(24).castTo(DataType.FLOAT).reshape(4, 6).getColumn(2));
        all.put("scalar", Nd4j.scalar(2.5f));
        for (DataType type :
                List.of(
                        DataType.DOUBLE,
                        DataType.FLOAT16,
                        DataType.BFLOAT16,
                        DataType.INT64,
                        DataType.INT32,
                        DataType.INT16,
                        DataType.INT8,
                        DataType.UINT8,
                        DataType.BOOL)) {
            all.put(type.name(), Nd4j.createFromArray(0f, 1f, 1f, 0f).castTo(type));
        }
        all.put("empty", Nd4j.empty(DataType.FLOAT));
        all.put("large", Nd4j.rand(DataType.FLOAT, 700, 401));

        for (String name : List.of("weights.safetensors", "model")) {
            Path path = out.resolve(name);
            Checkpoints.write(all, path);
            try (OpenModel file = Checkpoints.open(path)) {
                assertThat(file.names()).containsExactlyInAnyOrderElementsOf(all.keySet());
                for (String tensor : all.keySet()) {
                    INDArray read = file.tensor(tensor);
                    assertThat(read.dataType()).isEqualTo(all.get(tensor).dataType());
                    assertThat(read).as(tensor).isEqualTo(all.get(tensor));
                }
            }
            assertThatThrownBy(() -> Checkpoints.write(all, path))
                    .isInstanceOf(BadInputException.class);
        }
        try (var files = Files.list(out)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder("weights.safetensors", "model");
        }
    }

    @Test
    void taskVectorsAreFiles() throws IOException {
        TaskVector vector = TaskVector.between(model("base"), model("expert-rotated"));
        Path file = out.resolve("learned.safetensors");
        vector.write(file);

        assertThat(TaskVector.open(file).deltas()).isEqualTo(vector.deltas());
        assertThatThrownBy(() -> TaskVector.open(Digits.model("base")))
                .hasMessageContaining("expected a task vector, got weights of another kind");
        assertThatThrownBy(() -> vector.write(out.resolve("learned")))
                .hasMessageContaining("a name that ends in .safetensors");
        assertThatThrownBy(() -> vector.write(file)).hasMessageContaining("expected nothing there");
    }

    @Test
    void sparseTaskVectorsAreFilesToo() throws IOException {
        TaskVector vector = TaskVector.between(model("base"), model("expert-rotated"));
        Path all = out.resolve("all.safetensors");
        Path tenth = out.resolve("tenth.safetensors");
        try (OpenModel base = Checkpoints.open(Digits.model("base"));
                OpenModel tuned = Checkpoints.open(Digits.model("expert-rotated"))) {
            TaskVector.writeSparse(base, tuned, all, 1);
            TaskVector.writeSparse(base, tuned, tenth, 0.1);
            assertThatThrownBy(() -> TaskVector.writeSparse(base, tuned, tenth, 0.1))
                    .hasMessageContaining("expected nothing there");
            assertThatThrownBy(() -> TaskVector.writeSparse(base, tuned, out.resolve("x"), 0))
                    .hasMessageContaining("share: expected a number above 0 and at most 1");
        }
        assertThat(TaskVector.open(all).deltas()).isEqualTo(vector.deltas());
        TaskVector cut = TaskVector.open(tenth);
        assertThat(cut.deltas().keySet()).isEqualTo(vector.deltas().keySet());
        assertThat(cut.norm() / vector.norm()).isBetween(0.3, 0.95);
        assertThat(Files.size(tenth)).isLessThan(Files.size(all) / 8);
    }

    @Test
    void donorsLendConfigurationAndTokenizer() throws IOException {
        Path donor = out.resolve("donor");
        Files.createDirectories(donor);
        for (String name : List.of("config.json", "model.safetensors")) {
            Files.copy(Digits.model("base").resolve(name), donor.resolve(name));
        }
        Files.writeString(donor.resolve("tokenizer.json"), "{}");
        try (OpenModel base = Checkpoints.open(donor)) {
            Checkpoints.write(base.tensors(), out.resolve("copy"), base);
        }
        assertThat(out.resolve("copy/tokenizer.json")).hasContent("{}");
        assertThat(out.resolve("copy/config.json")).isRegularFile();
        assertThat(model(out.resolve("copy").toAbsolutePath().toString())).isEqualTo(model("base"));
    }
}
