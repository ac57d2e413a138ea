package io.amalgam.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.plainformat.PlainFile;
import io.amalgam.plainformat.PlainFile.NamedTensor;
import io.amalgam.plainformat.PlainModel;
import io.amalgam.plan.PlanOptions;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rounds of federated learning through files: examples, counters, and what a server keeps. */
class FederatedTest {
    private static final String STATE = "server-state.safetensors";

    @TempDir Path root;

    @BeforeEach
    void models() throws IOException {
        model("server", 1, 10, 5, -1);
        client("a", 30, 2, 20, 7, -3);
        client("b", 10, 6, 0, 9, -2);
    }

    private void model(String name, float x, float y, int steps, int small) throws IOException {
        TestModel model = new TestModel().floats("w.x", x).floats("w.y", y);
        model.bytes("steps", DType.I64, Shape.of(), steps, 1, 0, 0, 0, 0, 0, 0);
        model.bytes("small", DType.I8, Shape.of(2), small, 1);
        model.bytes("mask", DType.BOOL, Shape.of(2), steps == 7 ? 1 : 0, 0);
        model.write(root.resolve(name));
    }

    private void client(String name, int examples, float x, float y, int steps, int small)
            throws IOException {
        model(name, x, y, steps, small);
        Path config = root.resolve(name).resolve("config.json");
        String text = Files.readString(config).strip();
        Files.writeString(
                config, text.substring(0, text.length() - 1) + ", \"examples\": " + examples + "}");
    }

    private Path merge(String recipe, String out) throws IOException {
        Merges.run(recipe, root, root.resolve(out), Options.DEFAULT);
        return root.resolve(out);
    }

    private static float value(Path model, String tensor) throws IOException {
        try (Checkpoint checkpoint = PlainModel.open(model, "m")) {
            TensorSource source = checkpoint.tensors().get(tensor);
            float[] value = new float[1];
            source.read(0, 1, value, 0, new Workspace(ScalarKernels.INSTANCE, 16));
            return value[0];
        }
    }

    private static ByteBuffer bytes(Path model, String tensor) throws IOException {
        try (Checkpoint checkpoint = PlainModel.open(model, "m")) {
            TensorSource source = checkpoint.tensors().get(tensor);
            ByteBuffer bytes =
                    ByteBuffer.allocate((int) source.info().bytes()).order(ByteOrder.LITTLE_ENDIAN);
            source.stored().orElseThrow().region().readFully(0, bytes);
            return bytes.flip();
        }
    }

    @Test
    void clientsSayHowManyExamplesTheyHave() throws IOException {
        Path out = merge("merge_method: fedavg\nmodels: [{model: a}, {model: b}]\n", "out");
        assertThat(value(out, "w.x")).isEqualTo(3);
        assertThat(value(out, "w.y")).isEqualTo(15);
    }

    @Test
    void recipesHaveTheLastWord() throws IOException {
        Path out =
                merge(
                        "merge_method: fedavg\n"
                                + "models: [{model: a, parameters: {examples: 10}}, {model: b}]\n",
                        "out");
        assertThat(value(out, "w.x")).isEqualTo(4);
    }

    @Test
    void metadataOfTheWeightsWillDo() throws IOException {
        Path file = root.resolve("c.plain");
        PlainFile.write(
                file,
                List.of(NamedTensor.ofFloats("w.x", Shape.of(1), new float[] {4})),
                Map.of("num_examples", "30"));
        Path other = root.resolve("d.plain");
        PlainFile.write(
                other,
                List.of(NamedTensor.ofFloats("w.x", Shape.of(1), new float[] {8})),
                Map.of("examples", "10"));
        Path out =
                merge(
                        "merge_method: fedavg\n" + "models: [{model: c.plain}, {model: d.plain}]\n",
                        "out");
        assertThat(value(out, "w.x")).isEqualTo(5);
    }

    @Test
    void integersTakeTheLargest() throws IOException {
        Path out = merge("merge_method: fedavg\nmodels: [{model: a}, {model: b}]\n", "out");
        assertThat(bytes(out, "steps").getLong()).isEqualTo(256 + 9);
        assertThat(bytes(out, "small").get(0)).isEqualTo((byte) -2);
        assertThat(bytes(out, "mask").get(0)).isEqualTo((byte) 1);
    }

    @Test
    void everyIntegerTypeHasItsOrder() {
        for (DType type : DType.values()) {
            boolean integer = type.name().matches("[IU](8|16|32|64)|BOOL");
            if (!integer) {
                continue;
            }
            int width = type.blockBytes();
            ByteBuffer kept = ByteBuffer.allocate(2 * width).order(ByteOrder.LITTLE_ENDIAN);
            ByteBuffer other = ByteBuffer.allocate(2 * width).order(ByteOrder.LITTLE_ENDIAN);
            // First all ones, largest or -1, against 1; then 2 in the highest byte against 1 in it.
            for (int b = 0; b < width; b++) {
                kept.put(b, (byte) -1);
            }
            other.put(0, (byte) 1);
            kept.put(width, (byte) (width == 1 ? 1 : 9));
            kept.put(2 * width - 1, (byte) 1);
            other.put(2 * width - 1, (byte) 2);
            Integers.keepLarger(type, kept, other);
            boolean signed = type.name().startsWith("I");
            assertThat(kept.get(0)).as("%s", type).isEqualTo((byte) (signed ? 1 : -1));
            assertThat(kept.get(2 * width - 1)).as("%s", type).isEqualTo((byte) 2);
            assertThat(kept.get(width)).as("%s", type).isEqualTo((byte) (width == 1 ? 2 : 0));
        }
    }

