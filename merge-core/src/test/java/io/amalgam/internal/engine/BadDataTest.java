package io.amalgam.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeListener;
import io.amalgam.error.BadInputException;
import io.amalgam.plainformat.PlainFile;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import io.amalgam.recipe.Recipe;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Values that cannot be merged, or whose merge cannot be written. */
class BadDataTest {
    private static final int LONG = 300_000;

    @TempDir Path root;
    private Path out;

    @BeforeEach
    void output() {
        out = root.resolve("out");
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void valueThatIsNoNumberIsRefusedWithItsPlace(float bad) throws IOException {
        new TestModel().floats("w", new float[LONG]).write(root.resolve("one"));
        float[] values = new float[LONG];
        values[280_123] = bad;
        new TestModel().floats("w", values).write(root.resolve("two"));
        assertThatThrownBy(() -> Merges.run(Merges.LINEAR, root, out, Options.DEFAULT))
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "tensor 'w' of model 'two': expected finite numbers, got %s at element 280123; the model is damaged; give EngineOptions.allowNonfinite(true) to merge it all the same",
                        bad);
        assertNothingThere();

        Merges.run(Merges.LINEAR, root, out, Options.DEFAULT.allowingNonfinite());
        assertThat(merged("w")[280_123]).isEqualTo(Float.valueOf(bad));
        assertThat(merged("w")[280_122]).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"ties", "dare_ties", "dare_linear", "task_arithmetic"})
    void everyMethodLooksAtAllInputs(String method) throws IOException {
        new TestModel().floats("w", new float[LONG]).write(root.resolve("one"));
        new TestModel().floats("w", new float[LONG]).write(root.resolve("two"));
        float[] values = new float[LONG];
        values[LONG - 1] = Float.NaN;
        new TestModel().floats("w", values).write(root.resolve("base"));
        assertThatThrownBy(
                        () ->
                                Merges.run(
                                        Merges.TIES.replace("ties", method),
                                        root,
                                        out,
                                        Options.DEFAULT))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("tensor 'w' of model 'base'")
                .hasMessageContaining("NaN at element 299999");
        assertNothingThere();
    }

    @Test
    void resultTooLargeForItsTypeIsRefused() throws IOException {
        new TestModel().values("w", DType.F16, Shape.of(3), 1, 60000, 1).write(root.resolve("one"));
        new TestModel().values("w", DType.F16, Shape.of(3), 1, 60000, 1).write(root.resolve("two"));
        String sum = Merges.LINEAR + "parameters: {normalize: false}\n";
        assertThatThrownBy(() -> Merges.run(sum, root, out, Options.DEFAULT))
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "merged tensor 'w': expected numbers that F16 can hold, got 66000.0 at element 1; check the weights, choose another 'out_dtype', or give EngineOptions.allowNonfinite(true)");
        assertNothingThere();

        Merges.run(sum, root, out, Options.DEFAULT.allowingNonfinite());
        assertThat(merged("w")[1]).isEqualTo(Float.POSITIVE_INFINITY);
    }

    @Test
    void resultThatRoundsIntoTheTypesRangeIsWritten() throws IOException {
        // 65504 is the largest; what is below 65520 rounds to it.
        new TestModel().floats("w", 65519.99f, -65519.99f).write(root.resolve("one"));
        new TestModel().floats("w", 65519.99f, -65519.99f).write(root.resolve("two"));
        Recipe recipe =
                Merges.recipe(Merges.LINEAR + "out_dtype: float16\nparameters: {weight: 1}\n");
        Merges.run(recipe, root, out, Options.DEFAULT.build());
        assertThat(merged("w")).containsExactly(65504f, -65504f);
    }

    @Test
    void float32OverflowIsRefused() throws IOException {
        new TestModel().floats("w", 3e38f).write(root.resolve("one"));
        new TestModel().floats("w", 3e38f).write(root.resolve("two"));
        String sum =
                Merges.LINEAR.replace("0.7", "1").replace("0.4", "1")
                        + "parameters: {normalize: false}\n";
        assertThatThrownBy(() -> Merges.run(sum, root, out, Options.DEFAULT))
                .isInstanceOf(BadInputException.class)
                .hasMessageStartingWith(
                        "merged tensor 'w': expected numbers that F32 can hold, got Infinity at element 0");
    }

    @Test
    void integersAreCopiedIfEqual() throws IOException {
        int[] many = new Random(1).ints(400_000, 0, 256).toArray();
        for (String model : new String[] {"one", "two"}) {
            new TestModel()
                    .bytes("i", DType.I32, Shape.of(many.length / 4), many)
                    .bytes("b", DType.BOOL, Shape.of(3), 0, 1, 0)
                    .write(root.resolve(model));
        }
        Merges.run(Merges.LINEAR + "dtype: float32\n", root, out, Options.DEFAULT);
        try (PlainFile file = PlainFile.open(out.resolve("model.plain"));
                PlainFile one = PlainFile.open(root.resolve("one/model.plain"))) {
            assertThat(file.bytes("i")).isEqualTo(one.bytes("i"));
            assertThat(file.bytes("b")).containsExactly(0, 1, 0);
            assertThat(file.tensors().get("i").info()).isEqualTo(one.tensors().get("i").info());
        }
    }

    @Test
    void integersAreRefusedIfNotEqual() throws IOException {
        int[] ones = new int[200_000];
        int[] others = new int[200_000];
        others[others.length - 1] = 1;
        new TestModel()
                .bytes("i", DType.U8, Shape.of(ones.length), ones)
                .write(root.resolve("one"));
        new TestModel()
                .bytes("i", DType.U8, Shape.of(ones.length), others)
                .write(root.resolve("two"));
        assertThatThrownBy(() -> Merges.run(Merges.LINEAR, root, out, Options.DEFAULT))
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "U8 tensor 'i' of model 'two' differs from that of 'one'; integers and booleans are copied, never averaged; is one of the models quantised?");
        assertNothingThere();
    }

    @Test
    void emptyTensorsAndScalarsAreMerged() throws IOException {
        TestModel.writeThree(root);
        Merges.run(Merges.TIES, root, out, Options.DEFAULT);
        try (PlainFile file = PlainFile.open(out.resolve("model.plain"));
                PlainFile base = PlainFile.open(root.resolve("base/model.plain"))) {
            assertThat(file.tensors().keySet())
                    .containsExactlyInAnyOrderElementsOf(base.tensors().keySet());
            assertThat(file.floats("model.empty.weight")).isEmpty();
            assertThat(file.tensors().get("model.empty.weight").info().shape())
                    .isEqualTo(Shape.of(0, 7));
            assertThat(file.floats("model.norm.scale")).hasSize(1);
            assertThat(file.tensors().get("model.norm.scale").info().shape().rank()).isZero();
        }
    }

    @Test
    void fileCutShortWhileItIsReadIsAnErrorThatCanBeResumed() throws IOException {
        TestModel.writeThree(root);
        Path input = root.resolve("two/model.plain");
        assertThatThrownBy(
                        () ->
                                Merges.run(
                                        Merges.recipe(Merges.TIES),
                                        Watched.watch(
                                                Merges.models(root),
                                                number -> {
                                                    if (number == 20) {
                                                        cut(input);
                                                    }
                                                }),
                                        out,
                                        Options.DEFAULT.build(),
                                        new Cancellation()))
                .isInstanceOf(EOFException.class)
                .hasMessageContaining("two")
                .hasMessageEndingWith("the file was shortened while it was read");
        assertThat(out.resolve("model.plain")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void inputWrittenToWhileItIsMergedIsRefused(boolean otherSize) throws IOException {
        TestModel.writeThree(root);
        Path input = root.resolve("two/model.plain");
        FileTime later = FileTime.fromMillis(Files.getLastModifiedTime(input).toMillis() + 60_000);
        MergeListener meddling =
                new MergeListener() {
                    @Override
                    public void started(MergePlan plan, int resumed) {
                        try {
                            if (otherSize) {
                                Files.write(input, new byte[] {1}, StandardOpenOption.APPEND);
                            }
                            Files.setLastModifiedTime(input, later);
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    }
                };
        long size = Files.size(input);
        try (MergePlan plan = Merges.plan(Merges.recipe(Merges.TIES), root, PlanOptions.DEFAULT)) {
            assertThatThrownBy(
                            () ->
                                    MergeEngine.run(
                                            plan,
                                            out,
                                            Options.DEFAULT.build(),
                                            meddling,
                                            new Cancellation()))
                    .isInstanceOf(BadInputException.class)
                    .hasMessage(
                            "input '%s': expected no change while it was merged, got %s; nothing was kept; merge again when nothing writes to it",
                            input,
                            otherSize
                                    ? "a file of " + (size + 1) + " bytes that had " + size
                                    : "a file that was written to");
        }
        assertNothingThere();
    }

    @Test
    void inputRemovedWhileItIsMergedIsRefused() throws IOException {
        TestModel.writeThree(root);
        Path input = root.resolve("two/model.plain");
        assertThatThrownBy(
                        () ->
                                Merges.run(
                                        Merges.recipe(Merges.TIES),
                                        Watched.watch(
                                                Merges.models(root),
                                                number -> Files.deleteIfExists(input)),
                                        out,
                                        Options.DEFAULT.build(),
                                        new Cancellation()))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining(input + "': expected no change")
                .hasMessageContaining("got no such file any more");
        assertNothingThere();
    }

    private static void cut(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(10_000);
        }
    }

    private float[] merged(String tensor) throws IOException {
        try (PlainFile file = PlainFile.open(out.resolve("model.plain"))) {
            return file.floats(tensor);
        }
    }

    private void assertNothingThere() {
        assertThat(out).doesNotExist();
    }
}
