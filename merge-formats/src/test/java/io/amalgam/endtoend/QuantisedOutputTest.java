package io.amalgam.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.ModelLoader;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeCancelledException;
import io.amalgam.engine.MergeListener;
import io.amalgam.engine.MergeReport;
import io.amalgam.error.BadInputException;
import io.amalgam.formats.safetensors.SafetensorsFile;
import io.amalgam.internal.engine.MergeEngine;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Merges whose weights are written as codes and scales. */
class QuantisedOutputTest {
    private static final String Q = "model.layers.0.self_attn.q_proj.weight";

    @TempDir static Path root;
    @TempDir Path temp;

    @BeforeAll
    static void models() throws IOException {
        for (int seed = 0; seed < 3; seed++) {
            Path folder =
                    Files.createDirectories(root.resolve(List.of("base", "one", "two").get(seed)));
            TestModel model = new TestModel();
            model.random("model.embed_tokens.weight", DType.BF16, Shape.of(40, 256), seed);
            for (int layer = 0; layer < 2; layer++) {
                String prefix = "model.layers." + layer + ".";
                model.random(prefix + "input_layernorm.weight", DType.BF16, Shape.of(256), seed);
                for (String name : List.of("q_proj", "k_proj", "v_proj")) {
                    model.random(
                            prefix + "self_attn." + name + ".weight",
                            DType.BF16,
                            Shape.of(130, 256),
                            seed);
                }
                model.random(prefix + "mlp.gate.weight", DType.F32, Shape.of(4, 256), seed);
                model.random(prefix + "mlp.up_proj.weight", DType.F16, Shape.of(1200, 256), seed);
                model.random(prefix + "mlp.down_proj.weight", DType.BF16, Shape.of(7, 300), seed);
                model.random(prefix + "one.weight", DType.BF16, Shape.of(1, 128), seed);
                model.random(prefix + "none.weight", DType.BF16, Shape.of(0, 128), seed);
                model.random(prefix + "conv.weight", DType.BF16, Shape.of(4, 1, 128), seed);
            }
            model.random("lm_head.weight", DType.BF16, Shape.of(40, 256), seed);
            model.bytes("model.step", DType.I64, Shape.of(), 1, 2, 3, 4, 5, 6, 7, 8);
            model.write(folder);
            Files.writeString(
                    folder.resolve("config.json"),
                    "{\"model_type\": \"llama\", \"torch_dtype\": \"bfloat16\"}");
        }
    }

    static List<String> types() {
        List<String> types =
                new ArrayList<>(ModelLoader.load().output("huggingface").quantisedTypes());
        types.remove("keep");
        return types;
    }

    private static String linear(String type) {
        return Merges.LINEAR + "out_dtype: " + type + "\n";
    }

    private Path merge(String recipe, String name, Options options) throws IOException {
        Path out = temp.resolve(name);
        Merges.run(recipe, root, out, options);
        return out.resolve("model.safetensors");
    }

    @ParameterizedTest
    @MethodSource("types")
    void threadsAndBlocksChangeNoByte(String type) throws IOException {
        Path one = merge(linear(type), "one", Options.DEFAULT.threads(1));
        Path three = merge(linear(type), "three", Options.DEFAULT.threads(3).memory(12 << 20));
        assertThat(three).hasSameBinaryContentAs(one);
    }

