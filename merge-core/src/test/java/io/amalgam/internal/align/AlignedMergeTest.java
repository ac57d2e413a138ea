package io.amalgam.internal.align;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeListener;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.internal.method.builtin.BuiltInMethods;
import io.amalgam.internal.recipe.yaml.ReadOptions;
import io.amalgam.internal.recipe.yaml.RecipeReader;
import io.amalgam.internal.stages.StagePlaces;
import io.amalgam.internal.stages.StagePlanner;
import io.amalgam.internal.stages.StagedMerge;
import io.amalgam.internal.stages.StagedPlan;
import io.amalgam.plainformat.PlainFile;
import io.amalgam.plainformat.PlainFile.NamedTensor;
import io.amalgam.plainformat.PlainModel;
import io.amalgam.plainformat.PlainOutput;
import io.amalgam.plan.PlanOptions;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models whose units were put in another order get their old one back in a merge. */
class AlignedMergeTest {
    private static final int HIDDEN = 8;
    private static final int UNITS = 12;
    private static final int TOKENS = 10;

    @TempDir private Path root;
    private final Random random = new Random(5);

    /** A matrix or a vector of a model. */
    private record Values(Shape shape, float[] values) {
        Values rows(List<Integer> order) {
            int run = values.length / order.size();
            float[] moved = new float[values.length];
            for (int i = 0; i < order.size(); i++) {
                System.arraycopy(values, order.get(i) * run, moved, i * run, run);
            }
            return new Values(shape, moved);
        }

        Values columns(List<Integer> order) {
            int width = order.size();
            float[] moved = new float[values.length];
            for (int i = 0; i < values.length; i++) {
                moved[i] = values[i - i % width + order.get(i % width)];
            }
            return new Values(shape, moved);
        }
    }

    @BeforeEach
    void models() throws IOException {
        Map<String, Values> model = llama();
        write("original", model, config());
        write("moved", moved(model), config());
        Map<String, Values> perceptron = perceptron(UNITS);
        write("wide", perceptron, "{}");
        List<Integer> order = order(UNITS);
        perceptron.computeIfPresent("fc1.weight", (n, v) -> v.rows(order));
        perceptron.computeIfPresent("fc1.bias", (n, v) -> v.rows(order));
        perceptron.computeIfPresent("fc2.weight", (n, v) -> v.columns(order));
        write("wide-moved", perceptron, "{}");
        write("narrow", perceptron(UNITS - 4), "{}");
    }

    private static String config() {
        return """
        {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "num_hidden_layers": 2, "hidden_size": %d,
         "intermediate_size": %d, "num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": %d,
         "hidden_act": "silu", "tie_word_embeddings": false}
        """
                .formatted(HIDDEN, UNITS, TOKENS);
    }

    private Map<String, Values> llama() {
        Map<String, Values> model = new TreeMap<>();
        add(model, "model.embed_tokens.weight", TOKENS, HIDDEN);
        add(model, "lm_head.weight", TOKENS, HIDDEN);
        add(model, "model.norm.weight", HIDDEN);
        for (int layer = 0; layer < 2; layer++) {
            String prefix = "model.layers." + layer + ".";
            add(model, prefix + "input_layernorm.weight", HIDDEN);
            add(model, prefix + "post_attention_layernorm.weight", HIDDEN);
            add(model, prefix + "self_attn.q_proj.weight", HIDDEN, HIDDEN);
            add(model, prefix + "self_attn.k_proj.weight", HIDDEN / 2, HIDDEN);
            add(model, prefix + "self_attn.v_proj.weight", HIDDEN / 2, HIDDEN);
            add(model, prefix + "self_attn.o_proj.weight", HIDDEN, HIDDEN);
            add(model, prefix + "mlp.gate_proj.weight", UNITS, HIDDEN);
            add(model, prefix + "mlp.up_proj.weight", UNITS, HIDDEN);
            add(model, prefix + "mlp.down_proj.weight", HIDDEN, UNITS);
        }
        return model;
    }

    private Map<String, Values> perceptron(int units) {
        Map<String, Values> model = new TreeMap<>();
        add(model, "fc1.weight", units, 6);
        add(model, "fc1.bias", units);
        add(model, "fc2.weight", 3, units);
        add(model, "fc2.bias", 3);
        return model;
    }

    private void add(Map<String, Values> model, String name, long... dims) {
        Shape shape = Shape.of(dims);
        float[] values = new float[(int) shape.elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        model.put(name, new Values(shape, values));
    }

    private List<Integer> order(int units) {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < units; i++) {
            order.add(i);
        }
        Collections.shuffle(order, random);
        return order;
    }