    private static String round(String server) {
        return "merge_method: fedavgm\nbase_model: "
                + server
                + "\nmodels: [{model: a}, {model: b}]\nparameters: {momentum: 0.5}\n";
    }

    @Test
    void aServerKeepsItsMomentumBesideItsModel() throws IOException {
        // Clients' average: x 3, y 15. First v = w - average.
        Path first = merge(round("server"), "round-1");
        assertThat(value(first, "w.x")).isEqualTo(3);
        assertThat(value(first.resolve(STATE), "w.x.momentum")).isEqualTo(-2);
        assertThat(value(first.resolve(STATE), "w.y.momentum")).isEqualTo(-5);
        // The clients stay: v = 0.5 v + 0.
        Path second = merge(round("round-1"), "round-2");
        assertThat(value(second, "w.x")).isEqualTo(4);
        assertThat(value(second, "w.y")).isEqualTo(17.5f);
        assertThat(value(second.resolve(STATE), "w.x.momentum")).isEqualTo(-1);
        try (Checkpoint model = PlainModel.open(second, "m")) {
            assertThat(model.tensors()).containsOnlyKeys("w.x", "w.y", "steps", "small", "mask");
        }
        assertThat(bytes(second, "steps").getLong()).isEqualTo(256 + 9);
    }

    @Test
    void adamKeepsBothItsMoments() throws IOException {
        String recipe = round("server").replace("fedavgm", "fedadam").replace("momentum", "beta1");
        Path out = merge(recipe, "out");
        assertThat(value(out.resolve(STATE), "w.x.first_moment")).isEqualTo(1);
        assertThat(value(out.resolve(STATE), "w.x.second_moment"))
                .isEqualTo(0.04f, org.assertj.core.data.Offset.offset(1e-8f));
        assertThat(value(out, "w.x"))
                .isEqualTo(1 + 0.01f / 0.201f, org.assertj.core.data.Offset.offset(1e-6f));
    }

    @Test
    void anotherMethodsStateIsRefused() throws IOException {
        merge(round("server"), "round-1");
        String recipe = round("round-1").replace("fedavgm", "fedadam").replace("momentum", "beta1");
        assertThatThrownBy(
                        () -> Merges.plan(Merges.recipe(recipe), root, PlanOptions.DEFAULT).close())
                .isInstanceOf(BadInputException.class)
                .hasMessageStartingWith(
                        "tensor 'w.x.first_moment' of 'round-1/server-state.safetensors' (and 3 more tensors): expected F32 [1], got none (recipe.yml:2:")
                .hasMessageEndingWith(
                        "the state is another method's or model's: remove the file to begin with zeros");
    }

    @Test
    void stateIsPartOfThePlanAndGoesWhenTheModelIsReplaced() throws IOException {
        merge(round("server"), "round-1");
        Path out = merge(round("round-1"), "out");
        assertThat(out.resolve(STATE)).exists();
        Merges.run(
                "merge_method: fedavg\nmodels: [{model: a}, {model: b}]\n",
                root,
                out,
                Options.DEFAULT.overwriting());
        assertThat(out.resolve(STATE)).doesNotExist();
        String hash = hash("server");
        Files.copy(root.resolve("round-1").resolve(STATE), root.resolve("server").resolve(STATE));
        assertThat(hash("server")).isNotEqualTo(hash);
    }

    private String hash(String server) throws IOException {
        try (var plan = Merges.plan(Merges.recipe(round(server)), root, PlanOptions.DEFAULT)) {
            return plan.hash();
        }
    }

    @Test
    void clientsWithoutExamplesAreNamed() {
        String recipe = "merge_method: fedavg\nmodels: [{model: a}, {model: server}]\n";
        assertThatThrownBy(
                        () -> Merges.plan(Merges.recipe(recipe), root, PlanOptions.DEFAULT).close())
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "parameter 'examples' of model 'server' has no value (recipe.yml:1:15); add 'examples' under the model's 'parameters', or to its config.json");
    }

    @Test
    void examplesThatAreNoNumberAreNamed() throws IOException {
        Path config = root.resolve("a/config.json");
        Files.writeString(config, Files.readString(config).replace("30", "\"many\""));
        String recipe = "merge_method: fedavg\nmodels: [{model: a}, {model: b}]\n";
        assertThatThrownBy(
                        () -> Merges.plan(Merges.recipe(recipe), root, PlanOptions.DEFAULT).close())
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "parameter 'examples' of model 'a': expected a finite number, got 'many' ('%s')",
                        root.resolve("a"));
    }
}