    @ParameterizedTest
    @MethodSource("types")
    void whatIsWrittenIsReadAgain(String type) throws IOException {
        merge(Merges.LINEAR + "out_dtype: float32\n", "dense", Options.DEFAULT);
        merge(linear(type), "codes", Options.DEFAULT);
        try (Checkpoint dense = ModelLoader.load().open(temp.resolve("dense"), "dense");
                Checkpoint codes = ModelLoader.load().open(temp.resolve("codes"), "codes")) {
            assertThat(codes.tensors().keySet())
                    .containsExactlyInAnyOrderElementsOf(dense.tensors().keySet());
            assertThat(codes.quantisation()).isPresent();
            assertThat(codes.warnings()).isEmpty();
            Set<String> quantised = codes.quantisation().get().weights();
            assertThat(quantised)
                    .contains(Q, "model.layers.1.mlp.up_proj.weight", "model.layers.0.one.weight")
                    .noneMatch(name -> name.contains("embed") || name.contains("gate.weight"))
                    .doesNotContain("lm_head.weight", "model.layers.0.conv.weight");
            for (String name : quantised) {
                float[] wanted = read(dense.tensors().get(name));
                float[] found = read(codes.tensors().get(name));
                assertThat(error(wanted, found))
                        .as(name)
                        .isLessThan(type.contains("8") ? 0.04 : 0.2);
            }
            for (String name : dense.tensors().keySet()) {
                if (!quantised.contains(name) && !name.equals("model.step")) {
                    assertThat(
                                    error(
                                            read(dense.tensors().get(name)),
                                            read(codes.tensors().get(name))))
                            .isLessThan(0.01);
                }
            }
        }
    }

    /** The length of the difference, as a part of that of what is wanted. */
    private static double error(float[] wanted, float[] found) {
        double difference = 0;
        double length = 1e-30;
        for (int i = 0; i < wanted.length; i++) {
            difference += Math.pow(wanted[i] - found[i], 2);
            length += Math.pow(wanted[i], 2);
        }
        return Math.sqrt(difference / length);
    }

    private static float[] read(TensorSource source) throws IOException {
        float[] values = new float[(int) source.info().elements()];
        source.read(
                0,
                values.length,
                values,
                0,
                new Workspace(ScalarKernels.INSTANCE, Math.max(1, values.length)));
        return values;
    }

    @Test
    void matricesThatEnginesJoinShareTheNumberOfTheTensor() throws IOException {
        Path file = merge(linear("nvfp4"), "out", Options.DEFAULT);
        try (SafetensorsFile written = SafetensorsFile.open(file)) {
            float[] q = written.floats(Q + "_global_scale");
            assertThat(written.floats(Q.replace("q_proj", "k_proj") + "_global_scale"))
                    .isEqualTo(q);
            assertThat(written.floats(Q.replace("q_proj", "v_proj") + "_global_scale"))
                    .isEqualTo(q);
            assertThat(written.floats(Q.replace("0.self", "1.self") + "_global_scale"))
                    .isNotEqualTo(q);
        }
    }