    /** The residual stream and the MLP units in another order, and both groups of heads swapped. */
    private Map<String, Values> moved(Map<String, Values> model) {
        Map<String, Values> moved = new TreeMap<>();
        List<Integer> stream = order(HIDDEN);
        List<Integer> units = order(UNITS);
        List<Integer> heads = List.of(4, 5, 6, 7, 0, 1, 2, 3);
        List<Integer> groups = List.of(2, 3, 0, 1);
        model.forEach(
                (name, values) -> {
                    Values v = values;
                    if (name.contains("norm")) {
                        v = v.rows(stream);
                    } else if (name.contains("o_proj")) {
                        v = v.rows(stream).columns(heads);
                    } else if (name.contains("down_proj")) {
                        v = v.rows(stream).columns(units);
                    } else {
                        v = v.columns(stream);
                    }
                    if (name.contains("gate_proj") || name.contains("up_proj")) {
                        v = v.rows(units);
                    } else if (name.contains("q_proj")) {
                        v = v.rows(heads);
                    } else if (name.contains("k_proj") || name.contains("v_proj")) {
                        v = v.rows(groups);
                    }
                    moved.put(name, v);
                });
        return moved;
    }

    private void write(String name, Map<String, Values> model, String config) throws IOException {
        List<NamedTensor> tensors = new ArrayList<>();
        model.forEach((n, v) -> tensors.add(NamedTensor.ofFloats(n, v.shape, v.values)));
        Path folder = Files.createDirectories(root.resolve(name));
        PlainFile.write(folder.resolve("model.plain"), tensors, Map.of());
        Files.writeString(folder.resolve("config.json"), config);
    }

    private PlainFile merged(String recipe) throws IOException {
        Path out = root.resolve("out");
        EngineOptions options =
                EngineOptions.defaults(ScalarKernels.INSTANCE).threads(2).memory(64L << 20);
        StagePlanner planner =
                new StagePlanner(
                        BuiltInMethods.load(), PlainModel.below(root), PlainOutput.DIRECTORY);
        try (StagedPlan plan =
                planner.plan(
                        RecipeReader.readAll(recipe, "r.yml", ReadOptions.DEFAULT),
                        PlanOptions.DEFAULT,
                        false)) {
            StagedMerge.run(
                    plan, StagePlaces.beside(out), options, MergeListener.NONE, new Cancellation());
        }
        return PlainFile.open(out.resolve("model.plain"));
    }

    private PlainFile aligned(String model, String align) throws IOException {
        return merged(
                "merge_method: passthrough\nmodels: [{model: %s, align: {%s}}]\n"
                        .formatted(model, align));
    }

    private void assertSame(PlainFile found, String model) throws IOException {
        try (PlainFile expected = PlainFile.open(root.resolve(model).resolve("model.plain"))) {
            for (String name : expected.tensors().keySet()) {
                assertThat(found.floats(name)).as(name).isEqualTo(expected.floats(name));
            }
        }
    }

    @Test
    void aTransformerIsRecoveredBitForBit() throws IOException {
        try (PlainFile found = aligned("moved", "method: weight_matching, to: original")) {
            assertSame(found, "original");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"method: weight_matching", "method: ot", "method: ot, metric: squared"})
    void aPerceptronIsRecoveredBitForBit(String method) throws IOException {
        try (PlainFile found = aligned("wide-moved", method + ", to: wide")) {
            assertSame(found, "wide");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"widen: copies", "widen: zeros"})
    void aNarrowPerceptronComputesTheSameWhenWidened(String method) throws IOException {
        float[] input = {0.3f, -1, 0.5f, 2, -0.7f, 1.1f};
        try (PlainFile narrow = PlainFile.open(root.resolve("narrow/model.plain"));
                PlainFile found =
                        aligned("narrow", "method: weight_matching, " + method + ", to: wide")) {
            assertThat(found.floats("fc1.bias")).hasSize(UNITS);
            float[] expected = outputs(narrow, UNITS - 4, input);
            assertThat(outputs(found, UNITS, input)).containsExactly(expected, within(1e-4f));
        }
    }

    private static float[] outputs(PlainFile model, int units, float... input) throws IOException {
        float[] first = model.floats("fc1.weight");
        float[] bias = model.floats("fc1.bias");
        float[] second = model.floats("fc2.weight");
        float[] out = model.floats("fc2.bias").clone();
        for (int u = 0; u < units; u++) {
            float hidden = bias[u];
            for (int i = 0; i < input.length; i++) {
                hidden += first[u * input.length + i] * input[i];
            }
            for (int o = 0; o < out.length; o++) {
                out[o] += second[o * units + u] * Math.max(0, hidden);
            }
        }
        return out;
    }

    @Test
    void anAverageOfAModelAndItsMovedSelfIsTheModel() throws IOException {
        String recipe =
                """
                merge_method: linear
                models:
                  - {model: original, parameters: {weight: 0.5}}
                  - {model: moved, parameters: {weight: 0.5}}
                align: {method: weight_matching}
                """;
        try (PlainFile found = merged(recipe)) {
            assertSame(found, "original");
        }
    }
}