    /** Stages of all kinds end in a quantised tensor: blocks, rows, columns, whole models. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "merge_method: ties\nbase_model: base\nmodels: [{model: one}, {model: two}]\nparameters: {density: 0.4, weight: 0.7}\n",
                "merge_method: nuslerp\nmodels: [{model: one}, {model: two}]\nparameters: {weight: 0.6, nuslerp_flatten: false}\n",
                "merge_method: nuslerp\nmodels: [{model: one}, {model: two}]\nparameters: {weight: 0.6, nuslerp_flatten: false, nuslerp_row_wise: true}\n",
                "merge_method: model_stock\nbase_model: base\nmodels: [{model: one}, {model: two}]\n",
                "merge_method: passthrough\nmodels: [{model: one}]\n"
            })
    void everyKindOfMethodCanBeQuantised(String recipe) throws IOException {
        for (String type : List.of("nvfp4", "fp8_block", "int4_asym")) {
            String asked = recipe + "out_dtype: " + type + "\n";
            Path first = merge(asked, type + "1", Options.DEFAULT.threads(1));
            Path second = merge(asked, type + "3", Options.DEFAULT.threads(3).memory(12 << 20));
            assertThat(second).hasSameBinaryContentAs(first);
            merge(recipe + "dtype: float32\nout_dtype: float32\n", type + "d", Options.DEFAULT);
            try (Checkpoint dense = ModelLoader.load().open(temp.resolve(type + "d"), "d");
                    Checkpoint codes = ModelLoader.load().open(temp.resolve(type + "1"), "c")) {
                for (String name : codes.quantisation().orElseThrow().weights()) {
                    assertThat(
                                    error(
                                            read(dense.tensors().get(name)),
                                            read(codes.tensors().get(name))))
                            .as(name)
                            .isLessThan(0.2);
                }
            }
        }
    }

    @RepeatedTest(8)
    void stoppedAnywhereAndResumedGivesTheSameBytes(RepetitionInfo repetition) throws IOException {
        String recipe = linear(repetition.getCurrentRepetition() % 2 == 0 ? "nvfp4" : "fp8_block");
        Path expected = merge(recipe, "expected", Options.DEFAULT);
        Cancellation cancellation = new Cancellation();
        long stop = new Random(repetition.getCurrentRepetition()).nextInt(60) + 1L;
        Path out = temp.resolve("out");
        try {
            Merges.run(
                    Merges.recipe(recipe),
                    Watched.watch(
                            Merges.models(root),
                            number -> {
                                if (number == stop) {
                                    cancellation.cancel();
                                }
                            }),
                    out,
                    Options.DEFAULT.build(),
                    cancellation);
        } catch (MergeCancelledException e) {
            Merges.run(recipe, root, out, Options.DEFAULT.resuming());
        }
        assertThat(out.resolve("model.safetensors")).hasSameBinaryContentAs(expected);
    }

    /** Codes and scales may come to lie in different files. */
    @ParameterizedTest
    @ValueSource(ints = {2, 5})
    void partsAreTheFilesOfTheWhole(int parts) throws IOException {
        PlanOptions small = new PlanOptions(0, 3000, PlanOptions.TensorSet.SAME, false);
        try (MergePlan plan = Merges.plan(Merges.recipe(linear("nvfp4")), root, small)) {
            Path whole = temp.resolve("whole");
            MergeReport report =
                    MergeEngine.run(
                            plan,
                            whole,
                            Options.DEFAULT.build(),
                            MergeListener.NONE,
                            new Cancellation());
            assertThat(report.tensors()).hasSize(plan.layout().placements().size());
            List<Set<Integer>> cut = MergeEngine.parts(plan, parts);
            for (int part = 0; part < parts; part++) {
                Path folder = temp.resolve("part-" + part);
                MergeEngine.runPart(
                        plan,
                        cut.get(part),
                        folder,
                        Options.DEFAULT.build(),
                        io.amalgam.internal.engine.SharedResults.NONE,
                        MergeListener.NONE,
                        new Cancellation());
                for (int file : cut.get(part)) {
                    String name = plan.layout().files().get(file).name();
                    assertThat(folder.resolve(name)).hasSameBinaryContentAs(whole.resolve(name));
                }
            }
        }
    }

    @Test
    void theConfigurationNamesWhatIsLeftDense() throws IOException {
        merge(linear("int4"), "out", Options.DEFAULT);
        try (Checkpoint written = ModelLoader.load().open(temp.resolve("out"), "out")) {
            List<String> ignored = new ArrayList<>();
            written.quantisation()
                    .orElseThrow()
                    .settings()
                    .orElseThrow()
                    .path("ignore")
                    .forEach(name -> ignored.add(name.asText()));
            assertThat(ignored)
                    .contains("lm_head", "model.layers.0.mlp.gate", "model.layers.1.mlp.down_proj")
                    .doesNotContain("model.layers.0.self_attn.q_proj");
        }
    }

    @Test
    void theWayOfAQuantisedDonorIsKept() throws IOException {
        merge(linear("fp8_deepseek"), "one", Options.DEFAULT);
        String again = "merge_method: passthrough\nmodels: [{model: one}]\nout_dtype: fp8_block\n";
        Path out = temp.resolve("again");
        Merges.run(again, temp, out, Options.DEFAULT);
        try (SafetensorsFile first = SafetensorsFile.open(temp.resolve("one/model.safetensors"));
                SafetensorsFile second = SafetensorsFile.open(out.resolve("model.safetensors"))) {
            assertThat(second.tensors().keySet()).isEqualTo(first.tensors().keySet());
            assertThat(second.bytes(Q)).isEqualTo(first.bytes(Q));
        }
    }

    @Test
    void typesOfGgufNeedAFileOfIt() {
        String alone = "merge_method: passthrough\nmodels: [{model: one}]\nout_dtype: q8_0\n";
        assertThatThrownBy(() -> merge(alone, "out", Options.DEFAULT))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining(
                        "types of GGUF are written to an output that ends in '.gguf'");
    }
}
